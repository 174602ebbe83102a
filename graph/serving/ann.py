"""Candidates of large indexes without scoring every item: faiss' inverted lists, then the exact sum.

A score is linear in an item's vector and prior, ``[folded, 1] · [Q, prior]``, but for the identity terms of
the evidence's own items. So lists over ``[Q, prior]`` propose candidates for the first part, the own items
are added, and the caller scores them all by the full sum: nothing approximate reaches a score or a reason.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from graph.arrays import Floats, Rows
from graph.serving.channels import Evidence
from graph.serving.index import ItemIndex

if TYPE_CHECKING:
    import faiss

logger = logging.getLogger(__name__)

PROBES = 64  # lists looked into, of about 2 · √items
SAMPLE = 64  # items a list that centers are learned from
CHUNK = 65_536  # items copied at a time
SPARE = 64  # proposed beyond twice what is asked for: what rounding to a byte may misplace


class NearestItems:
    """Inverted lists over the vectors and prior of one index, a byte a column."""

    def __init__(self, index: ItemIndex) -> None:
        """Takes CPU seconds in proportion to items. Raises ImportError where faiss is not installed."""
        import faiss

        lists, dim = max(int(2 * len(index) ** 0.5), 1), index.dim + 1
        self._centers = faiss.IndexFlatIP(dim)  # the lists use it and do not own it
        self._lists: faiss.IndexIVFScalarQuantizer = faiss.IndexIVFScalarQuantizer(
            self._centers, dim, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        self._lists.nprobe = min(PROBES, lists)
        self._lists.cp.min_points_per_centroid = 1  # a small index is no reason to warn
        drawn = np.random.default_rng(0).permutation(len(index))[: SAMPLE * lists]
        self._lists.train(_with_prior(index, np.sort(drawn)))
        for start in range(0, len(index), CHUNK):
            self._lists.add(_with_prior(index, np.arange(start, min(start + CHUNK, len(index)))))

    @property
    def size(self) -> int:
        """Bytes of the lists: a byte a column and eight of an item's row, and the centers."""
        return int(self._lists.ntotal * (self._lists.code_size + 8) + self._lists.nlist * self._lists.d * 4)

    def candidates(
        self, index: ItemIndex, evidence: Evidence, known: Rows, k: int, *, with_prior: bool = True
    ) -> Rows | None:
        """Rows (ascending, without ``known``) among which the best ``k`` are to be found by their exact scores.

        None where fewer than ``k`` come up: then only the whole index can say.
        """
        query = np.append(index.fold([evidence])[0], np.float32(with_prior))[None, :]
        asked = min(2 * k + SPARE + len(known), len(index))
        _, proposed = self._lists.search(query, asked)
        rows = np.union1d(proposed[0][proposed[0] >= 0], index.own_rows(evidence))
        rows = np.setdiff1d(rows, known)
        return rows if len(rows) >= k else None


def _with_prior(index: ItemIndex, rows: Rows) -> Floats:
    return np.column_stack([index.query_rows(rows), index.prior[rows]])


_built: WeakKeyDictionary[ItemIndex, Future[NearestItems | None]] = WeakKeyDictionary()
_building = threading.Lock()


def nearest_items(index: ItemIndex, *, wait: bool = False) -> NearestItems | None:
    """The index's lists, made once in a thread of their own and shared.

    None while they are being made (unless ``wait``) and where faiss is not installed: score every item then.
    """
    with _building:
        future = _built.get(index)
        if future is None:
            thread = ThreadPoolExecutor(1, "nearest-items")
            future = _built[index] = thread.submit(_made, index)
            thread.shutdown(wait=False)
    return future.result() if wait or future.done() else None


def _made(index: ItemIndex) -> NearestItems | None:
    try:
        return NearestItems(index)
    except ImportError:
        logger.warning("faiss is not installed: every one of %d items is scored for each request", len(index))
        return None
