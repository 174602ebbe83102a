"""Choosing a list for several people so that the least-served of them is served first. Arrays only.

A person's *relevance* of an item runs from 0 (their median candidate or worse) to 1 (their best one).
Their *satisfaction* with a list is the relevance it holds for them, as a part of what the best list of
that length for them alone would hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from discovery.recommend.ranking import top_rows
from discovery.together.program import fair_columns
from graph.arrays import Doubles, Mask, Reals, Rows

POOL = 500  # of each person's best candidates, what is looked at
FOR_SOMEBODY = 0.5  # an item is for those to whom it is at least half as relevant as to the keenest
MEAN_WEIGHT = 0.05  # what the others' gain counts beside the least-served one's
EXCHANGES = 10  # at most
FAIR = 0.8  # the part of the mean satisfaction that the least-served person is to have
SMALLEST_STEP = 1e-9
NOTHING_YET = 0.1  # keeps a product from vanishing while somebody has got nothing


@dataclass(frozen=True, eq=False)
class FairList:
    """``columns`` [k] in order of choice; ``satisfaction`` [M] with all of them."""

    columns: Rows
    satisfaction: Doubles


def relevance(scores: Reals, middles: Reals | None = None) -> Reals:
    """Scores [M, n] of each person on a scale of their own, 0 to 1. One without preferences likes all.

    ``middles`` [M]: what each one's median candidate scores, where these are only the best of the candidates.
    """
    if scores.shape[1] == 0:
        return np.zeros_like(scores)
    middle = (scores.shape[1] - 1) // 2
    floors = np.partition(scores, middle, axis=1)[:, middle] if middles is None else middles
    floor: Reals = floors[:, None]  # type: ignore[assignment]  # of the same type as the scores
    span = np.subtract(scores.max(axis=1, keepdims=True), floor)
    flat = span <= 0
    scaled = (scores - floor) / np.where(flat, 1, span).astype(scores.dtype)
    np.clip(scaled, 0, 1, out=scaled)
    scaled[flat[:, 0]] = 1.0
    return np.asarray(scaled)


def fair_list(relevant: Reals, count: int) -> FairList:
    """``count`` columns of ``relevant`` [M, n] that serve the least-served person as well as can be found.

    Chosen one by one, then exchanged while that helps. Where somebody still stays far behind, a linear program
    looks for a fair list among all there are. It comes in an order whose beginning is as fair as the whole. Equal
    choices fall to the lowest column.
    """
    pool = _pool(relevant)
    count = min(count, len(pool))
    gain = relevant[:, pool].astype(np.float64) / _best_alone(relevant, count)[:, None]
    chosen = _one_by_one(gain, count)
    _improve(gain, chosen, _worth, most=EXCHANGES, growing=True)
    chosen = _evener(gain, chosen)
    chosen = chosen[_one_by_one(gain[:, chosen], count)]
    return FairList(columns=pool[chosen], satisfaction=gain[:, chosen].sum(axis=1))


def _evener(gain: Doubles, chosen: Rows) -> Rows:
    """``chosen`` where it is fair to all; otherwise a fair list from all columns, or one as fair as is found."""
    if not len(chosen) or _evenness(gain[:, chosen].sum(axis=1)) >= 0:
        return chosen
    other = fair_columns(gain, len(chosen), fair=FAIR, mean_weight=MEAN_WEIGHT)
    chosen = chosen if other is None else other
    _improve(gain, chosen, _evenness, most=EXCHANGES)
    return chosen


def in_turn(relevant: Reals, served: Doubles, count: int) -> FairList:
    """``count`` columns of ``relevant`` [M, n] in the order in which to play them, after ``served`` [M].

    For a list that goes on. ``served`` is the relevance of what was played of late, added up; each time the
    column follows that raises the product of what everybody got (Nash welfare), which is the turn of who got
    least, and of several the one that suits the others too.
    """
    pool = _pool(relevant)
    count = min(count, len(pool))
    gain = relevant[:, pool].astype(np.float64)
    chosen = _one_by_one(gain, count, before=served, worth_of=_product)
    satisfaction = gain[:, chosen].sum(axis=1) / _best_alone(relevant, count)
    return FairList(columns=pool[chosen], satisfaction=satisfaction)


def _product(served: Doubles) -> Doubles:
    """The product of satisfactions [M, …], as the sum of their logarithms."""
    return np.asarray(np.log(served + NOTHING_YET).sum(axis=0))


def _worth(served: Doubles) -> Doubles:
    """What satisfactions [M, …] are worth: the least of them, and a little the mean."""
    return _least(served) + MEAN_WEIGHT * _mean(served)


def _evenness(served: Doubles) -> Doubles:
    """How far the least of them stays behind ``FAIR`` of the mean; 0 where it does not."""
    return np.asarray(np.minimum(_least(served) - FAIR * _mean(served), 0.0))


# Person by person: numpy's own reductions over so short an axis take several times as long.


def _least(served: Doubles) -> Doubles:
    return np.asarray(reduce(np.minimum, served))


def _mean(served: Reals) -> Doubles:
    return np.asarray(reduce(np.add, served) / len(served))


def _one_by_one(
    gain: Doubles,
    count: int,
    *,
    before: Doubles | None = None,
    worth_of: Callable[[Doubles], Doubles] | None = None,
) -> Rows:
    """Each time the column of ``gain`` [M, p] that makes the sum so far (from ``before`` [M] on) worth most."""
    worth_of = worth_of or _worth
    served = np.zeros((len(gain), 1)) if before is None else before[:, None]
    open_ = np.ones(gain.shape[1], dtype=bool)
    chosen = np.empty(count, dtype=np.int64)
    for place in range(count):
        chosen[place] = best = int(np.where(open_, worth_of(served + gain), -np.inf).argmax())
        served, open_[best] = served + gain[:, [best]], False
    return chosen


def _improve(
    gain: Doubles,
    chosen: Rows,
    worth_of: Callable[[Doubles], Doubles],
    *,
    most: int,
    growing: bool = False,
) -> None:
    """Exchange chosen columns for others while that makes the sum worth more, ``most`` times at most.

    ``growing``: more for anybody is never worth less, so that most columns need not be tried in each place.
    """
    for _ in range(most):
        if not _exchange(gain, chosen, worth_of, growing=growing):
            return


def _exchange(gain: Doubles, chosen: Rows, worth_of: Callable[[Doubles], Doubles], *, growing: bool) -> bool:
    """Exchange the one chosen column for another that makes the sum worth most; whether any does."""
    if not len(chosen):
        return False
    served = gain[:, chosen].sum(axis=1)
    without = served[:, None] - gain[:, chosen]  # [M, k]
    enough = worth_of(served) + SMALLEST_STEP
    open_ = np.ones(gain.shape[1], dtype=bool)
    open_[chosen] = False
    if growing:  # what a column is worth in the place of whichever column gives each one least
        open_ &= worth_of(without.max(axis=1)[:, None] + gain) > enough
    columns = np.flatnonzero(open_)
    if not len(columns):
        return False
    worth = worth_of(without[:, :, None] + gain[:, None, columns])  # [k, c]
    place, column = divmod(int(worth.argmax()), len(columns))
    if worth[place, column] <= enough:
        return False
    chosen[place] = columns[column]
    return True


def people_for(relevant: Reals) -> Mask:
    """[M, k] whether each item is for each person."""
    keenest = relevant.max(axis=0, keepdims=True)
    return np.asarray((relevant >= FOR_SOMEBODY * keenest) & (relevant > 0))


def _pool(relevant: Reals) -> Rows:
    """Columns among anybody's best, or among the best on average."""
    columns = np.arange(relevant.shape[1])
    if len(columns) <= POOL:
        return columns
    pooled = np.zeros(len(columns), dtype=bool)
    for values in (*relevant, _mean(relevant)):
        pooled[top_rows(values, columns, POOL)] = True
    return np.flatnonzero(pooled)


def _best_alone(relevant: Reals, count: int) -> Doubles:
    """What the best ``count`` columns hold for each person alone [M]."""
    if count == 0:
        return np.ones(len(relevant))
    columns = np.arange(relevant.shape[1])
    held = np.array([values[top_rows(values, columns, count)].sum() for values in relevant], dtype=np.float64)
    return np.where(held > 0, held, 1.0)
