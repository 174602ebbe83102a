"""What of somebody's own behavior tells what kind of listener they are, week by week.

Enters: whose it is. Leaves: figures of whole weeks (Mondays, UTC); nothing of the week that runs. Whether it may be asked
at all is `services`' to see to. No profile, no friend and no account is looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Case, When

from accounts.compiled_query import PERSON, SINCE, UNTIL, CompiledQuery
from accounts.models import User
from discovery.platform import clock
from graph.models import HEARD, ItemRecommendation, Listen, PlaylistCollaborator, counted

WEEK = timedelta(weeks=1)
WINDOW = 4  # weeks that are looked at together
BEFORE = 4  # weeks before the first of them, by which it is known what is new
STEPS = 8  # how often it was judged, a week apart, until now
WEEKS = BEFORE + WINDOW + STEPS - 1
NIGHT = (22, 23, 0, 1, 2, 3, 4)  # hours


@dataclass
class Week:
    """One week's behavior."""

    skips: int = 0
    nights: int = 0
    shared: int = 0
    artists: dict[int, int] = field(default_factory=lambda: defaultdict(int))  # plays by artist


@dataclass(frozen=True)
class Habits:
    """`WINDOW` weeks added up; ``known`` are plays of the weeks before them."""

    plays: int
    skips: int
    nights: int
    shared: int
    artists: int  # different ones
    new: int  # of these, not played in the weeks before
    known: int


def monday_of(moment: datetime) -> datetime:
    """The beginning of the week (UTC)."""
    day = moment.astimezone(UTC).date()
    return datetime.combine(day - timedelta(days=day.weekday()), time(), UTC)


def weeks_of(user: User, until: datetime | None = None) -> list[Week]:
    """The last `WEEKS` whole weeks before ``until`` (now), the oldest first. Three queries."""
    end = monday_of(until or clock.now())
    begin = end - WEEKS * WEEK
    weeks = [Week() for _ in range(WEEKS)]
    here = ZoneInfo(settings.LOCAL_TIME_ZONE)
    for told, artist, heard in _PLAYS.rows(user, begin, end):
        moment = _moment(told)
        week = weeks[(moment - begin) // WEEK]
        if heard:
            week.artists[artist] += 1
            week.nights += moment.astimezone(here).hour in NIGHT
        else:
            week.skips += 1
    for (shared,) in (*_SHARED.rows(user, begin, end), *_SENT.rows(user, begin, end)):
        if shared is not None:
            weeks[(_moment(shared) - begin) // WEEK].shared += 1
    return weeks


def _moment(told: str | datetime) -> datetime:
    """As a database gives it: SQLite writes it out, in UTC and without saying so."""
    moment = datetime.fromisoformat(told) if isinstance(told, str) else told
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# Of a person, between two moments, each play: when, whose, and whether it was heard. Weeks and hours are told by us: in SQLite
# either is a call back into Python, which costs several times as much.
_PLAYS = CompiledQuery(
    lambda user, begin, end, _now: Listen.objects.filter(
        counted(track="track", artist="track__artist"), user=user, listened_at__gte=begin, listened_at__lt=end
    )
    .annotate(heard=Case(When(HEARD, then=True), default=False))
    .order_by()
    .values_list("listened_at", "track__artist_id", "heard"),
    PERSON, SINCE, UNTIL,
)  # fmt: skip
_SHARED = CompiledQuery(
    lambda user, begin, end, _now: PlaylistCollaborator.objects.filter(
        playlist__owner=user, since__gte=begin, since__lt=end
    ).values_list("since"),
    PERSON, SINCE, UNTIL,
)  # fmt: skip
_SENT = CompiledQuery(
    lambda user, begin, end, _now: ItemRecommendation.objects.filter(
        sender=user, sent_at__gte=begin, sent_at__lt=end
    ).values_list("sent_at"),
    PERSON, SINCE, UNTIL,
)  # fmt: skip


def habits(weeks: Sequence[Week]) -> list[Habits]:
    """What `weeks_of` tells each of the `STEPS` times, the oldest first."""
    return [_added(weeks[: BEFORE + step], weeks[BEFORE + step :][:WINDOW]) for step in range(STEPS)]


def _added(before: Sequence[Week], window: Sequence[Week]) -> Habits:
    played = _artists(window)
    return Habits(
        plays=sum(sum(week.artists.values()) for week in window),
        skips=sum(week.skips for week in window),
        nights=sum(week.nights for week in window),
        shared=sum(week.shared for week in window),
        artists=len(played),
        new=len(played - _artists(before)),
        known=sum(sum(week.artists.values()) for week in before),
    )


def _artists(weeks: Collection[Week]) -> set[int]:
    return set().union(*(week.artists for week in weeks))
