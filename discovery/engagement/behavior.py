"""What people did in a period, a figure a person: what every metric is made of.

Enters: whose plays (a queryset; whether they may be counted is the callers' to see to), the period, and who. Leaves: one
column for each thing counted. Several people at once cost as many queries as one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
from django.db.models import BooleanField, Case, Count, Min, QuerySet, Value, When

from graph.arrays import Doubles, Ids, Mask
from graph.models import HEARD, Listen, Playlist

GAP = 30 * 60.0  # seconds without music that end a session
LONGEST = 3 * 3_600.0  # of one play, as far as it makes a session longer
OUT = 0.9  # of its length: heard out
AWAY = timedelta(days=28)  # not seen for so long: churned
CHUNK = 10_000  # plays fetched at a time

_PLAY = np.dtype(
    [
        ("user", np.int64),
        ("start", np.float64),
        ("ms", np.float64),
        ("length", np.float64),
        ("heard", np.bool_),
    ]
)


@dataclass(frozen=True)
class Period:
    """From ``since`` on, before ``until``."""

    since: datetime
    until: datetime

    @property
    def days(self) -> float:
        return (self.until - self.since) / timedelta(days=1)


@dataclass
class Behavior:
    """People [U] and, a column each, what they did [U] in the period."""

    users: Ids
    first: list[date | None]  # Monday of the week of the first play; None: never played
    columns: dict[str, Doubles] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Doubles:
        return self.columns[name]


# What each column of `Behavior` counts, as `docs/engagement.md` says it.
COLUMNS = {
    "weeks": "weeks of the period, the same for everybody",
    "days": "days of the period, the same for everybody",
    "begun": "tracks begun in the period",
    "plays": "of these, plays (`graph.models.HEARD`: half a minute and a quarter of the track, or three quarters of a short one)",
    "skips": "of these, what is no play",
    "timed": "of these, those whose length and whose time played are both known",
    "heard_out": "of these, those played for 90 % of their length or more",
    "sessions": "runs of tracks begun with no 30 minutes between the end of one and the beginning of the next",
    "minutes": "minutes from the beginning of each session's first track to the end of its last",
    "made": "playlists made in the period, but for imported ones",
    "shared": "own playlists that somebody was given in the period",
    "seen_before": "1 where something was begun in the period before, which was as long",
    "returned": "of these, 1 where something was begun in the period, too",
    "seen_earlier": "1 where something was begun 28 to 56 days before the period's end",
    "churned": "of these, 1 where nothing was begun in the 28 days before its end",
}


def behavior(plays: QuerySet[Listen], users: Ids, period: Period) -> Behavior:
    """Of these people (keys, ascending), by these ``plays``, which are of nobody else."""
    told = Behavior(users, _first_weeks(plays, users, period))
    number = len(users)
    sums = {
        name: np.zeros(number)
        for name in ("begun", "plays", "skips", "timed", "heard_out", "sessions", "minutes")
    }
    for block in _blocks(plays, period):
        _count(block, np.searchsorted(users, block["user"]), sums)
    length = period.until - period.since
    now, before = sums["begun"] > 0, _seen(plays, users, period.since - length, period.since)
    earlier = _seen(plays, users, period.until - 2 * AWAY, period.until - AWAY)
    lately = _seen(plays, users, period.until - AWAY, period.until)
    told.columns = {
        **sums,
        "weeks": np.full(number, period.days / 7), "days": np.full(number, period.days),
        "made": _of_playlists(users, period, history=None, made=True),
        "shared": _of_playlists(users, period, made=False),
        "seen_before": before.astype(float), "returned": (before & now).astype(float),
        "seen_earlier": earlier.astype(float), "churned": (earlier & ~lately).astype(float),
    }  # fmt: skip
    return told


def monday_of(moment: datetime) -> date:
    """Of the week (UTC)."""
    day = moment.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


def _first_weeks(plays: QuerySet[Listen], users: Ids, period: Period) -> list[date | None]:
    rows = plays.filter(listened_at__lt=period.until).order_by().values_list("user_id")
    firsts = dict(rows.annotate(first=Min("listened_at")).iterator(chunk_size=CHUNK))
    return [monday_of(firsts[user]) if user in firsts else None for user in users.tolist()]


def _seen(plays: QuerySet[Listen], users: Ids, since: datetime, until: datetime) -> Mask:
    """Who [U] began something from ``since`` on and before ``until``."""
    rows = plays.filter(listened_at__gte=since, listened_at__lt=until).order_by()
    keys = rows.values_list("user_id", flat=True).distinct()
    return np.isin(users, np.fromiter(keys.iterator(chunk_size=CHUNK), dtype=np.int64))


def _of_playlists(users: Ids, period: Period, *, made: bool, **which: Any) -> Doubles:
    moment = "created_at" if made else "collaborators__since"
    within = {f"{moment}__gte": period.since, f"{moment}__lt": period.until}
    rows = Playlist.objects.filter(**within, **which).order_by().values_list("owner_id")
    if len(users) == 1:
        rows = rows.filter(owner_id=int(users[0]))
    counts = dict(rows.annotate(number=Count("pk", distinct=True)))
    return np.array([counts.get(user, 0) for user in users.tolist()], dtype=np.float64)


def _blocks(plays: QuerySet[Listen], period: Period) -> Iterator[np.ndarray[Any, Any]]:
    """What was begun in the period, sorted by person and moment, in blocks of whole people."""
    heard = Case(When(HEARD, then=Value(value=True)), default=Value(value=False), output_field=BooleanField())
    rows = (
        plays.filter(listened_at__gte=period.since, listened_at__lt=period.until)
        .annotate(heard=heard)
        .order_by("user_id", "listened_at", "pk")
        .values_list("user_id", "listened_at", "ms_played", "track__duration_ms", "heard")
    )
    read = (
        (user, begun.timestamp(), np.nan if ms is None else ms, length or np.nan, is_play)
        for user, begun, ms, length, is_play in rows.iterator(chunk_size=CHUNK)
    )
    rest = np.zeros(0, dtype=_PLAY)
    while len(more := np.fromiter(islice(read, CHUNK), dtype=_PLAY)):
        rest = np.concatenate([rest, more])
        whole = int(np.searchsorted(rest["user"], rest["user"][-1]))
        yield rest[:whole]
        rest = rest[whole:]
    yield rest


def _count(block: np.ndarray[Any, Any], row: Ids, sums: dict[str, Doubles]) -> None:
    """Add what a block of plays tells to the people's sums; ``row`` is whose each play is."""
    ms, length, heard = block["ms"], block["length"], block["heard"]
    timed = ~np.isnan(ms) & ~np.isnan(length)
    lasted = np.clip(np.nan_to_num(np.where(np.isnan(ms), length, ms)) / 1_000, 0, LONGEST)
    end = block["start"] + lasted
    begins = np.ones(len(block), dtype=bool)
    begins[1:] = (row[1:] != row[:-1]) | (block["start"][1:] - end[:-1] > GAP)
    first = np.flatnonzero(begins)
    minutes = (np.maximum.reduceat(end, first) - block["start"][first]) / 60 if len(first) else np.zeros(0)
    counted = {
        "begun": np.ones(len(block)), "plays": heard, "skips": ~heard, "timed": timed,
        "heard_out": timed & (ms >= OUT * length), "sessions": begins,
    }  # fmt: skip
    for name, each in counted.items():
        np.add.at(sums[name], row, each.astype(np.float64))
    np.add.at(sums["minutes"], row[first], minutes)
