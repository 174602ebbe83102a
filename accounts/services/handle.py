"""Handles: what is one, and which is free."""

import re
import secrets

from django.utils.translation import gettext as _

from accounts.models import User
from discovery.platform.errors import Conflict, InvalidInput
from discovery.platform.graphql.inputs import text

LONGEST_HANDLE = 30
# ASCII, so that no handle looks like another one.
_HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?", re.IGNORECASE)
# Nobody is to pass for the installation itself.
RESERVED = frozenset({
    "about", "abuse", "admin", "administrator", "anonymous", "api", "earshot", "everyone", "help", "login", "me",
    "moderator", "nobody", "operator", "owner", "root", "security", "settings", "staff", "support", "system",
})  # fmt: skip
_ADDED = 9  # characters that make a handle another one


def handle_clean(handle: str) -> str:
    """Raises InvalidInput where this is no handle."""
    handle = text(handle, field="handle", largest=LONGEST_HANDLE, smallest=2)
    if not _HANDLE.fullmatch(handle):
        raise InvalidInput(
            _("A handle is made of letters a to z, digits, dots, hyphens and underscores."),
            field="handle",
            code="INVALID_HANDLE",
        )
    return handle


def handle_is_free(handle: str, *, but: User | None = None) -> bool:
    """Whether nobody else has it and it is no reserved one."""
    others = User.objects.filter(username__iexact=handle)
    others = others if but is None else others.exclude(pk=but.pk)
    return not others.exists() and handle.lower() not in RESERVED


def handle_or_like_it(handle: str) -> str:
    """The handle, or one that begins like it where it is not free: whoever signs up is not told whose it is."""
    wished, free = handle, handle_is_free(handle)
    while not free:
        wished = f"{handle[: LONGEST_HANDLE - _ADDED]}-{secrets.token_hex(_ADDED // 2)}"
        free = handle_is_free(wished)
    return wished


def handle_taken() -> Conflict:
    """Somebody's, or nobody's to have: which of the two is not told."""
    return Conflict(_("This handle is not free."), field="handle", code="HANDLE_TAKEN")
