"""Training on large graphs: one step an epoch through all links, its loss estimated from samples.

A mini-batch of listeners still needs every item's vector, that is, a pass over the whole graph; with
listeners growing along with plays, an epoch of mini-batches costs the square of the plays. Here an
epoch is one forward and one backward pass over all links, and between them a loss whose memory does
not grow with the graph: plays are sampled evenly, and the softmax over all items is estimated from
candidates drawn half evenly and half by popularity, each counted by the inverse of its chance
(Bengio and Senécal, 2008). Gradients of vectors are gathered piece by piece and sent back once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from graph.arrays import Rows
from graph.ml.config import NetworkConfig
from graph.ml.data import Edge, View
from graph.ml.model import Link, TasteNetwork

LISTENERS = 1024  # whose loss is taken at a time
FRIENDSHIPS = 2048  # compared in an epoch


@dataclass(frozen=True, kw_only=True)
class EpochCost:
    """CPU seconds of one epoch, and its mean loss."""

    propagation: float  # through all links, forward and backward
    loss: float
    update: float
    mean_loss: float

    @property
    def total(self) -> float:
        return self.propagation + self.loss + self.update


@dataclass(frozen=True, kw_only=True)
class Vectors:
    """What an epoch computed from the parameters, and the gradients of the loss by it."""

    items: Tensor  # [N, d]
    tastes: Tensor  # [U, d] each listener's plays added up
    items_grad: Tensor  # [N, d]
    tastes_grad: Tensor  # [U, d]

    @classmethod
    def of(cls, network: TasteNetwork, links: dict[Edge, Link], listening: Link) -> Vectors:
        items = network(links)
        tastes = listening.forward.sums(items.detach())
        return cls(
            items=items,
            tastes=tastes,
            items_grad=torch.zeros_like(items),
            tastes_grad=torch.zeros_like(tastes),
        )

    def backward(self, listening: Link) -> None:
        """From the gathered gradients to those of the parameters."""
        self.items_grad.add_(listening.backward.sums(self.tastes_grad))
        self.items.backward(self.items_grad)  # type: ignore[no-untyped-call]


class Candidates:
    """Which items stand in for all of them in one piece of the loss."""

    def __init__(self, listeners: NDArray[np.integer], size: int) -> None:
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

    def draw(self, rng: np.random.Generator) -> tuple[Rows, Tensor]:
        return np.arange(len(self._slot)), torch.zeros(len(self._slot))


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Sampled plays of some listeners [L], and the candidates that these are compared with."""

    row: Tensor  # [P] of the listeners
    column: Tensor  # [P] items
    weight: Tensor  # [P]
    scale: Tensor  # [L]
    drawn: Rows  # [S] items
    stands_for: Tensor  # [S]
    played: tuple[Tensor, Tensor]  # where a listener plays a candidate

    @classmethod
    def of(
        cls,
        plays: sp.csr_matrix,
        scale: Tensor,
        candidates: Candidates,
        share: float,
        rng: np.random.Generator,
    ) -> Piece | None:
        """Each of ``plays`` [L, N] with the chance ``share``; nothing where none of them is drawn."""
        chosen = np.flatnonzero(rng.random(plays.nnz) < share)
        if not len(chosen):
            return None
        drawn, stands_for = candidates.draw(rng)
        return cls(
            row=torch.from_numpy(np.searchsorted(plays.indptr, chosen, side="right") - 1),
            column=torch.from_numpy(plays.indices[chosen]).long(),
            weight=torch.from_numpy(plays.data[chosen]),
            scale=scale,
            drawn=drawn,
            stands_for=stands_for,
            played=candidates.played(plays, drawn),
        )

    def loss(
        self, hits: Tensor, hit_odds: Tensor, others: Tensor, other_odds: Tensor, taste: Tensor
    ) -> Tensor:
        """Σ over the plays of the negative log-likelihood, from vectors of the items that are played
        [P, d] and drawn [S, d], the logarithms of their odds, and the listeners' tastes [L, d].
        """
        without = taste[self.row] - self.weight[:, None] * hits
        hit = (without * hits).sum(1) * self.scale[self.row] + hit_odds
        logits = torch.addmm(other_odds + self.stands_for, taste * self.scale[:, None], others.T)
        logits = logits.index_put(self.played, torch.tensor(-1e9))
        rest = torch.logsumexp(logits, dim=1)
        return nn.functional.softplus(rest[self.row] - hit).sum()


