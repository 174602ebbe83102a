"""The first eigenvectors of a Gram matrix that is known by its products alone: never multiplied out, and added up.

Randomized subspace iteration (Halko, Martinsson and Tropp, 2011) on the side of the items. A Gram matrix is a sum over
rows, so whoever holds some of the rows brings a part of each product, and the parts add up to what one holder of all
would have computed. Sums are taken in double precision: in which order they are added does not show in the vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse as sp
import torch

from graph.arrays import Doubles, Floats
from graph.ml.model import Link

OVERSAMPLES = 20
AT_ONCE = 2_000  # rows of a product multiplied out at a time
COLUMNS = 32  # of a table that are taken at a time: more of them leave the processor's cache
LEAST = 1e-12  # of the sum of all eigenvalues, below which a direction is nothing but rounding


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


class Gram(Protocol):
    """A symmetric matrix [N, N] without negative eigenvalues."""

    size: int  # N

    def times(self, values: torch.Tensor) -> torch.Tensor:
        """The product with ``values`` [N, k], float64: [N, k]."""


class Stack:
    """The Gram matrix AᵀA of sparse products one below the other, A [M, N], its columns scaled."""

    def __init__(self, rows: Sequence[SparseProduct], column_scale: Floats | Doubles) -> None:
        made: dict[int, Link] = {}  # a matrix that occurs twice is held once
        self._products = [
            [made.setdefault(id(factor), Link.of(factor, torch.float64)) for factor in part.factors]
            for part in rows
        ]
        self._scale = torch.from_numpy(column_scale.astype(np.float64))[:, None]
        self.size = len(column_scale)

    def times(self, values: torch.Tensor) -> torch.Tensor:
        scaled = values * self._scale
        total = torch.zeros_like(scaled)
        for links in self._products:
            part = scaled
            for link in reversed(links):
                part = link.forward.sums(part)
            for link in links:
                part = link.backward.sums(part)
            total += part
        return total.mul_(self._scale)


def eigenvectors(gram: Gram, dims: int, *, rounds: int, seed: int) -> tuple[Floats, Floats]:
    """(eigenvalues [k], eigenvectors [N, k]) of the largest, k = min(dims, rank), largest first, signs made definite."""
    width = min(dims + OVERSAMPLES, gram.size)
    start = np.random.default_rng(seed).standard_normal((gram.size, width), dtype=np.float32)
    basis = torch.from_numpy(start)
    for _ in range(rounds + 1):
        basis = _orthonormal(_product(gram, basis))
    values, turn = _eigen(_inner(basis, _product(gram, basis)))
    vectors = basis.double() @ turn[:, :dims]
    largest = vectors.gather(0, vectors.abs().argmax(dim=0, keepdim=True))
    return values[:dims].float().numpy(), (vectors * largest.sign()).float().numpy()


def _product(gram: Gram, values: torch.Tensor) -> torch.Tensor:
    """[N, k] in single precision, some columns at a time."""
    product = torch.empty_like(values)
    for start in range(0, values.shape[1], COLUMNS):
        part = slice(start, start + COLUMNS)
        product[:, part] = gram.times(values[:, part].double())
    return product


def _orthonormal(values: torch.Tensor) -> torch.Tensor:
    """An orthonormal basis of what these columns span; the second time for what the first one's rounding left."""
    for _ in range(2):
        scale, turn = _eigen(_inner(values, values))
        values = (values.double() @ (turn / scale.sqrt())).float()
    return values


def _inner(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """The products of all columns [k, k]."""
    return left.double().T @ right.double()


def _eigen(matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Eigenvalues, largest first, and eigenvectors of a symmetric matrix, without those that are rounding."""
    values, vectors = torch.linalg.eigh((matrix + matrix.T) / 2)
    kept = values > LEAST * values.clamp_min(0).sum()
    return values[kept].flip(0), vectors[:, kept].flip(1)
