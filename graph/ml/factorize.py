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
from graph.ml.hands import ALONE, Hands
from graph.ml.model import Link, Sums

OVERSAMPLES = 20
AT_ONCE = 2_000  # rows of a product multiplied out at a time
BLOCK = 2**16  # rows of a table that are drawn, or turned in double precision, at a time
COLUMNS, FEWEST = 32, 8  # of a table that are taken at a time: more of them leave the processor's cache
BYTES = 2**25  # of such a part of a table in double precision, as long as it has the fewest columns
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

    def times_(self, values: torch.Tensor) -> torch.Tensor:
        """The product with ``values`` [N, k], float64: [N, k]. What they were is gone."""


class Product(Protocol):
    """A matrix, known by its products."""

    @property
    def forward(self) -> Sums: ...  # with the matrix

    @property
    def backward(self) -> Sums: ...  # with its transpose


class Stack:
    """The Gram matrix AᵀA of products of matrices one below the other, A [M, N], its columns scaled."""

    def __init__(
        self, products: Sequence[Sequence[Product]], column_scale: Doubles, size: int | None = None
    ) -> None:
        """``column_scale`` is of the items whose values ``times`` is given: all N, or one worker's own."""
        self._products = [tuple(product) for product in products]
        self._scale = torch.from_numpy(column_scale)[:, None]
        self.size = len(column_scale) if size is None else size

    @classmethod
    def of(cls, rows: Sequence[SparseProduct], column_scale: Floats | Doubles) -> Stack:
        made: dict[int, Link] = {}  # a matrix that occurs twice is held once
        products = [
            [made.setdefault(id(factor), Link.of(factor, torch.float64)) for factor in part.factors]
            for part in rows
        ]
        return cls(products, column_scale.astype(np.float64))

    def times_(self, values: torch.Tensor) -> torch.Tensor:
        return _added_up(self._products, values.mul_(self._scale)).mul_(self._scale)


def _added_up(products: Sequence[tuple[Product, ...]], values: torch.Tensor) -> torch.Tensor:
    """Σ MᵀM values over the products M; what two of them begin with is computed once."""
    by_last: dict[int, list[tuple[Product, ...]]] = {}
    for product in products:
        by_last.setdefault(id(product[-1]), []).append(product)
    total: torch.Tensor | None = None
    for same in by_last.values():
        last = same[0][-1]
        part = last.forward.sums(values)
        rest = [product[:-1] for product in same if len(product) > 1]
        alone = len(same) - len(rest)
        inner = _added_up(rest, part).add_(part, alpha=alone) if rest else part.mul_(alone)
        back = last.backward.sums(inner)
        total = back if total is None else total.add_(back)
    return torch.zeros_like(values) if total is None else total


Span = tuple[int, int | None]
ALL: Span = (0, None)


def eigenvectors(
    gram: Gram, dims: int, *, rounds: int, seed: int, hands: Hands = ALONE, own: Span = ALL
) -> tuple[Floats, Floats]:
    """(eigenvalues [k], eigenvectors [N, k]) of the largest, k = min(dims, rank), largest first, signs made definite.

    One of many workers holds the rows ``own`` of all tables [N, .], and ``gram`` takes and gives those.
    """
    width = min(dims + OVERSAMPLES, gram.size)
    basis = torch.from_numpy(_drawn(seed, width, *slice(*own).indices(gram.size)[:2]))
    for _ in range(rounds + 1):
        basis = _orthonormal(_product(gram, basis), hands)
    values, turn = _eigen(_inner(basis, _product(gram, basis), hands), hands)
    vectors = _turned(basis, turn[:, :dims])
    return values[:dims].float().numpy(), (vectors.mul_(_signs(vectors, hands))).numpy()


def _drawn(seed: int, width: int, start: int, stop: int) -> Floats:
    """Rows ``start`` to ``stop`` of the table from which the iteration starts [stop - start, width]: whoever draws
    some of its rows draws the same.
    """
    rows = np.empty((stop - start, width), dtype=np.float32)
    for block in range(start // BLOCK, -(-stop // BLOCK)):
        rng, begin = np.random.Generator(np.random.PCG64(seed).jumped(block)), block * BLOCK
        first, last = max(start, begin), min(stop, begin + BLOCK)
        drawn = rng.standard_normal((last - begin, width), dtype=np.float32)
        rows[first - start : last - start] = drawn[first - begin :]
    return rows


def _signs(vectors: torch.Tensor, hands: Hands) -> torch.Tensor:
    """The sign of each column's largest entry [k], the first of equals."""
    if len(vectors):
        largest = vectors.gather(0, vectors.abs().argmax(dim=0, keepdim=True))[0]
    else:
        largest = vectors.new_zeros(vectors.shape[1])
    every = hands.stacked(largest)
    return every.gather(0, every.abs().argmax(dim=0, keepdim=True))[0].sign()


def _product(gram: Gram, values: torch.Tensor) -> torch.Tensor:
    """[N, k] in single precision, some columns at a time."""
    product = torch.empty_like(values)
    width = max(FEWEST, min(COLUMNS, BYTES // (8 * max(len(values), 1))))
    for start in range(0, values.shape[1], width):
        part = slice(start, start + width)
        product[:, part] = gram.times_(values[:, part].double())
    return product


def _orthonormal(values: torch.Tensor, hands: Hands) -> torch.Tensor:
    """An orthonormal basis of what these columns span; the second time for what the first one's rounding left."""
    for _ in range(2):
        scale, turn = _eigen(_inner(values, values, hands), hands)
        values = _turned(values, turn / scale.sqrt())
    return values


def _turned(values: torch.Tensor, turn: torch.Tensor) -> torch.Tensor:
    """Values · turn in single precision, multiplied in double: some rows at a time."""
    turned = values.new_empty(len(values), turn.shape[1])
    for start in range(0, len(values), BLOCK):
        part = slice(start, start + BLOCK)
        turned[part] = values[part].double() @ turn
    return turned


def _inner(left: torch.Tensor, right: torch.Tensor, hands: Hands) -> torch.Tensor:
    """The products of all columns [k, k]."""
    total = torch.zeros(left.shape[1], right.shape[1], dtype=torch.float64)
    for start in range(0, len(left), BLOCK):
        part = slice(start, start + BLOCK)
        total.addmm_(left[part].double().T, right[part].double())
    return hands.sum_(total)


def _eigen(matrix: torch.Tensor, hands: Hands) -> tuple[torch.Tensor, torch.Tensor]:
    """Eigenvalues, largest first, and eigenvectors of a symmetric matrix, without those that are rounding."""
    values, vectors = torch.linalg.eigh((matrix + matrix.T) / 2)
    values, vectors = hands.first(values), hands.first(vectors.contiguous())
    kept = values > LEAST * values.clamp_min(0).sum()
    return values[kept].flip(0), vectors[:, kept].flip(1)
