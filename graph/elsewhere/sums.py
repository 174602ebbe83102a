"""What people of other installations play and say, added up over the items of one kind. Nobody's row is in it.

Enters training beside the rows of the people here: a Gram matrix is a sum over rows, so that whoever adds up another's
sums learns what one holder of all rows would have learned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from graph.arrays import Doubles, Floats, Ints, Mask


@dataclass(frozen=True, kw_only=True)
class Starter:
    """Of the imported model: what a training here begins with."""

    codes: Floats  # [N, d] vectors of its network; zeros where it knows none
    known: Mask  # [N]
    spread: dict[str, float]  # of each source's scores over its listeners
    unit: float  # mean of log1p(count) among its plays
    blend: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Sums over listeners elsewhere, N items of this catalog; rows are free of the mean length, which only all know."""

    pairs: sp.csr_matrix  # [N, N] float64, symmetric: what two items' plays have in common
    rows: Floats  # [d, N] of the model that was imported: further rows, its words among them
    diagonal: Doubles  # [N] of all of it
    energy: float  # the part of the diagonal that comes with ``tags``, whose rows are measured by it
    people: Ints  # [N] about how many play each item
    listeners: int
    plays: int  # entries of all their rows
    tags: (
        sp.csr_matrix
    )  # [T, N] how many use each word for each item: the rows of this catalog's words, then others
    digests: tuple[str, ...] = ()  # SHA-256 of the documents it was added up from
    starter: Starter | None = field(default=None, compare=False)

    def times(self, values: Doubles) -> Doubles:
        """The product of the plays' Gram matrix with ``values`` [N, k]."""
        return np.asarray(self.pairs @ values + self.rows.T.astype(np.float64) @ (self.rows @ values))

    @property
    def digest(self) -> bytes:
        """What tells these sums from others, for a snapshot's hash."""
        return "\n".join(self.digests).encode()


def added(one: sp.csr_matrix, other: sp.csr_matrix) -> sp.csr_matrix:
    """Both matrices as one, the rows that only the longer one has beneath the others."""
    rows = max(one.shape[0], other.shape[0])
    grown = [sp.csr_matrix(matrix, copy=True) for matrix in (one, other)]
    for matrix in grown:
        matrix.resize(rows, matrix.shape[1])
    return (grown[0] + grown[1]).tocsr()
