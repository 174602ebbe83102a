"""Checks of values that clients send, shared by every mutation: what fails is ``INVALID`` and names its field."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from discovery.platform.errors import InvalidInput

# A client's clock may run ahead a little.
CLOCK_SKEW = timedelta(minutes=5)


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


def past_moment(value: datetime, *, field: str) -> datetime:
    """``value`` as an aware time (UTC where it names no zone) that is not in the future.

    Raises:
        InvalidInput: in the future, or before 1970.

    """
    if timezone.is_naive(value):
        value = value.replace(tzinfo=UTC)
    if value.year < 1970:  # also keeps clear of the dates that no time zone arithmetic survives
        raise InvalidInput(_("This time lies before 1970."), field=field)
    if value > timezone.now() + CLOCK_SKEW:
        raise InvalidInput(_("This time lies in the future."), field=field)
    return value
