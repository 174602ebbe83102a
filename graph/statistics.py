"""What somebody's own listening adds up to in a period: sums, what was played most, and when.

Enters: whose plays, from when to when, and by whose clock days are counted. Leaves: exact counts of plays, as `HEARD`
defines them; skips are none. Whose plays may be counted is the callers' to see to: here nobody but the owner asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDay, TruncMonth
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.presentation import NOBODYS, Draft, Presented, Ref, present
from discovery.platform.errors import InvalidInput
from graph.models import HEARD, Artist, ItemKind, Listen, Track
from graph.selectors import item_ref

MOST_DAYS = 366  # beyond, plays are counted by month
NOT_PLACED = Q(track__artist__placeholder=False)  # "Various Artists" is nobody


class Unit(StrEnum):
    """What one count of the plays over time is about."""

    DAY = "DAY"
    MONTH = "MONTH"


class Sums(NamedTuple):
    plays: int
    ms: int
    tracks: int
    artists: int


class Played(NamedTuple):
    """Something, and how often it was played."""

    item: Track | Artist
    plays: int


class Moment(NamedTuple):
    """A day, or the first of a month, and the plays in it."""

    begin: date
    plays: int


@dataclass(frozen=True)
class Period:
    """Whose plays: from ``since`` on, before ``until``; days as the clock of ``zone`` has them."""

    owner: User
    since: datetime | None
    until: datetime | None
    zone: ZoneInfo

    @property
    def plays(self) -> QuerySet[Listen]:
        plays: QuerySet[Listen] = Listen.objects.filter(HEARD, user=self.owner).order_by()
        if self.since is not None:
            plays = plays.filter(listened_at__gte=self.since)
        return plays if self.until is None else plays.filter(listened_at__lt=self.until)


def period(*, owner: User, since: datetime | None, until: datetime | None, zone: str) -> Period:
    """Raises InvalidInput: the period ends before it begins, or nobody knows this zone."""
    if since is not None and until is not None and since >= until:
        raise InvalidInput(_("This period ends before it begins."), field="until")
    if zone not in available_timezones():
        raise InvalidInput(_("There is no such time zone."), field="timeZone")
    return Period(owner, since, until, ZoneInfo(zone))


def sums(asked: Period) -> Sums:
    """One query. A play whose length no source told counts as the whole track, where that is known."""
    length = Coalesce("ms_played", "track__duration_ms", 0)
    found = asked.plays.aggregate(
        plays=Count("pk"),
        ms=Coalesce(Sum(length), 0),
        tracks=Count("track", distinct=True),
        artists=Count("track__artist", distinct=True, filter=NOT_PLACED),
    )
    return Sums(**found)


def new_artists(asked: Period) -> int:
    """How many artists of the period were played in it for the first time. One query."""
    ever = Period(asked.owner, None, asked.until, asked.zone).plays.filter(NOT_PLACED)
    firsts = ever.values("track__artist").annotate(first=Min("listened_at"))
    return firsts.count() if asked.since is None else firsts.filter(first__gte=asked.since).count()


def most_played(asked: Period, *, kind: ItemKind, count: int) -> Presented[list[Played]]:
    """What was played most, of what the owner may see. A few queries."""
    of = "track" if kind is ItemKind.TRACK else "track__artist"
    plays = asked.plays if kind is ItemKind.TRACK else asked.plays.filter(NOT_PLACED)
    rows = plays.values_list(of).annotate(number=Count("pk")).order_by("-number", of)[:count]
    numbers = {item_ref(kind, pk): number for pk, number in rows}

    def shown(nodes: Mapping[Ref, Any]) -> list[Played]:
        return [Played(nodes[ref], number) for ref, number in numbers.items() if ref in nodes]

    return present(asked.owner, Draft(list(numbers), shown, NOBODYS))


def over_time(asked: Period) -> tuple[Unit, Sequence[Moment]]:
    """Plays by day, or by month in a period of more than a year; days and months without any are not there. One query."""
    since, until = asked.since, asked.until
    few = since is not None and until is not None and until - since <= timedelta(days=MOST_DAYS)
    unit, truncated = (Unit.DAY, TruncDay) if few else (Unit.MONTH, TruncMonth)
    rows = (
        asked.plays.annotate(begin=truncated("listened_at", tzinfo=asked.zone))
        .values_list("begin")
        .annotate(number=Count("pk"))
        .order_by("begin")
    )
    return unit, [Moment(begin.date(), number) for begin, number in rows]
