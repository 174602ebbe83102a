"""Epochs of the network, by one process that holds everything or by many of which each holds some listeners and some items.

Up to ``full_batch_above`` plays an epoch has some steps, each with a batch of listeners; candidates of the softmax are
every item, or beyond ``sample_above`` some of them (`graph.ml.candidates`). A mini-batch still needs every item's vector,
that is, a pass over the whole graph; with listeners growing along with plays, an epoch of mini-batches costs the square
of the plays. Beyond, an epoch is one step: one forward and one backward pass over all links, and between them a loss whose memory
does not grow with the graph, since plays are sampled and listeners are taken some at a time. Gradients of vectors are gathered
and sent back once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from graph.arrays import Rows, ShortRows
from graph.ml.candidates import Candidates, Everyone
from graph.ml.config import NetworkConfig
from graph.ml.data import Edge
from graph.ml.hands import Hands, number
from graph.ml.loss import Piece, friends_loss, gradient, leaf, nearer_than_others, scales, unit
from graph.ml.model import Link, TasteNetwork, propagate

LISTENERS = 1024  # whose loss is taken at a time, where an epoch is one step
FRIENDSHIPS = 2048  # compared in such an epoch


@dataclass(frozen=True, kw_only=True)
class Held:
    """What one of ``hands`` holds: its listeners' rows [own, .], over all items and people."""

    plays: sp.csr_matrix  # [own, N] strengths
    friends: sp.csr_matrix  # [own, U]
    listeners: ShortRows  # [N] of every item, everybody's
    users: Rows  # [hands + 1] where each one's listeners begin
    items: Rows  # [hands + 1] where each one's items begin
    links: dict[Edge, Link]  # of own items and listeners
    listening: Link  # from own items to own listeners' tastes
    hands: Hands


@dataclass(frozen=True, kw_only=True)
class EpochCost:
    """CPU seconds of an epoch of one step, and its mean loss."""

    propagation: float  # through all links, forward and backward
    loss: float
    update: float
    mean_loss: float

    @property
    def total(self) -> float:
        return self.propagation + self.loss + self.update


