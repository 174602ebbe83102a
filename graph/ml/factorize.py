"""The first singular vectors of stacked sparse rows, without multiplying out or copying them.

Randomized subspace iteration (Halko, Martinsson and Tropp, 2011). Only the side of the rows is made
orthogonal, and the last step goes through the small Gram matrix of what is left, so that beside the
rows themselves no more than two tables as long as the catalog are ever held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch

from graph.arrays import Doubles, Floats
from graph.ml.model import Link

OVERSAMPLES = 20
AT_ONCE = 2_000  # rows of a product multiplied out at a time


@dataclass(frozen=True)
class SparseProduct:
    """Some rows over items, as a product of sparse matrices (often of one)."""

    factors: tuple[sp.csr_matrix, ...]

    @property
    def shape(self) -> tuple[int, int]:
        return self.factors[0].shape[0], self.factors[-1].shape[1]

    def squares(self) -> Doubles:
        """Sum of the squares of each column [N]."""
        sums = np.zeros(self.shape[1])
        first, *others = self.factors
        for start in range(0, self.shape[0], AT_ONCE if others else max(self.shape[0], 1)):
            part = first[start : start + AT_ONCE] if others else first
            for factor in others:
                part = part @ factor
            sums += np.bincount(part.indices, part.data.astype(np.float64) ** 2, minlength=self.shape[1])
        return sums


class Stack:
    """Sparse products one below the other, their columns scaled: a matrix [M, N] known by its products."""

    def __init__(self, rows: Sequence[SparseProduct], column_scale: Floats) -> None:
        made: dict[int, Link] = {}  # a matrix that occurs twice is held once
        self._products = [
            [made.setdefault(id(factor), Link.of(factor)) for factor in part.factors] for part in rows
        ]
        self._ends = np.cumsum([part.shape[0] for part in rows])
        self._scale = torch.from_numpy(column_scale)[:, None]
        self.shape = (int(self._ends[-1]), len(column_scale))

    def times(self, values: torch.Tensor) -> torch.Tensor:
        """[N, k] to [M, k]."""
        scaled, products = values * self._scale, []
        for links in self._products:
            part = scaled
            for link in reversed(links):
                part = link.forward.sums(part)
            products.append(part)
        return torch.cat(products)

    def transposed_times(self, values: torch.Tensor) -> torch.Tensor:
        """[M, k] to [N, k]."""
        total = values.new_zeros(self.shape[1], values.shape[1])
        for links, part in zip(
            self._products, torch.tensor_split(values, self._ends[:-1].tolist()), strict=True
        ):
            for link in links:
                part = link.backward.sums(part.contiguous())  # noqa: PLW2901 it goes through the factors
            total += part
        return total.mul_(self._scale)


def right_singular(matrix: Stack, dims: int, *, rounds: int, seed: int) -> tuple[Floats, Floats]:
    """(singular values [k], right singular vectors [N, k]), k = min(dims, M, N), largest first."""
    width = min(dims + OVERSAMPLES, *matrix.shape)
    start = np.random.default_rng(seed).standard_normal((matrix.shape[0], width), dtype=np.float32)
    basis = torch.from_numpy(start)
    for _ in range(rounds + 1):
        basis = torch.linalg.qr(matrix.times(matrix.transposed_times(basis)))[0]
    projected = matrix.transposed_times(basis)
    gram = (projected.T @ projected).double()
    squared, turn = torch.linalg.eigh(gram)
    kept = slice(width - min(dims, width), width)
    singular = squared[kept].flip(0).clamp_min(1e-12).sqrt()
    turned = projected @ (turn[:, kept].flip(1) / singular).float()
    return singular.float().numpy(), turned.numpy()
