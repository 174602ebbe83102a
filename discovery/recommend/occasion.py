"""The moment that runs now, and what of music fits it: a label and a part of the day become words, each with a place on an axis.

Nothing but these two enters: two people with the same label at the same time of day are answered by the same words.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.models import User
from accounts.policies import Use
from discovery.models import Moment
from discovery.platform import clock

SOON = timedelta(minutes=10)  # so long before it begins, a moment is now
LONGEST = timedelta(days=1)


class DayPart(StrEnum):
    MORNING = "MORNING"
    DAY = "DAY"
    EVENING = "EVENING"
    NIGHT = "NIGHT"


_BEGINS = ((5, DayPart.MORNING), (11, DayPart.DAY), (17, DayPart.EVENING), (22, DayPart.NIGHT))


def day_part(moment: datetime) -> DayPart:
    """The part of the day by the installation's clock."""
    hour = moment.astimezone(ZoneInfo(settings.LOCAL_TIME_ZONE)).hour
    return next((part for begins, part in reversed(_BEGINS) if hour >= begins), DayPart.NIGHT)


def moment_now(viewer: User, use: Use) -> Moment | None:
    """The moment that runs, or is about to begin; of several the one that begins last, and of these the shortest."""
    if not use.occasion:
        return None
    now = clock.now()
    told = Moment.objects.filter(
        user=viewer, purpose__in=use.occasion, starts_at__lte=now + SOON, ends_at__gt=now
    )
    return told.order_by("-starts_at", "ends_at", "label", "pk").first()
