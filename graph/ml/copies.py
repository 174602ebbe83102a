"""Listeners who are near copies of one another, and how little each of them then says.

Accounts made for the purpose play the same things beside what they push. How many copies somebody has is Σ over
everybody of J^BAND, where J is the share of items that two people have in common (Jaccard): 1 for oneself and for each
exact copy, next to nothing for two people of the same taste (0.2⁴ = 0.0016). The sum is estimated by min-hashing (Broder
1997), without comparing any two people: in a table of BAND hashes together, two of them meet with just that chance.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.arrays import Floats, Ints
from graph.ml.hands import ALONE, Hands

BAND, TABLES = 4, 24
FEWEST = 20  # items, below which two people may well play the same; so few beside a target move little
_WORD, _SECOND, _THIRD = (
    np.uint64(word) for word in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)


def distinctness(plays: sp.csr_matrix, hands: Hands = ALONE) -> Floats:
    """The weight of each listener [U] of ``plays`` [U, N]: 1 over the number of near copies, themselves included.

    The copies are those among all listeners, of whom ``plays`` are one worker's.
    """
    size = np.diff(plays.indptr)
    asked = np.flatnonzero(size >= FEWEST)
    copies = np.zeros(len(asked))
    part = plays[asked]
    for table in range(TABLES):
        key = np.zeros(len(asked), dtype=np.uint64)
        for band in range(BAND):
            hashed = _hashes(plays.shape[1], table * BAND + band)[part.indices]
            if len(asked):
                key = key * _WORD + np.minimum.reduceat(hashed, part.indptr[:-1]).astype(np.uint64)
        copies += hands.counts(key)
    weight = np.ones(len(size), dtype=np.float32)
    weight[asked] = TABLES / np.maximum(copies, TABLES)
    return weight


def distinct_people(plays: sp.csr_matrix, weight: Floats, hands: Hands = ALONE) -> Ints:
    """How many people play each item [N], near copies together as one: to the nearest, and never more than there are.

    Of all people, of whom ``plays`` are one worker's.
    """
    each = np.repeat(weight.astype(np.float64), np.diff(plays.indptr))
    people = np.bincount(plays.indices, weights=each, minlength=plays.shape[1])
    return np.asarray(np.rint(hands.total(people)), dtype=np.int64)


def _hashes(size: int, which: int) -> NDArray[np.uint32]:
    """A number for each item [size], as good as drawn, and the same each time (SplitMix64's last steps)."""
    mixed = np.arange(1, size + 1, dtype=np.uint64) * _WORD + np.uint64(((which + 1) * int(_SECOND)) % 2**64)
    for shift, factor in ((np.uint64(30), _SECOND), (np.uint64(27), _THIRD)):
        mixed = (mixed ^ (mixed >> shift)) * factor
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(32)).astype(np.uint32)
