"""What has to be known of all listeners, where whoever computes may hold some of them only.

Everything that a view derives across listeners is a sum over them or a count of equal keys. One process that holds
all of them is what `Hands` is; `graph.ml.distributed.group.Group` is one of several. No rule is written twice.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from graph.arrays import Ints, Rows


class HeldRows(Protocol):
    """Some rows of a table, whoever holds them."""

    def fetch(self, own: torch.Tensor) -> torch.Tensor:
        """These rows [n, …] of the table of which ``own`` is this one's range."""

    def add_back(self, into: torch.Tensor, values: torch.Tensor) -> None:
        """Add everybody's ``values`` [n, …] for these rows to whoever holds them; ``into`` is this one's range."""


class OwnRows:
    """Some rows of a table that one process holds."""

    def __init__(self, rows: Rows) -> None:
        self._rows = torch.from_numpy(rows)

    def fetch(self, own: torch.Tensor) -> torch.Tensor:
        return own.index_select(0, self._rows)

    def add_back(self, into: torch.Tensor, values: torch.Tensor) -> None:
        into.index_add_(0, self._rows, values)


class Hands:
    """All listeners and all items in one process."""

    rank, size = 0, 1

    def total(self, values: NDArray[Any]) -> NDArray[Any]:
        """The sum of everybody's ``values``, of one shape."""
        return values

    def counts(self, keys: NDArray[np.uint64]) -> Ints:
        """How often each of ``keys`` [n] occurs among everybody's [n]."""
        _, group, count = np.unique(keys, return_inverse=True, return_counts=True)
        return np.asarray(count[group], dtype=np.int64)

    def sum_(self, values: torch.Tensor) -> torch.Tensor:
        """``values``, in place the sum of everybody's."""
        return values

    def first(self, values: torch.Tensor) -> torch.Tensor:
        """The first worker's ``values``, in place: what another processor may round otherwise is computed once."""
        return values

    def stacked(self, values: torch.Tensor) -> torch.Tensor:
        """Everybody's ``values`` of one shape, one after another [size, …]."""
        return values[None]

    def most(self, value: int) -> int:
        """The largest of everybody's numbers."""
        return value

    def gathered(self, values: torch.Tensor) -> list[torch.Tensor]:
        """Everybody's rows [n, …], by rank."""
        return [values]

    def rows(self, bounds: Rows, needed: Rows) -> HeldRows:
        """The rows ``needed`` [n], ascending, of a table of which each one holds a range: ``bounds`` [size + 1]."""
        return OwnRows(needed)


ALONE = Hands()


def number(hands: Hands, value: float) -> float:
    """The sum of everybody's number."""
    return float(hands.total(np.array([value], dtype=np.float64))[0])