@dataclass(frozen=True, kw_only=True)
class Vectors:
    """What a step computed from the parameters, and the gradients of the loss by it."""

    items: Tensor  # [own, d]
    tastes: Tensor  # [own, d] each listener's plays added up
    items_grad: Tensor
    tastes_grad: Tensor


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A step's listeners: own ones [L], and how many people and plays everybody's are."""

    listeners: Rows
    people: float
    plays: float


class Epochs:
    """Training, an epoch at a time. Every method is to be called by all hands, in the same order."""

    def __init__(
        self, held: Held, network: TasteNetwork, odds: torch.nn.Parameter, optimizer: torch.optim.Optimizer,
        config: NetworkConfig, *, seed: int,
    ) -> None:  # fmt: skip
        """``odds`` [own]: a parameter, the logarithm of how often an item is played whoever listens."""
        self._held, self._hands, self._config = held, held.hands, config
        self._network, self._odds, self._optimizer = network, odds, optimizer
        self._many, self._friends_many = (int(number(self._hands, m.nnz)) for m in (held.plays, held.friends))
        self._friendships = _each_once(held.friends, int(held.users[self._hands.rank]))
        self._scale = scales(held.plays, config)
        self._candidates = self._stand_ins()
        self._rng = np.random.default_rng([seed, self._hands.rank])

    @property
    def is_whole(self) -> bool:
        """An epoch is one step over the whole graph."""
        return self._many > self._config.full_batch_above

    @property
    def count(self) -> int:
        """How many epochs a training has."""
        if not self._many:
            return 0
        return self._config.full_batch_epochs if self.is_whole else self._config.epochs

    def epoch(self) -> float:
        """One pass over everybody's plays; their mean loss."""
        if self.is_whole:
            return self.whole_epoch().mean_loss
        losses = np.array([self._step(batch) for batch in list(self._batches())])
        return float(self._hands.total(losses).mean())

    def codes(self) -> Tensor:
        """The vectors of own items [own, d], of length one."""
        with torch.no_grad():
            vectors: Tensor = self._network(self._held.links)
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

    def _stand_ins(self) -> Candidates:
        config, (users, items) = self._config, (int(self._held.users[-1]), len(self._held.listeners))
        if self.is_whole:
            return Candidates(self._held.listeners, config.full_batch_items)
        if items > config.sample_above:
            return Candidates(self._held.listeners, config.sampled_items)
        if users * items > config.sample_above_cells:
            return Candidates(self._held.listeners, min(config.sampled_of_cells, items))
        return Everyone(items)

    def _learn(self) -> None:
        """A step from the gathered gradients: own items' are whole, those of everybody's parameters add up."""
        shared = [self._network.tag_embedding, self._network.friends, self._network.mix]
        sums = self._hands.sum_(torch.cat([gradient(parameter).reshape(-1) for parameter in shared]))
        start = 0
        for parameter in shared:
            parameter.grad = sums[start : start + parameter.numel()].reshape(parameter.shape)
            start += parameter.numel()
        self._optimizer.step()

    def _begin(self) -> Tensor:
        self._optimizer.zero_grad()
        self._odds.grad = torch.zeros_like(self._odds)
        vectors: Tensor = self._network(self._held.links)
        return vectors

    # -- an epoch of some steps ----------------------------------------------------------------

    def _batches(self) -> Iterator[Batch]:
        counts = np.diff(self._held.plays.indptr)
        active = self._rng.permutation(np.flatnonzero(counts))
        everybody = number(self._hands, len(active))
        size = max(self._config.batch_users, -(-everybody // self._config.most_batches))
        steps = [np.sort(part) for part in np.array_split(active, int(-(-everybody // size)))]
        many = np.array([[len(step), counts[step].sum()] for step in steps], dtype=np.float64)
        for step, (people, plays) in zip(steps, self._hands.total(many), strict=True):
            yield Batch(listeners=step, people=people, plays=plays)

    def _step(self, batch: Batch) -> float:
        """This one's share of the batch's mean loss."""
        vectors = self._begin()
        items_grad = torch.zeros_like(vectors)
        loss = self._of_batch(vectors.detach(), items_grad, batch)
        vectors.backward(items_grad)  # type: ignore[no-untyped-call]
        self._learn()
        return loss

    def _of_batch(self, vectors: Tensor, items_grad: Tensor, batch: Batch) -> float:
        """As `_step` has it; gradients by items are added to theirs."""
        plays = self._held.plays[batch.listeners]
        scale = self._scale[torch.from_numpy(batch.listeners)]
        piece = Piece.of(plays, scale, self._candidates, 1.0, self._rng)
        wanted, hit, drawn = _wanted(piece)
        rows = self._hands.rows(self._held.items, wanted)
        items, odds = leaf(rows.fetch(vectors)), leaf(rows.fetch(self._odds.detach()))
        shape = (plays.shape[0], len(wanted))
        heard = sp.csr_matrix((plays.data, hit.numpy().astype(np.int32), plays.indptr), shape=shape)
        taste = propagate(items, Link.of(heard))
        of_friends, summed = self._among_friends(taste.detach(), batch)
        loss = (taste * of_friends).sum()
        if piece is not None:
            hits, others = items.index_select(0, hit), items.index_select(0, drawn)
            told = piece.loss(hits, odds[hit], others, odds[drawn], taste) / batch.plays
            loss, summed = loss + told, summed + told.item()
        loss.backward()  # type: ignore[no-untyped-call]
        rows.add_back(items_grad, gradient(items))
        rows.add_back(gradient(self._odds), gradient(odds))
        return summed

    def _among_friends(self, taste: Tensor, batch: Batch) -> tuple[Tensor, float]:
        """The gradient by these tastes [L, d] of this one's share of the friends' loss among the batch, and that share."""
        by_taste = torch.zeros_like(taste)
        if not self._config.friend_weight or not self._friends_many:
            return by_taste, 0.0
        most = round(len(taste) * min(1.0, self._config.batch_users / batch.people))
        among = np.sort(
            self._rng.permutation(len(taste))[:most]
        )  # each is compared with each: not all of many
        listeners = batch.listeners[among]
        own = leaf(taste[torch.from_numpy(among)])
        left = unit(own)
        ids, others, place = self._everybodys(listeners, left.detach())
        right = leaf(others)
        pairs = self._held.friends[listeners][:, ids]
        loss = nearer_than_others(left, right, place, pairs, self._config.temperature)
        loss.backward(retain_graph=True)  # type: ignore[no-untyped-call]
        sums = self._hands.sum_(torch.cat([gradient(right).reshape(-1), torch.tensor([float(pairs.nnz)])]))
        of_others = sums[:-1].reshape(right.shape)[place : place + most]
        left.backward(of_others)  # type: ignore[no-untyped-call]
        share = self._config.friend_weight / max(float(sums[-1]), 1.0)
        return by_taste.index_add_(0, torch.from_numpy(among), gradient(own) * share), loss.item() * share

    def _everybodys(self, listeners: Rows, tastes: Tensor) -> tuple[Rows, Tensor, int]:
        """Of everybody's listeners in a batch who they are [M] and their tastes [M, d]; where this one's begin."""
        ids = torch.from_numpy((listeners + self._held.users[self._hands.rank]).astype(np.int32))
        told = self._hands.gathered(
            torch.cat([tastes, ids.view(torch.float32)[:, None]], dim=1)
        )  # in one message
        every = torch.cat(told)
        place = sum(len(part) for part in told[: self._hands.rank])
        return every[:, -1].contiguous().view(torch.int32).numpy(), every[:, :-1].contiguous(), place

    # -- an epoch of one step ------------------------------------------------------------------

    def whole_epoch(self) -> EpochCost:
        """One step over the whole graph."""
        held, start = self._held, time.process_time()
        items = self._begin()
        tastes = held.listening.forward.sums(items.detach())
        vectors = Vectors(
            items=items,
            tastes=tastes,
            items_grad=torch.zeros_like(items),
            tastes_grad=torch.zeros_like(tastes),
        )
        forward, loss = time.process_time(), 0.0
        for begin in range(0, int(self._hands.most(held.plays.shape[0])), LISTENERS):
            loss += self._piece(vectors, slice(begin, begin + LISTENERS))
        if self._config.friend_weight and self._friends_many:
            loss += self._between_friends(vectors)
        gathered = time.process_time()
        vectors.items_grad.add_(held.listening.backward.sums(vectors.tastes_grad))
        items.backward(vectors.items_grad)  # type: ignore[no-untyped-call]
        backward = time.process_time()
        self._learn()
        return EpochCost(
            propagation=forward - start + backward - gathered,
            loss=gathered - forward,
            update=time.process_time() - backward,
            mean_loss=number(self._hands, loss),
        )

    def _piece(self, vectors: Vectors, part: slice) -> float:
        """The part's share of the mean loss over plays, with the items' vectors from whoever holds them."""
        share = min(1.0, self._config.sampled_plays / self._many)
        piece = Piece.of(self._held.plays[part], self._scale[part], self._candidates, share, self._rng)
        wanted, hit, drawn = _wanted(piece)
        rows = self._hands.rows(self._held.items, wanted)
        items, odds = leaf(rows.fetch(vectors.items.detach())), leaf(rows.fetch(self._odds.detach()))
        summed = 0.0
        if piece is not None:
            taste = leaf(vectors.tastes[part])
            hits, others = items.index_select(0, hit), items.index_select(0, drawn)
            loss = piece.loss(hits, odds[hit], others, odds[drawn], taste) / (share * self._many)
            loss.backward()  # type: ignore[no-untyped-call]
            vectors.tastes_grad[part] += gradient(taste)
            summed = loss.item()
        rows.add_back(vectors.items_grad, gradient(items))
        rows.add_back(gradient(self._odds), gradient(odds))
        return summed

    def _between_friends(self, vectors: Vectors) -> float:
        """Some friendships of each one, by their number; each is told apart from everybody's."""
        share = min(FRIENDSHIPS / (self._friends_many / 2), 1.0)
        mine = round(share * self._friendships.nnz)
        chosen = self._rng.permutation(self._friendships.nnz)[:mine]
        ends = np.stack([self._friendships.row[chosen], self._friendships.col[chosen]]).astype(np.int64)
        wanted, place = np.unique(ends, return_inverse=True)
        rows = self._hands.rows(self._held.users, wanted)
        tastes = leaf(rows.fetch(vectors.tastes))
        left, right = (tastes[torch.from_numpy(end)] for end in place.reshape(2, -1))
        everybodys = self._hands.gathered(right.detach())
        first = sum(len(part) for part in everybodys[: self._hands.rank])
        others = torch.cat(self._hands.gathered(torch.from_numpy(ends.T.copy()))).T
        friends = leaf(torch.cat(everybodys))
        loss = torch.zeros(())
        if mine:
            loss = friends_loss(
                left, friends, torch.from_numpy(ends), others, first, self._config.temperature
            ) * (self._config.friend_weight / others.shape[1])
            loss.backward(retain_graph=True)  # type: ignore[no-untyped-call]
        of_friends = self._hands.sum_(gradient(friends))[first : first + mine]
        if mine:
            right.backward(of_friends)  # type: ignore[no-untyped-call]
        rows.add_back(vectors.tastes_grad, gradient(tastes))
        return loss.item()


def _wanted(piece: Piece | None) -> tuple[Rows, Tensor, Tensor]:
    """The items of a piece, each once and ascending, and where its plays' and its candidates' are among them."""
    if piece is None:
        none = torch.zeros(0, dtype=torch.int64)
        return np.zeros(0, dtype=np.int64), none, none
    wanted, place = np.unique(np.concatenate([piece.column.numpy(), piece.drawn]), return_inverse=True)
    places = torch.from_numpy(place.reshape(-1))
    return wanted, places[: len(piece.column)], places[len(piece.column) :]


def _each_once(friends: sp.csr_matrix, first: int) -> sp.coo_matrix:
    """Friendships (row, column) of the whole table, from their lower ends; ``friends`` are the rows from ``first`` on."""
    pairs = friends.tocoo()
    row = pairs.row.astype(np.int64) + first
    lower = row < pairs.col
    shape = (friends.shape[1], friends.shape[1])
    return sp.coo_matrix((pairs.data[lower], (row[lower], pairs.col[lower])), shape=shape)
