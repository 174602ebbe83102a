"""Products with matrices whose rows one worker holds, and whose columns lie with all of them.

Some columns of a table are taken at a time, so that the rows fetched from others never take more than ``BUFFER``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from graph.arrays import Reals, Rows
from graph.ml.distributed.group import Group, Halo
from graph.ml.model import Bags, Link

BUFFER = 2**24  # bytes of fetched rows
LINE = 64  # bytes of a row below which the processor fetches more than is used


@dataclass(frozen=True)
class Fetched:
    """Sums over columns that others hold: [own columns, d] to [own rows, d]."""

    bags: Bags
    halo: Halo
    largest: int  # of everybody's halos

    def sums(self, values: Tensor) -> Tensor:
        summed = values.new_empty(len(self.bags.starts) - 1, values.shape[1])
        for part in _slices(values, self.largest):
            summed[:, part] = self.bags.sums(self.halo.fetch(values[:, part].contiguous()))
        return summed


@dataclass(frozen=True)
class GivenBack:
    """The transposed product: [own rows, d] to [own columns, d], for which everybody's rows add up."""

    bags: Bags
    halo: Halo
    largest: int
    columns: int  # of this worker's own

    def sums(self, values: Tensor) -> Tensor:
        summed = values.new_zeros(self.columns, values.shape[1])
        for part in _slices(values, self.largest):
            self.halo.add_back(summed[:, part], self.bags.sums(values[:, part].contiguous()))
        return summed


def _slices(values: Tensor, largest: int) -> Iterator[slice]:
    row = values.element_size()
    width = max(BUFFER // max(largest * row, 1), LINE // row)
    return (slice(start, start + width) for start in range(0, values.shape[1], width))


@dataclass(frozen=True)
class Everybodys:
    """Sums over this worker's columns, which all add up: [own columns, d] to [rows, d], the same for each."""

    bags: Bags
    group: Group

    def sums(self, values: Tensor) -> Tensor:
        return self.group.sum_(self.bags.sums(values))


class Spread:
    """Where a worker's rows have entries, over columns of which each worker holds a range: one pattern, many weights."""

    def __init__(self, matrix: sp.csr_matrix, bounds: Rows, group: Group) -> None:
        """``matrix`` [own rows, all columns]; ``bounds`` [workers + 1] of the columns."""
        needed = np.unique(matrix.indices).astype(np.int64)
        self._columns = np.searchsorted(needed, matrix.indices).astype(np.int32)
        self._starts, self._shape = matrix.indptr, (matrix.shape[0], len(needed))
        self._halo = Halo(group, bounds, needed)
        self._largest = group.most(self._halo.largest)
        self._own = int(bounds[group.rank + 1] - bounds[group.rank])

    def link(self, weights: Reals, dtype: torch.dtype = torch.float32) -> Link:
        """The products with the matrix that has these entries."""
        matrix = sp.csr_matrix((weights, self._columns, self._starts), shape=self._shape)
        back = Bags.of(matrix.T.tocsr(), dtype)
        return Link(
            Fetched(Bags.of(matrix, dtype), self._halo, self._largest),
            GivenBack(back, self._halo, self._largest, self._own),
        )


def shared_link(matrix: sp.csr_matrix, group: Group, dtype: torch.dtype = torch.float32) -> Link:
    """A matrix [all rows, own columns]."""
    return Link(Everybodys(Bags.of(matrix.tocsr(), dtype), group), Bags.of(matrix.T.tocsr(), dtype))
