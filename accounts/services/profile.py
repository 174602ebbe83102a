"""What people call themselves."""

import unicodedata

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.handle import handle_clean, handle_is_free, handle_taken
from discovery.platform.errors import InvalidInput
from discovery.platform.graphql.inputs import text

LONGEST_NAME = 80


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
        stored.username = _free(stored, handle_clean(handle))
    try:
        with transaction.atomic():
            stored.save(update_fields=["username", "display_name", "name_key"])
    except IntegrityError as error:  # somebody was quicker
        raise handle_taken() from error
    user.username, user.display_name = stored.username, stored.display_name
    return stored


def _free(user: User, handle: str) -> str:
    if not handle_is_free(handle, but=user):
        raise handle_taken()
    return handle
