"""What has to be known of all listeners, where whoever computes may hold some of them only.

Everything that a view derives across listeners is a sum over them or a count of equal keys. One process that holds
all of them is what `Hands` is; `graph.ml.distributed.group.Group` is one of several. No rule is written twice.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from graph.arrays import Ints


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


ALONE = Hands()


def number(hands: Hands, value: float) -> float:
    """The sum of everybody's number."""
    return float(hands.total(np.array([value], dtype=np.float64))[0])
