"""Where in an array something stands: keys among sorted keys, and the highest of each row. Knows nothing of models."""

from __future__ import annotations

import numpy as np

from graph.arrays import Floats, Ids, Rows


def top_rows(scores: Floats, k: int) -> Rows:
    """The ``k`` highest columns of each row [B, k], best first; equal scores by lowest column."""
    k = min(k, scores.shape[1])
    part = np.argpartition(scores, -k, axis=1)[:, -k:] if k < scores.shape[1] else None
    chosen = np.sort(part, axis=1) if part is not None else np.broadcast_to(np.arange(k), scores.shape)
    order = np.argsort(-np.take_along_axis(scores, chosen, axis=1), axis=1, kind="stable")
    return np.take_along_axis(chosen, order, axis=1)


def positions(sorted_ids: Ids, ids: Ids) -> Rows:
    """The place of each of ``ids`` in ``sorted_ids``, which ascend; -1 where it is not there."""
    ids = np.asarray(ids, dtype=np.int64)
    if not len(sorted_ids):
        return np.full(ids.shape, -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(sorted_ids, ids), len(sorted_ids) - 1)
    return np.where(sorted_ids[place] == ids, place, -1)
