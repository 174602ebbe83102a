"""The workers of one training, and how rows get from those who hold them to those who need them.

A table of rows is spread over the workers in ranges: listeners by what they play, items evenly. Nobody holds a whole table;
a `Halo` fetches the rows that one worker needs, and gives back what it added up for them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor

from graph.arrays import Ints, Rows
from graph.ml.hands import Hands


class Group(Hands):
    """This process among its workers. Every method is to be called by all of them, in the same order."""

    def __init__(self) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self.sent = 0  # bytes to other workers so far

    def total(self, values: NDArray[Any]) -> NDArray[Any]:
        return self.sum_(torch.from_numpy(np.array(values))).numpy()

    def counts(self, keys: NDArray[np.uint64]) -> Ints:
        owner = (keys % np.uint64(self.size)).astype(np.int64)
        order = np.argsort(owner, kind="stable")
        edges = np.searchsorted(owner[order], np.arange(self.size + 1))
        asked = self.swapped(_cut(torch.from_numpy(keys[order].view(np.int64)), edges))
        every = torch.cat(asked).numpy()
        _, which, count = np.unique(every, return_inverse=True, return_counts=True)
        answers = torch.from_numpy(count[which.reshape(-1)].astype(np.int64))
        stops = np.cumsum([0, *(len(part) for part in asked)])
        counts = np.empty(len(keys), dtype=np.int64)
        counts[order] = torch.cat(self.swapped(_cut(answers, stops))).numpy()
        return counts

    def sum_(self, values: Tensor) -> Tensor:
        dist.all_reduce(values)
        self.sent += 2 * values.nbytes * (self.size - 1) // self.size  # around a ring, and around again
        return values

    def first(self, values: Tensor) -> Tensor:
        dist.broadcast(values, src=0)
        return values

    def stacked(self, values: Tensor) -> Tensor:
        every = [torch.empty_like(values) for _ in range(self.size)]
        dist.all_gather(every, values.contiguous())
        return torch.stack(every)

    def most(self, value: int) -> int:
        return int(self.stacked(torch.tensor([value])).max())

    def swapped(self, parts: Sequence[Tensor]) -> list[Tensor]:
        """``parts[r]`` [n, …] goes to worker r; what each of them sent to this one, by rank."""
        sent = torch.tensor([len(part) for part in parts])
        coming = torch.empty_like(sent)
        dist.all_to_all_single(coming, sent)
        got = parts[0].new_empty(int(coming.sum()), *parts[0].shape[1:])
        self.sent += sum(part.nbytes for rank, part in enumerate(parts) if rank != self.rank)
        dist.all_to_all_single(got, torch.cat(list(parts)), coming.tolist(), sent.tolist())
        return list(torch.split(got, coming.tolist()))

    def gathered(self, values: Tensor) -> list[Tensor]:
        return self.swapped([values] * self.size)

    def rows(self, bounds: Rows, needed: Rows) -> Halo:
        return Halo(self, bounds, needed)

    def by_owner(self, bounds: Rows, rows: Rows, values: Tensor) -> Tensor:
        """Each of ``values`` [n, …] goes to the worker in whose range ``rows`` [n] lies; those that came here."""
        order = np.argsort(rows, kind="stable")
        edges = np.searchsorted(rows[order], bounds)
        return torch.cat(self.swapped(_cut(values[torch.from_numpy(order)], edges)))


def _cut(values: Tensor, edges: Rows) -> list[Tensor]:
    return [values[start:stop] for start, stop in itertools.pairwise(edges)]


def even_bounds(rows: int, workers: int) -> Rows:
    """Where each worker's range of as many rows begins, and the last one's ends [workers + 1]."""
    return np.arange(workers + 1, dtype=np.int64) * rows // workers


class Halo:
    """The rows that one worker needs of a table that all of them hold."""

    def __init__(self, group: Group, bounds: Rows, needed: Rows) -> None:
        """``bounds`` [workers + 1] of everybody's ranges; ``needed`` [n] rows of the whole table, ascending."""
        edges = np.searchsorted(needed, bounds)
        own = [
            torch.from_numpy(needed[a:b] - low) for a, b, low in zip(edges, edges[1:], bounds, strict=False)
        ]
        asked = group.swapped(own)
        self._wanted: list[int] = np.diff(edges).tolist()
        self._asked = [len(part) for part in asked]
        self._rows = torch.cat(asked)  # of this worker's, which others need: one after another
        self._group = group

    @property
    def largest(self) -> int:
        """Rows of the larger of what is sent and what comes."""
        return max(sum(self._wanted), sum(self._asked))

    def fetch(self, own: Tensor) -> Tensor:
        """The needed rows [n, …] of the table of which ``own`` is this worker's range."""
        came = own.new_empty(sum(self._wanted), *own.shape[1:])
        self._count(own, self._asked)
        dist.all_to_all_single(came, own.index_select(0, self._rows), self._wanted, self._asked)
        return came

    def add_back(self, into: Tensor, values: Tensor) -> None:
        """Add to each row of this worker's range what everybody has for it of ``values`` [n, …]."""
        came = values.new_empty(len(self._rows), *values.shape[1:])
        self._count(values, self._wanted)
        dist.all_to_all_single(came, values.contiguous(), self._asked, self._wanted)
        into.index_add_(0, self._rows, came)

    def _count(self, values: Tensor, rows: Sequence[int]) -> None:
        to_others = sum(rows) - rows[self._group.rank]
        self._group.sent += to_others * values.element_size() * math.prod(values.shape[1:])
