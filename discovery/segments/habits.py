"""What of somebody's own behavior tells what kind of listener they are, week by week.

Enters: whose it is. Leaves: figures of whole weeks (Mondays, UTC); nothing of the week that runs. Whether it may be asked
at all is `services`' to see to. No profile, no friend and no account is looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import ExtractHour, TruncWeek

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
    place: dict[Any, int] = {}
    for told_week, artist, told, heard, night in _plays(settings.LOCAL_TIME_ZONE).rows(user, begin, end):
        if told_week not in place:
            place[told_week] = (_moment(told_week) - begin) // WEEK
        week = weeks[place[told_week]]
        week.skips += told - heard
        week.nights += night
        if heard:
            week.artists[artist] += heard
    for (moment,) in (*_SHARED.rows(user, begin, end), *_SENT.rows(user, begin, end)):
        if moment is not None:
            weeks[(_moment(moment) - begin) // WEEK].shared += 1
    return weeks


def _moment(told: str | datetime) -> datetime:
    """As a database gives it: SQLite writes it out, in UTC and without saying so."""
    moment = datetime.fromisoformat(told) if isinstance(told, str) else told
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@cache
def _plays(zone: str) -> CompiledQuery:
    """Of a person, between two moments: week, artist, plays told of, heard, and heard at night by the clock of ``zone``."""

    def rule(user: User, begin: datetime, end: datetime, _now: datetime) -> QuerySet[Listen, Any]:
        return (
            Listen.objects.filter(counted(track="track", artist="track__artist"), user=user)
            .filter(listened_at__gte=begin, listened_at__lt=end)
            .order_by()
            .annotate(week=TruncWeek("listened_at", tzinfo=UTC), hour=ExtractHour("listened_at", tzinfo=ZoneInfo(zone)))
            .values_list("week", "track__artist_id")
            .annotate(
                told=Count("pk"), heard=Count("pk", filter=HEARD), night=Count("pk", filter=HEARD & Q(hour__in=NIGHT))
            )
        )  # fmt: skip

    return CompiledQuery(rule, PERSON, SINCE, UNTIL)


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
