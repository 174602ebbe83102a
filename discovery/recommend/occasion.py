"""The moment that runs now, as words: a label and a part of the day become a few words, each with a place on the axes of feeling.

Nothing but these two enters: who has the same label at the same part of the day is answered by the same words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.models import PersonalizationLevel, Purpose, User
from accounts.policies import Use
from discovery.models import Moment, MomentLabel
from discovery.platform import clock
from discovery.recommend import evidence as gathering
from discovery.recommend.evidence import PermittedEvidence
from discovery.recommend.prompt import Word, spoken
from graph.models import ItemKind

SOON = timedelta(minutes=10)  # so long before it begins, a moment is now
MUCH, LITTLE = 0.5, 0.2  # beside what is asked for in words, which counts as 1: nobody asked for this one


class DayPart(StrEnum):
    MORNING = "MORNING"
    DAY = "DAY"
    EVENING = "EVENING"
    NIGHT = "NIGHT"


_BEGINS = ((22, DayPart.NIGHT), (17, DayPart.EVENING), (11, DayPart.DAY), (5, DayPart.MORNING))

# English words of what fits a label, and the valence and energy that it asks for, each from -1 to 1.
_FITS: dict[MomentLabel, tuple[str, float, float]] = {
    MomentLabel.RUN: ("running workout", 0.4, 0.8),
    MomentLabel.WALK: ("walking", 0.4, 0.1),
    MomentLabel.CYCLE: ("cycling", 0.4, 0.6),
    MomentLabel.SPORT: ("workout", 0.3, 0.9),
    MomentLabel.YOGA: ("yoga", 0.3, -0.6),
    MomentLabel.COMMUTE: ("driving", 0.2, 0.2),
    MomentLabel.TRAVEL: ("road trip", 0.4, 0.2),
    MomentLabel.WORK: ("focus", 0.1, -0.2),
    MomentLabel.STUDY: ("study", 0.1, -0.4),
    MomentLabel.COOK: ("cooking", 0.5, 0.2),
    MomentLabel.CHORES: ("upbeat", 0.5, 0.5),
    MomentLabel.DINNER: ("dinner", 0.4, -0.2),
    MomentLabel.PARTY: ("party", 0.7, 0.9),
    MomentLabel.RELAX: ("relaxing", 0.4, -0.6),
    MomentLabel.SLEEP: ("sleep", 0.1, -0.9),
}
# The same of a part of the day; in broad daylight nothing is to be added.
_OF_DAY: dict[DayPart, tuple[str, float, float]] = {
    DayPart.MORNING: ("morning", 0.4, 0.1),
    DayPart.EVENING: ("evening", 0.2, -0.2),
    DayPart.NIGHT: ("night", 0.0, -0.3),
}


@dataclass(frozen=True)
class MomentWord(Word):
    """A word of a moment: what that is, when in the day, and on whose word it was told."""

    label: MomentLabel = MomentLabel.RELAX
    part: DayPart = DayPart.DAY
    purpose: Purpose = Purpose.CALENDAR
    occasion: bool = True


def day_part(moment: datetime) -> DayPart:
    """The part of the day by the installation's clock."""
    hour = moment.astimezone(ZoneInfo(settings.LOCAL_TIME_ZONE)).hour
    return next((part for begins, part in _BEGINS if hour >= begins), DayPart.NIGHT)


def moment_now(viewer: User, use: Use) -> Moment | None:
    """The moment that runs, or is about to begin; of several the one that begins last, and of these the shortest."""
    if not use.occasion:
        return None
    now = clock.now()
    told = Moment.objects.filter(
        user=viewer, purpose__in=use.occasion, starts_at__lte=now + SOON, ends_at__gt=now
    )
    return told.order_by("-starts_at", "ends_at", "label", "purpose").first()


def words_of(label: MomentLabel, part: DayPart, purpose: Purpose) -> tuple[MomentWord, ...]:
    """What fits such a moment."""
    fits = [(_FITS[label], MUCH), *([(_OF_DAY[part], LITTLE)] if part in _OF_DAY else [])]
    return tuple(
        MomentWord(text, amount=amount, axis=(valence, energy), label=label, part=part, purpose=purpose)
        for (text, valence, energy), amount in fits
    )


def words_of_now(viewer: User, use: Use) -> tuple[Word, ...]:
    """Words of the moment that ``viewer`` permits to enter now; none where no moment runs. One query, at level CONTEXT alone."""
    moment = moment_now(viewer, use)
    if moment is None:
        return ()
    return words_of(MomentLabel(moment.label), day_part(moment.starts_at), Purpose(moment.purpose))


def gather_now(
    viewer: User, kind: ItemKind, *, level: PersonalizationLevel | None = None
) -> PermittedEvidence:
    """`evidence.gather`, with the moment of now: for what is shown to ``viewer`` alone."""
    permitted = gathering.gather(viewer, kind, level=level)
    return spoken(permitted, words_of_now(viewer, permitted.use))
