"""The nearest of many items without looking at every one: faiss' inverted lists over vectors, prior and moods.

A score is linear in an item's vector, prior and mood, ``[folded, prior's gain, felt] · [Q, prior, moods]``, but for what
evidence adds to its very own items and words to what is called so. Lists over these columns propose for the linear part;
`graph.serving.candidates` adds the rest. Only what is everybody's is in the lists: nothing else ever comes out of them.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from graph.arrays import Floats, Rows
from graph.serving.index import ItemIndex
from graph.serving.places import ascending

if TYPE_CHECKING:
    import faiss

logger = logging.getLogger(__name__)

PROBES = 256  # lists looked into, of about 2 · √items
SHARED = 96  # and for each of several queries that are asked together: what one passes over another finds
SAMPLE = 64  # items a list that centers are learned from
ROUNDS = 10  # of learning them
CHUNK = 65_536  # items copied at a time
EVEN = 16  # columns come in multiples of this: with any other number faiss looks at one byte at a time, which takes several times as long
FELT = 2  # columns of moods


class NearestItems:
    """Inverted lists over the open items of one index, a byte a column."""

    def __init__(self, index: ItemIndex) -> None:
        """Takes CPU seconds in proportion to items. Raises ImportError where faiss is not installed."""
        import faiss

        rows = np.flatnonzero(index.open)
        self._width = -(-(index.dim + 1 + FELT) // EVEN) * EVEN
        lists = max(int(2 * len(rows) ** 0.5), 1)
        self._centers = faiss.IndexFlatIP(self._width)  # the lists use it and do not own it
        self._lists: faiss.IndexIVFScalarQuantizer = faiss.IndexIVFScalarQuantizer(
            self._centers, self._width, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        self._search_parameters = faiss.SearchParametersIVF
        self._lists.cp.min_points_per_centroid = 1  # a small index is no reason to warn
        self._lists.cp.niter = ROUNDS
        if not len(rows):
            return
        drawn = rows[np.random.default_rng(0).permutation(len(rows))[: SAMPLE * lists]]
        self._lists.train(self._columns(index, np.sort(drawn)))
        for start in range(0, len(rows), CHUNK):
            some = rows[start : start + CHUNK]
            self._lists.add_with_ids(self._columns(index, some), some)

    @property
    def size(self) -> int:
        """Bytes of the lists: a byte a column and eight of an item's row, and the centers."""
        return int(self._lists.ntotal * (self._lists.code_size + 8) + self._lists.nlist * self._width * 4)

    def nearest(self, queries: Floats, asked: int, probes: int | None = None) -> Rows:
        """Rows that come nearest to any of ``queries`` [B, dim + 1 + FELT], ``asked`` for each as far as found (ascending).

        ``probes``: how many lists each looks into, where that is said.
        """
        padded = np.zeros((len(queries), self._width), dtype=np.float32)
        padded[:, : queries.shape[1]] = queries
        if not self._lists.ntotal:
            return np.zeros(0, dtype=np.int64)
        how = self._search_parameters()
        how.nprobe = min(probes or (PROBES if len(queries) == 1 else SHARED), self._lists.nlist)
        _, found = self._lists.search(padded, min(asked, self._lists.ntotal), params=how)
        return ascending(found[found >= 0])

    def _columns(self, index: ItemIndex, rows: Rows) -> Floats:
        """What of items the lists are over [len(rows), width]."""
        columns = np.zeros((len(rows), self._width), dtype=np.float32)
        columns[:, : index.dim] = index.query_rows(rows)
        columns[:, index.dim] = index.prior[rows] / index.prior_gain if index.prior_gain else 0
        if index.moods is not None:
            columns[:, index.dim + 1 : index.dim + 1 + FELT] = index.moods[rows]
        return columns


_building = threading.Lock()


def nearest_items(index: ItemIndex, *, wait: bool = False) -> NearestItems | None:
    """The index's lists, made once in a thread of their own and shared, with copies that weigh its vectors otherwise too.

    None while they are being made (unless ``wait``) and where faiss is not installed: score every item then.
    """
    with _building:
        future: Future[NearestItems | None] | None = index.memo.get("lists")
        if future is None:
            thread = ThreadPoolExecutor(1, "nearest-items")
            future = index.memo["lists"] = thread.submit(_made, index)
            thread.shutdown(wait=False)
    return future.result() if wait or future.done() else None


def _made(index: ItemIndex) -> NearestItems | None:
    try:
        lists = NearestItems(index)
    except ImportError:
        logger.warning("faiss is not installed: every one of %d items is scored for each request", len(index))
        return None
    index.table_drop()  # four times as large as all else, and from now on hardly ever asked
    return lists
