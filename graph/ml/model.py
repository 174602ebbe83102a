"""The graph neural network: item vectors from plays, friendships and tags.

    item₀ = embedding + mean of its tags' embeddings
    user₁ = Σ items₀ + γ · Σ friends' user₁        (degree-normalized)
    item₁ = item₀ + a · Σ users₁ …                 (degree-normalized, one such step per layer)

There are no user parameters: a user is what their edges say, in training as in serving.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn
from torch_geometric.data import HeteroData
from torch_geometric.nn import MessagePassing

from graph.ml.data import EDGES, KNOWS, NAMES, PLAYED_BY, PLAYS, Edge


class Sums(Protocol):
    """A product with a matrix."""

    def sums(self, values: Tensor) -> Tensor:
        """[columns, d] to [rows, d]."""


@dataclass(frozen=True)
class Bags:
    """A sparse matrix by rows, each row a bag of (column, weight) to be added up.

    torch's embedding bag is the sparse product here: to the bit the same sums as its CSR product at a
    third of the time, with 32-bit indices.
    """

    starts: Tensor  # [rows + 1] int32
    columns: Tensor  # [E] int32
    weights: Tensor  # [E] float32, or float64 where sums must not depend on their order

    @classmethod
    def of(cls, matrix: sp.csr_matrix, dtype: torch.dtype = torch.float32) -> Bags:
        """Shares the matrix's memory where its types allow."""
        return cls(
            torch.from_numpy(matrix.indptr.astype(np.int32, copy=False)),
            torch.from_numpy(matrix.indices.astype(np.int32, copy=False)),
            torch.from_numpy(matrix.data).to(dtype),
        )

    def sums(self, values: Tensor) -> Tensor:
        """The product with ``values`` [columns, d], of the weights' type: [rows, d]."""
        if not len(self.columns):
            return values.new_zeros(len(self.starts) - 1, values.shape[1])
        return torch.embedding_bag(
            values,
            self.columns,
            self.starts,
            per_sample_weights=self.weights,
            include_last_offset=True,
        )[0]


@dataclass(frozen=True)
class Link:
    """Weighted edges target × source with their transpose, so that neither the forward nor the
    backward pass has to sort edges.
    """

    forward: Sums
    backward: Sums

    @classmethod
    def of(cls, matrix: sp.csr_matrix, dtype: torch.dtype = torch.float32) -> Link:
        return cls(Bags.of(matrix.tocsr(), dtype), Bags.of(matrix.T.tocsr(), dtype))

    @property
    def reversed(self) -> Link:
        """The same edges the other way, sharing their memory."""
        return Link(self.backward, self.forward)


class _Propagate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, link: Link) -> Tensor:
        ctx.link = link
        return link.forward.sums(values)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return ctx.link.backward.sums(grads[0].contiguous()), None


def propagate(values: Tensor, link: Link) -> Tensor:
    """Weighted sums of ``values`` rows along a link, differentiable in ``values``."""
    return cast("Tensor", _Propagate.apply(values, link))  # type: ignore[no-untyped-call]


class _UnitInPlace(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        length = torch.linalg.vector_norm(values, dim=1, keepdim=True).clamp_min_(1e-6)
        ctx.mark_dirty(values.div_(length))
        ctx.save_for_backward(values, length)
        return values

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        unit, length = ctx.saved_tensors
        along = torch.einsum("nd,nd->n", grads[0], unit)[:, None]
        # In place, too: whoever gathered this gradient has no more use for it.
        return grads[0].addcmul_(unit, along, value=-1).div_(length)


def unit_(values: Tensor) -> Tensor:
    """Set rows to length one (zero rows stay), in place: a large graph has room for few such tables."""
    return cast("Tensor", _UnitInPlace.apply(values))  # type: ignore[no-untyped-call]


class SparseSum(MessagePassing):  # type: ignore[misc]
    """Σ over neighbors of weight · vector, as one sparse product."""

    def forward(self, source: Tensor, link: Link) -> Tensor:
        return propagate(source, link)


class TasteNetwork(nn.Module):
    """Produces one unit vector per item; see the module's formula."""

    def __init__(self, start: Tensor, tags: int, layers: int) -> None:
        """``start`` [N, d] initial item embeddings, for example a truncated SVD."""
        super().__init__()
        self.embedding = nn.Parameter(start.clone())
        self.tag_embedding = nn.Parameter(torch.zeros(tags, start.shape[1]))
        self.friends = nn.Parameter(torch.tensor(0.3))
        self.mix = nn.Parameter(torch.full((layers,), 0.5))
        self.along = nn.ModuleDict({"__".join(edge): SparseSum() for edge in EDGES})

    def forward(self, links: dict[Edge, Link]) -> Tensor:
        """Item vectors [N, d], rows of length one (zero rows where nothing is known)."""

        def along(edge: Edge, source: Tensor) -> Tensor:
            return cast("Tensor", self.along["__".join(edge)](source, links[edge]))

        start = item = along(NAMES, self.tag_embedding).add_(self.embedding)
        heard: Tensor | None = None  # what every layer's users send, together: one pass back to items
        for layer, step in enumerate(self.mix):
            users = along(PLAYED_BY, item)
            users = users + self.friends * along(KNOWS, users)
            heard = step * users if heard is None else heard + step * users
            if layer + 1 < len(self.mix):
                item = along(PLAYS, users)
        return unit_(start if heard is None else along(PLAYS, heard).add_(start))


def links_of(data: HeteroData) -> dict[Edge, Link]:
    """Degree-normalized links: symmetric for plays and friends, a mean over tags for items."""
    played_by = Link.of(_normalized(_matrix(data, PLAYED_BY)))
    return {
        NAMES: Link.of(mean_rows(_matrix(data, NAMES))),
        PLAYED_BY: played_by,
        PLAYS: played_by.reversed,
        KNOWS: Link.of(_normalized(_matrix(data, KNOWS))),
    }


def _matrix(data: HeteroData, edge: Edge) -> sp.csr_matrix:
    """An edge type as target × source."""
    source, target = data[edge].edge_index.numpy()
    shape = (data[edge[2]].num_nodes, data[edge[0]].num_nodes)
    return sp.csr_matrix((data[edge].edge_weight.numpy(), (target, source)), shape=shape)


def _normalized(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """D_r^-½ M D_c^-½, on the matrix's own weights."""
    rows, columns = np.asarray(matrix.sum(axis=1)).ravel(), np.asarray(matrix.sum(axis=0)).ravel()
    left, right = (sp.diags(np.where(d > 0, d, 1) ** -0.5) for d in (rows, columns))
    return (left @ matrix @ right).tocsr()


def mean_rows(matrix: sp.csr_matrix) -> sp.csr_matrix:
    total = np.asarray(matrix.sum(axis=1)).ravel()
    return (sp.diags(1 / np.where(total > 0, total, 1)) @ matrix).tocsr()
