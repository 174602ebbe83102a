"""Apps sign in with ``Authorization: Bearer``: the token alone says who asks, no session and no CSRF token."""

import hashlib
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers
from oauth2_provider.models import AccessToken

from accounts.compiled_query import TEXT, CompiledQuery
from accounts.credentials import Credential, credential_of, token_credential
from accounts.models import EVERY_SCOPE, DeviceScope
from accounts.services.device import token_seen

# Where players speak protocols of their own, which say themselves who asks and what is wrong (discovery.protocols).
PLAYERS = ("/1/", "/2.0", "/apis/", "/submissions")

# Where nobody comes in with a token: the staff's pages, and where people sign in and change what they sign in with.
BROWSERS_ALONE = ("admin/", "accounts/", "_allauth/")

# What a token needs at the addresses that know one, by their names; every other address takes every scope. GraphQL asks for each field (discovery.scopes).
NEEDED: Mapping[str | None, frozenset[DeviceScope]] = {
    "graphql": frozenset(),
    "receipts": frozenset({DeviceScope.PRIVACY}),
    "imports": frozenset({DeviceScope.PLAYS_WRITE}),
    "playlist-file": frozenset({DeviceScope.PLAYLISTS}),
    "library-stream": frozenset({DeviceScope.DISCOVER}),
    "library-cover": frozenset({DeviceScope.DISCOVER}),
    "cover": frozenset(),
    "device": frozenset(),
    "device-service": frozenset(),
    "device-bundle": frozenset({DeviceScope.DISCOVER}),
    "device-part": frozenset({DeviceScope.DISCOVER}),
    "device-whose": frozenset({DeviceScope.DISCOVER}),
    "device-own": frozenset({DeviceScope.PLAYS_READ}),
    "voice": frozenset({DeviceScope.DISCOVER}),
    "data-export": frozenset({DeviceScope.ACCOUNT}),
}


class BearerTokenMiddleware:
    """Sets ``request.user`` from a bearer token; a token that is not valid is answered with 401.

    It is not answered as an anonymous request would be: an app whose token ran out has to know.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and not request.path_info.startswith(PLAYERS):
            if (token := valid_token(secret.strip())) is None:
                return _refused("This token is not valid.", 401, "INVALID_TOKEN")
            token_seen(token)
            request.user = token.user
            request.credential = token_credential(token)  # type: ignore[attr-defined]
            # A browser never adds this header by itself, so there is nothing to forge.
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # noqa: SLF001
        response = self.get_response(request)
        patch_vary_headers(response, ("Authorization",))
        return response

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """Where a token may be used."""
        credential, place = credential_of(request), request.resolver_match
        if credential is None or credential.token_id is None or place is None:
            return None
        everywhere = not place.route.startswith(BROWSERS_ALONE)
        if everywhere and NEEDED.get(place.url_name, EVERY_SCOPE) <= credential.scopes:
            return None
        return _refused("This token may not be used for this.", 403, "INSUFFICIENT_SCOPE")


def valid_token(secret: str) -> AccessToken | None:
    """The token behind this word, where it lets somebody in now."""
    rows: list[AccessToken] = _WITH_CHECKSUM.instances(_checksum(secret))
    return next((row for row in rows if token_credential(row) is not None), None)


def credentials_of_tokens(tokens: Collection[str]) -> dict[str, Credential]:
    """Whom each of these words lets in now; words that let nobody in have no entry. One query."""
    words = {_checksum(token): token for token in tokens}
    rows = AccessToken.objects.select_related("user").filter(token_checksum__in=words)
    let_in = ((words[row.token_checksum], token_credential(row)) for row in rows)
    return {word: credential for word, credential in let_in if credential is not None}


def _checksum(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _with_checksum(checksum: str, _now: datetime) -> QuerySet[AccessToken]:
    return AccessToken.objects.select_related("user", "device").filter(token_checksum=checksum)  # type: ignore[no-any-return]  # the library is not typed


_WITH_CHECKSUM = CompiledQuery(_with_checksum, TEXT)  # asked with every request


def _refused(message: str, status: int, code: str) -> JsonResponse:
    response = JsonResponse({"errors": [{"message": message, "extensions": {"code": code}}]}, status=status)
    response["WWW-Authenticate"] = (
        f'Bearer error="{"invalid_token" if status == 401 else "insufficient_scope"}"'
    )
    return response