def friends_loss(
    left: Tensor, right: Tensor, pairs: Tensor, others: Tensor, first: int, temperature: float
) -> Tensor:
    """Σ over friendships: each left end's taste [m, d] should be nearer to its friend's than to other people's friends.

    ``right`` [M, d] are the tastes of all friends compared, ``others`` [2, M] who these friendships are of, and
    ``pairs`` [2, m] are those from ``first`` on.
    """
    left, right = (nn.functional.normalize(taste, dim=1, eps=1e-6) for taste in (left, right))
    logits = left @ right.T / temperature
    friend = torch.arange(first, first + pairs.shape[1])
    same = (pairs[0][:, None] == others[1]) | (pairs[0][:, None] == others[0])
    same |= pairs[1][:, None] == others[1]
    same[torch.arange(len(friend)), friend] = False
    return nn.functional.cross_entropy(logits.masked_fill(same, -1e9), friend, reduction="sum")


def scales(plays: sp.csr_matrix, config: NetworkConfig) -> Tensor:
    """What each listener's products are multiplied by [U]."""
    scale = np.maximum(np.diff(plays.indptr), 1) ** -config.count_power / config.temperature
    return torch.from_numpy(scale).float()


class FullBatch:
    """Epochs over one view's whole graph."""

    def __init__(self, view: View, links: dict[Edge, Link], config: NetworkConfig) -> None:
        self._plays: sp.csr_matrix = view.strength
        self._friends = sp.triu(view.friends, format="coo")
        self._links, self._config = links, config
        self._listening = Link.of(self._plays)
        self._candidates = Candidates(view.listeners, config.full_batch_items)
        self._scale = scales(self._plays, config)

    def epoch(
        self,
        network: TasteNetwork,
        popularity: Tensor,
        optimizer: torch.optim.Optimizer,
        rng: np.random.Generator,
    ) -> EpochCost:
        """One step; ``popularity`` [N] is a parameter, the logarithm of an item's odds."""
        start = time.process_time()
        optimizer.zero_grad()
        vectors = Vectors.of(network, self._links, self._listening)
        forward = time.process_time()
        starts = range(0, self._plays.shape[0], LISTENERS)
        loss = sum(
            [self._piece(vectors, popularity, slice(start, start + LISTENERS), rng) for start in starts]
        )
        if self._config.friend_weight and self._friends.nnz:
            loss += self._friendships(vectors, rng)
        gathered = time.process_time()
        vectors.backward(self._listening)
        backward = time.process_time()
        optimizer.step()
        return EpochCost(
            propagation=forward - start + backward - gathered,
            loss=gathered - forward,
            update=time.process_time() - backward,
            mean_loss=loss,
        )

    def _piece(self, vectors: Vectors, popularity: Tensor, part: slice, rng: np.random.Generator) -> float:
        """The part's share of the mean loss over plays; its gradients go to ``vectors``."""
        share = min(1.0, self._config.sampled_plays / self._plays.nnz)
        piece = Piece.of(self._plays[part], self._scale[part], self._candidates, share, rng)
        if piece is None:
            return 0.0
        drawn = torch.from_numpy(piece.drawn)
        hits = leaf(vectors.items[piece.column])
        others = leaf(vectors.items[drawn])
        taste = leaf(vectors.tastes[part])
        summed = piece.loss(hits, popularity[piece.column], others, popularity[drawn], taste)
        loss: Tensor = summed / (share * self._plays.nnz)
        loss.backward()  # type: ignore[no-untyped-call]
        vectors.items_grad.index_add_(0, piece.column, grad(hits))
        vectors.items_grad.index_add_(0, drawn, grad(others))
        vectors.tastes_grad[part] += grad(taste)
        return loss.item()

    def _friendships(self, vectors: Vectors, rng: np.random.Generator) -> float:
        """Friends should be nearer in taste than other people's friends are."""
        chosen = rng.permutation(self._friends.nnz)[:FRIENDSHIPS]
        ends = torch.from_numpy(np.stack([self._friends.row[chosen], self._friends.col[chosen]])).long()
        left, right = (leaf(vectors.tastes[end]) for end in ends)
        summed = friends_loss(left, right, ends, ends, 0, self._config.temperature)
        loss = self._config.friend_weight * summed / len(chosen)
        loss.backward()  # type: ignore[no-untyped-call]
        for end, taste in zip(ends, (left, right), strict=True):
            vectors.tastes_grad.index_add_(0, end, grad(taste))
        return loss.item()


def leaf(values: Tensor) -> Tensor:
    """The values as something gradients are taken by."""
    return values.detach().requires_grad_()


def grad(values: Tensor) -> Tensor:
    """The gradient of a leaf that the loss has reached."""
    if values.grad is None:
        raise RuntimeError("the loss does not reach these vectors")
    return values.grad
