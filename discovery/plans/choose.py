"""Which tracks of a pool a plan takes: the best of the sum, of the length that was asked for, no artist too often.

Arrays only: p tracks in the order in which they are wanted, the best first. Bounded and the same each time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graph.arrays import Doubles, Ids, Rows

DEFAULT_TRACKS = 25
UNKNOWN_SECONDS = 210.0  # what a track lasts whose length nobody knows
TOLERANCE = 30.0  # seconds
APART = 5  # no artist twice in so many tracks
EXCHANGES = 12  # at most


@dataclass(frozen=True, eq=False)
class Chosen:
    """``places`` [n] ascending in the pool, and how long they last together."""

    places: Rows
    seconds: float


def choose(
    seconds: Doubles,
    artists: Ids,
    *,
    length: int | None,
    count: int | None,
    most: int,
    fitting: int | None = None,
) -> Chosen:
    """Of tracks that last ``seconds`` [p] by ``artists`` [p], the first ones that make the length, or the count.

    Of one artist only so many that no two need stand closer than `APART`; where the rest is not enough, more.
    ``fitting``: the first so many are what the words ask for, and go before that: rather two close of an artist than
    something else.
    """
    wanted = count if count is not None else _needed(seconds, length, most)
    places = _spread_out(artists[:fitting], wanted)
    if len(places) < wanted:
        places = np.union1d(places, _spread_out(artists, wanted))[:wanted]
    if length is not None and len(places):
        places = _fitted(places, seconds, artists, float(length), free=count is None)
    places = np.sort(places)
    return Chosen(places, float(seconds[places].sum()))


def _spread_out(artists: Ids, wanted: int) -> Rows:
    """The first ``wanted`` places, of one artist as few as that takes."""
    each = max(1, -(-wanted // APART))
    while len(places := _first(artists, wanted, each)) < wanted and each < wanted:
        each *= 2
    return places


def _needed(seconds: Doubles, length: int | None, most: int) -> int:
    """How many of the first tracks it takes."""
    if length is None:
        return DEFAULT_TRACKS
    short = int(np.searchsorted(np.cumsum(seconds), length - TOLERANCE)) + 1
    return min(short, most)


def _first(artists: Ids, wanted: int, each: int) -> Rows:
    """The first ``wanted`` places with at most ``each`` of one artist, and so many of few artists alone."""
    taken: dict[int, int] = {}
    places: list[int] = []
    fullest = max(
        1, wanted - (each - 1) * APART
    )  # artists that may have ``each``: the last slots are for one round
    for place, artist in enumerate(artists.tolist()):
        if len(places) == wanted:
            break
        number = taken.get(artist, 0)
        if number >= each or (number == each - 1 and not fullest):
            continue
        fullest -= number == each - 1
        taken[artist] = number + 1
        places.append(place)
    return np.array(places, dtype=np.int64)


def _fitted(places: Rows, seconds: Doubles, artists: Ids, length: float, *, free: bool) -> Rows:
    """``places`` with some exchanged, so that they last ``length`` as nearly as that goes.

    ``free``: how many there are is not fixed: the last ones may go, and more may come.
    """
    chosen = places.copy()
    if free:
        chosen = _cut(chosen, seconds, length)
    for _exchange in range(EXCHANGES):
        missing = length - float(seconds[chosen].sum())
        if abs(missing) <= TOLERANCE:
            break
        better = _exchanged(chosen, seconds, artists, missing, free=free)
        if better is None:
            break
        chosen = better
    return chosen


def _cut(places: Rows, seconds: Doubles, length: float) -> Rows:
    """The first so many whose length is nearest."""
    off = np.abs(np.cumsum(seconds[places]) - length)
    within = np.flatnonzero(off <= TOLERANCE)
    number = int(within[0]) if len(within) else int(off.argmin())
    return places[: number + 1]


def _exchanged(chosen: Rows, seconds: Doubles, artists: Ids, missing: float, *, free: bool) -> Rows | None:
    """One exchange, or where it is ``free`` one more or one less, that comes nearer; None where none does.

    Of those that come near enough, the one that gives up least: the latest goes, and the earliest comes.
    """
    rest = np.setdiff1d(np.arange(len(seconds)), chosen)
    counts = dict(
        zip(*(part.tolist() for part in np.unique(artists[chosen], return_counts=True)), strict=True)
    )
    each = -(-len(chosen) // APART)
    crowded = np.array([counts.get(artist, 0) >= each for artist in artists[rest].tolist()], dtype=bool)
    off = np.abs(missing - (seconds[rest][None, :] - seconds[chosen][:, None]))  # [n, r]
    off = np.where(crowded[None, :] & (artists[rest][None, :] != artists[chosen][:, None]), np.inf, off)
    options: list[tuple[float, float, Rows]] = []
    if off.size and np.isfinite(off).any():
        cost = rest[None, :] - chosen[:, None].astype(np.float64)
        enough = off <= TOLERANCE
        value = np.where(enough, cost, np.inf) if enough.any() else off
        out, into = np.unravel_index(int(value.argmin()), value.shape)
        exchanged = chosen.copy()
        exchanged[out] = rest[into]
        options.append((float(off[out, into]), float(cost[out, into]), exchanged))
    if free and len(chosen) > 1:
        less = np.abs(missing + seconds[chosen])
        drop = int(less.argmin())
        options.append((float(less[drop]), 0.0, np.delete(chosen, drop)))
    if free and len(rest) and not crowded.all():
        more = np.where(crowded, np.inf, np.abs(missing - seconds[rest]))
        come = int(more.argmin())
        options.append((float(more[come]), float(rest[come]), np.append(chosen, rest[come])))
    options = [option for option in options if option[0] < abs(missing)]
    if not options:
        return None
    return min(options, key=lambda option: (max(option[0], TOLERANCE), option[1]))[2]
