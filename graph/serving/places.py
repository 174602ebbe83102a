"""Where in an array something stands: keys among sorted keys, and the highest of each row. Knows nothing of models."""

from __future__ import annotations

import numpy as np

from graph.arrays import Floats, Ids, Reals, Rows

BLOCK = 16  # values looked at as one, to find a bound


def top_places(values: Reals, k: int) -> Rows:
    """The places of the ``k`` highest values [n], best first; equal values by lowest place.

    A partition of all would be no faster, and takes ten times as long where thousands of values are equal: so it is
    with items that nobody plays and no tag describes.
    """
    places = np.arange(len(values))
    blocks = len(values) // BLOCK
    if 0 < k < blocks:
        # So many blocks hold a value that is at least `lowest`; nothing beneath can be among the best.
        best = values[: blocks * BLOCK].reshape(BLOCK, blocks).max(axis=0)
        lowest = np.partition(best, blocks - k)[blocks - k]
        places = np.flatnonzero(values >= lowest)
    return places[np.argsort(-values[places], kind="stable")][:k]


def top_rows(scores: Floats, k: int) -> Rows:
    """The ``k`` highest columns of each row [B, k], as `top_places`."""
    best = np.empty((len(scores), min(k, scores.shape[1])), dtype=np.int64)
    for place, row in enumerate(scores):
        best[place] = top_places(row, k)
    return best


def positions(sorted_ids: Ids, ids: Ids) -> Rows:
    """The place of each of ``ids`` in ``sorted_ids``, which ascend; -1 where it is not there."""
    ids = np.asarray(ids, dtype=np.int64)
    if not len(sorted_ids):
        return np.full(ids.shape, -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(sorted_ids, ids), len(sorted_ids) - 1)
    return np.where(sorted_ids[place] == ids, place, -1)


def found(sorted_rows: Rows, rows: Rows) -> Rows:
    """The places in ``sorted_rows``, which ascend, of those of ``rows`` that are there."""
    place = positions(sorted_rows, rows)
    return place[place >= 0]


def ascending(rows: Rows) -> Rows:
    """Each of ``rows`` once, in order. Of rows, numpy's own is several times slower: it looks for what is equal by a hash."""
    rows = np.sort(rows)
    return rows[np.append(True, rows[1:] != rows[:-1])] if len(rows) else rows
