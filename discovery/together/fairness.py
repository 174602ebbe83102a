"""Choosing a list for several people so that the least-served of them is served first. Arrays only.

A person's *relevance* of an item runs from 0 (their median candidate or worse) to 1 (their best one).
Their *satisfaction* with a list is the relevance it holds for them, as a part of what the best list of
that length for them alone would hold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

POOL = 500  # of each person's best candidates, what is looked at
FOR_SOMEBODY = 0.5  # an item is for those to whom it is at least half as relevant as to the keenest
MEAN_WEIGHT = 0.05  # what the others' gain counts beside the least-served one's


@dataclass(frozen=True, eq=False)
class FairList:
    """``columns`` [k] in order of choice; ``satisfaction`` [M] with all of them."""

    columns: Ints
    satisfaction: Floats


def relevance(scores: Floats) -> Floats:
    """Scores [M, n] of each person on a scale of their own, 0 to 1. One without preferences likes all."""
    if scores.shape[1] == 0:
        return np.zeros_like(scores)
    floor = np.median(scores, axis=1, keepdims=True)
    span = scores.max(axis=1, keepdims=True) - floor
    flat = span <= 0
    scaled = (scores - floor) / np.where(flat, 1, span)
    return np.asarray(np.where(flat, 1.0, np.clip(scaled, 0, 1)))


def fair_list(relevant: Floats, count: int) -> FairList:
    """``count`` columns of ``relevant`` [M, n], each chosen to lift the least-served person highest.

    The start of the list is as fair as the whole. Equal choices fall to the lowest column.
    """
    pool = _pool(relevant)
    count = min(count, len(pool))
    gain = relevant[:, pool] / _best_alone(relevant, count)[:, None]
    served, open_ = np.zeros(len(relevant)), np.ones(len(pool), dtype=bool)
    chosen = np.empty(count, dtype=np.int64)
    for place in range(count):
        after = served[:, None] + gain
        value = np.where(open_, after.min(axis=0) + MEAN_WEIGHT * after.mean(axis=0), -np.inf)
        chosen[place] = best = int(value.argmax())
        served, open_[best] = after[:, best], False
    return FairList(columns=pool[chosen], satisfaction=served)


def people_for(relevant: Floats) -> NDArray[np.bool_]:
    """[M, k] whether each item is for each person."""
    keenest = relevant.max(axis=0, keepdims=True)
    return np.asarray((relevant >= FOR_SOMEBODY * keenest) & (relevant > 0))


def _pool(relevant: Floats) -> Ints:
    """Columns among anybody's best, or among the best on average."""
    rows = np.vstack([relevant, relevant.mean(axis=0)])
    if rows.shape[1] <= POOL:
        return np.arange(rows.shape[1])
    return np.unique(np.argsort(-rows, axis=1, kind="stable")[:, :POOL])


def _best_alone(relevant: Floats, count: int) -> Floats:
    """What the best ``count`` columns hold for each person alone [M]."""
    if count == 0:
        return np.ones(len(relevant))
    held = np.sort(relevant, axis=1)[:, -count:].sum(axis=1)
    return np.where(held > 0, held, 1.0)
