"""The network's loss: each play is told from the listener's *other* plays, against what stands in for every other item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn

from graph.arrays import Rows
from graph.ml.candidates import Candidates
from graph.ml.config import NetworkConfig

NEVER = -1e9  # a logit


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
        chosen = np.flatnonzero(rng.random(plays.nnz) < share) if share < 1 else np.arange(plays.nnz)
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
        without = taste.index_select(0, self.row) - self.weight[:, None] * hits
        hit = (without * hits).sum(1) * self.scale[self.row] + hit_odds
        logits = torch.addmm(other_odds + self.stands_for, taste * self.scale[:, None], others.T)
        logits = logits.index_put(self.played, torch.tensor(NEVER))
        rest = torch.logsumexp(logits, dim=1)
        return nn.functional.softplus(rest[self.row] - hit).sum()


def nearer_than_others(
    left: Tensor, right: Tensor, place: int, pairs: sp.csr_matrix, temperature: float
) -> Tensor:
    """Σ over ``pairs`` [m, M]: friends' tastes should be nearer than other people's.

    ``left`` [m, d] and ``right`` [M, d] have length one; the rows of ``left`` are those of ``right`` from ``place`` on.
    """
    logits = left @ right.T / temperature
    own = torch.arange(len(left))
    logits = logits.index_put((own, own + place), torch.tensor(NEVER))
    friends = pairs.tocoo()
    row, column = torch.from_numpy(friends.row).long(), torch.from_numpy(friends.col).long()
    return (torch.logsumexp(logits, dim=1)[row] - logits[row, column]).sum()


def friends_loss(
    left: Tensor, right: Tensor, pairs: Tensor, others: Tensor, first: int, temperature: float
) -> Tensor:
    """Σ over friendships: each left end's taste [m, d] should be nearer to its friend's than to other people's friends.

    ``right`` [M, d] are the tastes of all friends compared, ``others`` [2, M] who these friendships are of, and
    ``pairs`` [2, m] are those from ``first`` on.
    """
    left, right = (unit(taste) for taste in (left, right))
    logits = left @ right.T / temperature
    friend = torch.arange(first, first + pairs.shape[1])
    same = (pairs[0][:, None] == others[1]) | (pairs[0][:, None] == others[0])
    same |= pairs[1][:, None] == others[1]
    same[torch.arange(len(friend)), friend] = False
    return nn.functional.cross_entropy(logits.masked_fill(same, NEVER), friend, reduction="sum")


def unit(taste: Tensor) -> Tensor:
    return nn.functional.normalize(taste, dim=1, eps=1e-6)


def scales(plays: sp.csr_matrix, config: NetworkConfig) -> Tensor:
    """What each listener's products are multiplied by [U]."""
    scale = np.maximum(np.diff(plays.indptr), 1) ** -config.count_power / config.temperature
    return torch.from_numpy(scale).float()


def leaf(values: Tensor) -> Tensor:
    """The values as something gradients are taken by."""
    return values.detach().requires_grad_()


def gradient(values: Tensor) -> Tensor:
    """The gradient of a leaf, nothing where no loss reached it."""
    return torch.zeros_like(values) if values.grad is None else values.grad
