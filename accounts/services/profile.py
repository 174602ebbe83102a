"""What people call themselves."""

import re
import unicodedata

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from discovery.platform.errors import Conflict, InvalidInput
from discovery.platform.graphql.inputs import text

LONGEST_HANDLE, LONGEST_NAME = 30, 80
# ASCII, so that no handle looks like another one.
_HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?", re.IGNORECASE)
# Nobody is to pass for the installation itself.
RESERVED = frozenset({
    "about", "abuse", "admin", "administrator", "anonymous", "api", "earshot", "everyone", "help", "login", "me",
    "moderator", "nobody", "operator", "owner", "root", "security", "settings", "staff", "support", "system",
})  # fmt: skip


@transaction.atomic
def profile_update(*, user: User, handle: str | None = None, display_name: str | None = None) -> User:
    """Change handle, name or both; return the stored user.

    Raises:
        InvalidInput: nothing is given, or it is no handle or name.
        Conflict: the handle is somebody else's, or nobody's to have; which of the two is not told.

    """
    if handle is None and display_name is None:
        raise InvalidInput(_("Say what is to change."))
    stored = User.objects.select_for_update().get(pk=user.pk)
    if display_name is not None:
        name = unicodedata.normalize("NFC", display_name)
        stored.display_name = text(name, field="displayName", largest=LONGEST_NAME, smallest=0)
        if not stored.display_name.isprintable():
            raise InvalidInput(_("A name has no invisible characters."), field="displayName")
    if handle is not None and handle != stored.username:
        stored.username = _free(stored, text(handle, field="handle", largest=LONGEST_HANDLE, smallest=2))
    try:
        with transaction.atomic():
            stored.save(update_fields=["username", "display_name", "name_key"])
    except IntegrityError as error:  # somebody was quicker
        raise _taken() from error
    user.username, user.display_name = stored.username, stored.display_name
    return stored


def _free(user: User, handle: str) -> str:
    if not _HANDLE.fullmatch(handle):
        raise InvalidInput(
            _("A handle is made of letters a to z, digits, dots, hyphens and underscores."),
            field="handle",
            code="INVALID_HANDLE",
        )
    others = User.objects.filter(username__iexact=handle).exclude(pk=user.pk).exists()
    if others or handle.lower() in RESERVED:
        raise _taken()
    return handle


def _taken() -> Conflict:
    return Conflict(_("This handle is not free."), field="handle", code="HANDLE_TAKEN")
