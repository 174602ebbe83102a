"""Listeners who are near copies of one another, and how little each of them then says.

Accounts made for the purpose play the same things beside what they push. How many copies somebody has is Σ over
everybody of J^BAND, where J is the share of items that two people have in common (Jaccard): 1 for oneself and for each
exact copy, next to nothing for two people of the same taste (0.2⁴ = 0.0016). The sum is estimated by min-hashing (Broder
1997), without comparing any two people: in a table of BAND hashes together, two of them meet with just that chance.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from graph.arrays import Floats, Ints

BAND, TABLES = 4, 24
FEWEST = 20  # items, below which two people may well play the same; so few beside a target move little
_WORD = np.uint64(0x9E3779B97F4A7C15)


def distinctness(plays: sp.csr_matrix) -> Floats:
    """The weight of each listener [U] of ``plays`` [U, N]: 1 over the number of near copies, themselves included."""
    size = np.diff(plays.indptr)
    asked = np.flatnonzero(size >= FEWEST)
    copies = np.zeros(len(asked))
    part = plays[asked]
    for table in range(TABLES if len(asked) else 0):
        key = np.zeros(len(asked), dtype=np.uint64)
        for band in range(BAND):
            hashed = _hashes(plays.shape[1], table * BAND + band)[part.indices]
            key = key * _WORD + np.minimum.reduceat(hashed, part.indptr[:-1]).astype(np.uint64)
        _, group, count = np.unique(key, return_inverse=True, return_counts=True)
        copies += count[group]
    weight = np.ones(len(size), dtype=np.float32)
    weight[asked] = TABLES / np.maximum(copies, TABLES)
    return weight


def distinct_people(plays: sp.csr_matrix, weight: Floats) -> Ints:
    """How many people play each item [N], near copies together as one: to the nearest, and never more than there are."""
    each = np.repeat(weight.astype(np.float64), np.diff(plays.indptr))
    people = np.bincount(plays.indices, weights=each, minlength=plays.shape[1])
    return np.asarray(np.rint(people), dtype=np.int64)


def _hashes(size: int, which: int) -> Ints:
    """A number for each item [size], as good as drawn, and the same each time."""
    return np.random.default_rng([which, 11]).permutation(size)
