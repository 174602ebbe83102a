"""How far one person's plays reach into what everybody gets: models, priors and what is popular.

Every play is kept, and is its listener's as ever. Here it is decided which of them *count for others*, so that nobody
moves an aggregate by reporting what nobody can have heard. Pure functions of arrays; `graph.snapshot` asks them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import numpy as np
from django.conf import settings
from django.db.models import QuerySet

from accounts.models import User
from discovery.platform import clock
from graph.arrays import Doubles, Ids, Mask, Rows

SHORTEST = 30.0  # seconds: two plays of one track do not begin closer to one another than that
LONGEST = 3_600.0  # of a play, as far as it keeps another one of its track from counting
SLACK = 0.9  # of what was played: players tell whole seconds, and fade over
TRACK_A_DAY = 10  # plays of one track by one person
ARTIST_A_DAY = 60  # plays of one artist's tracks by one person
DAY = 86_400.0  # seconds: more was not heard in one


class Told(NamedTuple):
    """Plays [N] of people, sorted by person and then by when they began."""

    user: Ids
    track: Ids
    artist: Ids  # whoever stands first in the credit
    start: Doubles  # seconds since 1970
    seconds: Doubles  # how long it was played; 0 where nobody knows


def grown_up(people: QuerySet[User]) -> QuerySet[User]:
    """Those whose accounts are old enough to count for others: an afternoon's accounts move nothing that day."""
    days: int = settings.ACCOUNT_DAYS_UNTIL_COUNTED
    return people.filter(date_joined__lte=clock.now() - timedelta(days=days)) if days else people


def counting(told: Told) -> Mask:
    """Which plays [N] count for others.

    A play does not count that begins while an earlier one of the same track cannot have ended; nor beyond
    ``TRACK_A_DAY`` and ``ARTIST_A_DAY`` in one day (UTC); nor beyond a day's length of listening in one day.
    """
    day = np.floor_divide(told.start, DAY).astype(np.int64)
    counts = apart(told)
    for item, most in ((told.track, TRACK_A_DAY), (told.artist, ARTIST_A_DAY)):
        counts[counts] = _place(told.user[counts], item[counts], day[counts]) < most
    heard = np.clip(told.seconds, SHORTEST, LONGEST)
    counts[counts] = _sum_before(heard[counts], told.user[counts], day[counts]) < DAY
    return counts


def apart(told: Told) -> Mask:
    """Plays [N] that begin when all before them, of the same person and track, can have ended."""
    order = np.lexsort((told.start, told.track, told.user))  # stable
    first = _first(told.user[order], told.track[order])
    # The latest end so far within each group: groups are moved so far apart that none reaches into the next.
    start = told.start[order] - (told.start.min() if len(order) else 0.0)
    end = start + np.clip(SLACK * told.seconds[order], SHORTEST, LONGEST)
    moved = np.cumsum(first) * (end.max(initial=0.0) + 1)
    free = np.maximum.accumulate(end + moved)
    kept = first.copy()
    kept[1:] |= start[1:] + moved[1:] >= free[:-1]
    found = np.empty(len(order), dtype=bool)
    found[order] = kept
    return found


def weights(told: Told) -> tuple[Ids, Ids, Doubles]:
    """Pairs of person and track, and how many of the plays count; no pair without any."""
    counts = counting(told)
    pairs, number = np.unique(np.stack([told.user[counts], told.track[counts]]), axis=1, return_counts=True)
    return pairs[0], pairs[1], number.astype(np.float64)


def _place(*keys: Ids) -> Rows:
    """How many rows with the same keys stand before each [N]."""
    order = np.lexsort(keys[::-1])  # stable: equal keys stay in their order
    first = _first(*(key[order] for key in keys))
    begin = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order)) - begin
    return place


def _sum_before(amount: Doubles, *keys: Ids) -> Doubles:
    """What the rows with the same keys before each add up to [N]; rows are sorted by the keys."""
    before = np.cumsum(amount) - amount
    begin = np.maximum.accumulate(np.where(_first(*keys), np.arange(len(amount)), 0))
    return np.asarray(before - before[begin])


def _first(*keys: Ids) -> Mask:
    """Rows [N], sorted by the keys, that are the first with theirs."""
    first = np.ones(len(keys[0]), dtype=bool)
    first[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return first
