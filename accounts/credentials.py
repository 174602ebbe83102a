"""What somebody signed in with, as a request carries it, and how scopes are written on a token."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from accounts.models import EVERY_SCOPE, DeviceScope, User
from discovery.platform import clock


@dataclass(frozen=True, slots=True)
class Credential:
    """Whose it is and what it may be used for. ``asked_at``: when a browser last asked for the password."""

    user: User
    scopes: frozenset[DeviceScope]
    token_id: int | None = None
    session_digest: str | None = None
    asked_at: datetime | None = None


def credential_of(request: HttpRequest) -> Credential | None:
    """What the middleware found in the request; None where it found nothing that still holds."""
    credential: Credential | None = getattr(request, "credential", None)
    return credential


def browser_credential(
    user: User, *, session_digest: str | None = None, asked_at: datetime | None = None
) -> Credential:
    """That of somebody who signed in with their password: it may be used for everything."""
    return Credential(user, EVERY_SCOPE, session_digest=session_digest, asked_at=asked_at)


def token_credential(token: Any) -> Credential | None:
    """That of one of django-oauth-toolkit's access tokens; None where it lets nobody in now."""
    somebody = token.user is not None and token.user.is_active
    if not somebody or token.expires <= clock.now() or not (scopes := scopes_read(token.scope)):
        return None
    return Credential(token.user, scopes, token_id=token.pk)


def scope_word(scope: DeviceScope) -> str:
    """As OAuth writes it: ``plays:read``."""
    return scope.value.lower().replace("_", ":")


def scopes_written(scopes: Collection[DeviceScope]) -> str:
    """As a token holds them."""
    return " ".join(scope_word(scope) for scope in DeviceScope if scope in scopes)


def scopes_read(words: str) -> frozenset[DeviceScope]:
    """What a token's words allow; words that are none of ours allow nothing. Older tokens say ``plays_read``."""
    known = {scope_word(scope): scope for scope in DeviceScope}
    said = (word.replace("_", ":") for word in words.split())
    return frozenset(known[word] for word in said if word in known)
