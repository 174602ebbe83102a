"""Checks of values that clients send, shared by every mutation: what fails is ``INVALID`` and names its field."""

from django.utils.translation import gettext as _

from discovery.platform.errors import InvalidInput


def text(value: str, *, field: str, largest: int, smallest: int = 1) -> str:
    """``value`` without surrounding white space, where it can be stored as text at all.

    Raises:
        InvalidInput: too short, too long, or with a character no database or page can hold.

    """
    value = value.strip()
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidInput(_("This text holds a character that cannot be stored."), field=field)
    if not smallest <= len(value) <= largest:
        raise InvalidInput(
            _("This text must have %(smallest)d to %(largest)d characters.")
            % {"smallest": smallest, "largest": largest},
            field=field,
        )
    return value
