"""The network, trained by all workers: each takes the loss of its own listeners, and holds what belongs to its own items.

Parameters of items (embeddings, odds) lie with the items' workers, as do their gradients and the optimizer's moments.
The few others are everybody's, and their gradients add up. Loss and steps are those of `graph.ml.learn` and
`graph.ml.full_batch`; only what is drawn by chance differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from graph.arrays import Doubles, Floats, Rows
from graph.ml.config import NetworkConfig
from graph.ml.data import KNOWS, NAMES, PLAYED_BY, PLAYS, Edge
from graph.ml.distributed.group import Halo
from graph.ml.distributed.links import Spread
from graph.ml.distributed.share import Share
from graph.ml.full_batch import (
    FRIENDSHIPS,
    LISTENERS,
    Candidates,
    Everyone,
    Piece,
    Vectors,
    friends_loss,
    grad,
    leaf,
    scales,
)
from graph.ml.hands import number
from graph.ml.item_item import Block
from graph.ml.learn import first_columns, untrained
from graph.ml.model import Link, mean_rows


class SpreadNetwork:
    """One worker's part of a network, and of its training."""

    def __init__(self, share: Share, start: Block, config: NetworkConfig, *, seed: int) -> None:
        """``start``: vectors of this worker's items."""
        view, own = share.view, slice(*share.own_items)
        self._share, self._config, self._group = share, config, share.group
        self._plays, self._friends = view.strength, _each_once(view.friends, share.own_users[0])
        self._many, self._friendships_many = (
            int(number(self._group, matrix.nnz)) for matrix in (self._plays, self._friends)
        )
        first = first_columns(start, config.dims, self._group)
        self._network, self._odds, self._optimizer = untrained(
            first, view.tags.shape[0], view.listeners[own], config
        )
        self._links, self._listening = _links(share)
        self._scale = scales(self._plays, config)
        self._is_large = self._many > config.full_batch_above
        self._candidates = self._stand_ins(view.listeners)
        self._rng = np.random.default_rng([seed, self._group.rank])

    @property
    def epochs(self) -> int:
        if not self._many:
            return 0
        return self._config.full_batch_epochs if self._is_large else self._config.epochs

    def epoch(self) -> float:
        """One pass over everybody's plays, in as many steps as one process takes; their mean loss."""
        steps = list(self._batches())
        return float(np.mean([self._step(listeners, plays) for listeners, plays in steps]))

    def codes(self) -> Floats:
        """The vectors of this worker's items [own, d]."""
        with torch.no_grad():
            vectors: Floats = self._network(self._links).numpy()
        return vectors

    def state(self) -> dict[str, Any]:
        """Everything that training goes on from."""
        return {
            "network": self._network.state_dict(),
            "odds": self._odds.detach(),
            "optimizer": self._optimizer.state_dict(),
            "rng": self._rng.bit_generator.state,
        }

    def resume(self, state: dict[str, Any]) -> None:
        self._network.load_state_dict(state["network"])
        self._odds.data.copy_(state["odds"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._rng.bit_generator.state = state["rng"]

    def _stand_ins(self, listeners: np.ndarray) -> Candidates:
        config, (users, items) = self._config, (int(self._share.users[-1]), len(listeners))
        if self._is_large:
            return Candidates(listeners, config.full_batch_items)
        if items > config.sample_above:
            return Candidates(listeners, config.sampled_items)
        if users * items > config.sample_above_cells:
            return Candidates(listeners, min(config.sampled_of_cells, items))
        return Everyone(listeners, items)

    def _batches(self) -> Iterator[tuple[Rows, float]]:
        """This worker's listeners of each step, and how many plays everybody's of that step have."""
        if self._is_large:
            yield np.arange(self._plays.shape[0]), self._many
            return
        counts = np.diff(self._plays.indptr)
        active = self._rng.permutation(np.flatnonzero(counts))
        everybody = number(self._group, len(active))
        size = max(self._config.batch_users, -(-everybody // self._config.most_batches))
        steps = [np.sort(part) for part in np.array_split(active, int(-(-everybody // size)))]
        plays = self._group.total(np.array([counts[step].sum() for step in steps], dtype=np.float64))
        yield from zip(steps, plays.tolist(), strict=True)

    def _step(self, listeners: Rows, plays: float) -> float:
        self._optimizer.zero_grad()
        self._odds.grad = torch.zeros_like(self._odds)
        vectors = Vectors.of(self._network, self._links, self._listening)
        loss = 0.0
        for start in range(0, self._group.most(len(listeners)), LISTENERS):
            loss += self._piece(vectors, listeners[start : start + LISTENERS], plays)
        if self._config.friend_weight and self._friendships_many:
            loss += self._friendships(vectors)
        vectors.backward(self._listening)
        for parameter in (self._network.tag_embedding, self._network.friends, self._network.mix):
            self._group.sum_(grad(parameter))
        self._optimizer.step()
        return number(self._group, loss)

    def _piece(self, vectors: Vectors, listeners: Rows, plays: float) -> float:
        """These listeners' share of the mean loss, with the items' vectors from whoever holds them."""
        share = min(1.0, self._config.sampled_plays / self._many) if self._is_large else 1.0
        own = torch.from_numpy(listeners)
        piece = Piece.of(self._plays[listeners], self._scale[own], self._candidates, share, self._rng)
        wanted, place = np.zeros(0, dtype=np.int64), torch.zeros(0, dtype=torch.int64)
        if piece is not None:
            wanted, places = np.unique(
                np.concatenate([piece.column.numpy(), piece.drawn]), return_inverse=True
            )
            place = torch.from_numpy(places.reshape(-1))
        halo = Halo(self._group, self._share.items, wanted)
        items, odds = leaf(halo.fetch(vectors.items.detach())), leaf(halo.fetch(self._odds.detach()))
        summed = 0.0
        if piece is not None:
            hits, others = place[: len(piece.column)], place[len(piece.column) :]
            taste = leaf(vectors.tastes[own])
            loss: Tensor = piece.loss(items[hits], odds[hits], items[others], odds[others], taste)
            loss = loss / (share * plays)
            loss.backward()  # type: ignore[no-untyped-call]
            vectors.tastes_grad.index_add_(0, own, grad(taste))
            summed = loss.item()
        vectors.items_grad.add_(halo.give_back(_gradient(items)))
        _gradient(self._odds).add_(halo.give_back(_gradient(odds)))
        return summed

    def _friendships(self, vectors: Vectors) -> float:
        """Some friendships of each worker, by their number; each is told apart from everybody's."""
        most = FRIENDSHIPS if self._is_large else self._config.batch_users
        mine = round(min(most / self._friendships_many, 1.0) * self._friends.nnz)
        chosen = self._rng.permutation(self._friends.nnz)[:mine]
        ends = np.stack([self._friends.row[chosen], self._friends.col[chosen]]).astype(np.int64)
        wanted, place = np.unique(ends, return_inverse=True)
        halo = Halo(self._group, self._share.users, wanted)
        tastes = leaf(halo.fetch(vectors.tastes))
        left, right = (tastes[torch.from_numpy(end)] for end in place.reshape(2, -1))
        everybodys = self._group.gathered(right.detach())
        first = sum(len(part) for part in everybodys[: self._group.rank])
        others = torch.cat(self._group.gathered(torch.from_numpy(ends.T.copy()))).T
        friends = leaf(torch.cat(everybodys))
        loss = torch.zeros(())
        if mine:
            loss = friends_loss(
                left, friends, torch.from_numpy(ends), others, first, self._config.temperature
            ) * (self._config.friend_weight / others.shape[1])
            loss.backward(retain_graph=True)  # type: ignore[no-untyped-call]
        of_friends = self._group.sum_(_gradient(friends))[first : first + mine]
        if mine:
            right.backward(of_friends)  # type: ignore[no-untyped-call]
        vectors.tastes_grad.add_(halo.give_back(_gradient(tastes)))
        return loss.item()


def _gradient(values: Tensor) -> Tensor:
    """The gradient of a leaf, nothing where no loss reached it."""
    return torch.zeros_like(values) if values.grad is None else values.grad


def _each_once(friends: sp.csr_matrix, first: int) -> sp.coo_matrix:
    """Friendships (row, column) of the whole table, from their lower ends; ``friends`` are the rows from ``first`` on."""
    pairs = friends.tocoo()
    row = pairs.row.astype(np.int64) + first
    lower = row < pairs.col
    shape = (friends.shape[1], friends.shape[1])
    return sp.coo_matrix((pairs.data[lower], (row[lower], pairs.col[lower])), shape=shape)


def _links(share: Share) -> tuple[dict[Edge, Link], Link]:
    """The network's links, and who listens to what: see `graph.ml.model.links_of`."""
    view, group = share.view, share.group
    heard = Spread(view.strength, share.items, group)
    played_by = heard.link(_balanced(view.strength, group.total(_column_sums(view.strength))))
    known = Spread(view.friends, share.users, group)
    links = {
        NAMES: Link.of(mean_rows(view.tags.T.tocsr())),
        PLAYED_BY: played_by,
        PLAYS: played_by.reversed,
        KNOWS: known.link(_balanced(view.friends, group.total(_column_sums(view.friends)))),
    }
    return links, heard.link(view.strength.data)


def _column_sums(matrix: sp.csr_matrix) -> Doubles:
    sums = np.bincount(matrix.indices, weights=matrix.data, minlength=matrix.shape[1])
    return np.asarray(sums, dtype=np.float64)


def _balanced(matrix: sp.csr_matrix, columns: Doubles) -> Floats:
    """The entries of D_r^-½ M D_c^-½, of rows that are this worker's and columns with everybody's sums."""
    rows = np.asarray(matrix.sum(axis=1)).ravel()
    left, right = (np.where(sums > 0, sums, 1) ** -0.5 for sums in (rows, columns))
    entries = matrix.data * np.repeat(left, np.diff(matrix.indptr)) * right[matrix.indices]
    return np.asarray(entries, dtype=np.float32)
