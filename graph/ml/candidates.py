"""Which items stand in for all of them, where a softmax over every item is estimated."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor

from graph.arrays import Rows


class Candidates:
    """Drawn half evenly and half by popularity, each counted by the inverse of its chance (Bengio and Senécal, 2008)."""

    def __init__(self, listeners: NDArray[np.integer], size: int) -> None:
        """``listeners`` [N] of each item; ``size`` draws, of which some fall together."""
        chance = 0.5 / len(listeners) + 0.5 * listeners / max(int(listeners.sum()), 1)
        self._cumulative = np.cumsum(chance / chance.sum())
        self._log_expected = np.log(size * chance / chance.sum())
        self._size = size
        self._slot = np.full(len(listeners), -1, dtype=np.int32)

    def draw(self, rng: np.random.Generator) -> tuple[Rows, Tensor]:
        """Different items [S], and for each the logarithm of how many it stands for [S]."""
        drawn = np.searchsorted(self._cumulative, rng.random(self._size))
        items, times = np.unique(np.minimum(drawn, len(self._slot) - 1), return_counts=True)
        return items, torch.from_numpy(np.log(times) - self._log_expected[items]).float()

    def played(self, plays: sp.csr_matrix, items: Rows) -> tuple[Tensor, Tensor]:
        """Where a listener (row) plays a candidate (column): not a wrong answer."""
        self._slot[items] = np.arange(len(items), dtype=np.int32)
        column = self._slot[plays.indices]
        self._slot[items] = -1
        row = np.repeat(np.arange(plays.shape[0]), np.diff(plays.indptr))
        is_candidate = column >= 0
        return torch.from_numpy(row[is_candidate]), torch.from_numpy(column[is_candidate]).long()


class Everyone(Candidates):
    """Every item stands in for itself."""

    def __init__(self, items: int) -> None:
        self._slot = np.full(items, -1, dtype=np.int32)

    def draw(self, rng: np.random.Generator) -> tuple[Rows, Tensor]:
        return np.arange(len(self._slot)), torch.zeros(len(self._slot))
