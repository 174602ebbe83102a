"""One worker's view: the listeners of its parts over all items, and the features of its own items."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
import torch

from graph.arrays import Rows, ShortRows
from graph.ml.data import View, incidence, said_by_enough
from graph.ml.distributed.group import Group, even_bounds
from graph.partitions import Columns, Partitions
from graph.snapshot import Taggings

ITEMS = {"ARTIST": "artist", "TRACK": "track"}


@dataclass(frozen=True)
class Share:
    """A worker's view, and whose the other listeners and items are."""

    view: View
    users: Rows  # [workers + 1] where each worker's listeners begin
    items: Rows  # [workers + 1] where each worker's items begin
    group: Group

    @property
    def own_items(self) -> tuple[int, int]:
        return int(self.items[self.group.rank]), int(self.items[self.group.rank + 1])

    @property
    def own_users(self) -> tuple[int, int]:
        return int(self.users[self.group.rank]), int(self.users[self.group.rank + 1])


def share_of(read: Partitions, group: Group, kind: str) -> Share:
    """What this worker holds of one kind of item. Everybody's counts are everybody's: see `graph.ml.hands`."""
    parts = even_bounds(read.about.parts, group.size)
    users = np.array(read.about.starts)[parts]
    items = even_bounds(read.about.sizes[f"{ITEMS[kind]}s"], group.size)
    mine = _Mine(read, group, int(parts[group.rank]), int(parts[group.rank + 1]), users, items)
    view = mine.tracks() if kind == "TRACK" else mine.artists()
    return Share(_without_unlearned(view), users, items, group)


def _without_unlearned(view: View) -> View:
    """The view with the plays it may learn from alone: the others are not needed once these are known."""
    derived = {name: getattr(view, name) for name in ("distinct", "taught", "listeners")}
    light = replace(view, plays=view.taught)
    light.__dict__.update(derived)  # where cached_property looks
    return light


@dataclass(frozen=True)
class _Mine:
    read: Partitions
    group: Group
    first: int  # part
    last: int
    users: Rows
    items: Rows

    def artists(self) -> View:
        size = self.read.about.sizes["artists"]
        plays = self._plays("artist", size)
        tag, item = self._catalog("artist_tags", *self._own_items)
        said = self._said("artist", plays)
        start = self._own_items[0]
        came = self.group.by_owner(self.items, said[:, 1].numpy(), said).numpy()
        tags = self._incidence(np.concatenate([tag, came[:, 0]]), np.concatenate([item, came[:, 1]]) - start)
        return self._view("ARTIST", plays, tags, sp.csr_matrix((0, tags.shape[1]), dtype=np.float32))

    def tracks(self) -> View:
        start, stop = self._own_items
        sizes = self.read.about.sizes
        artist = self.read.catalog("tracks", start, stop, columns=["artist"])["artist"]
        made = incidence(artist, np.arange(stop - start, dtype=np.int32), (sizes["artists"], stop - start))
        plays = self._plays("track", sizes["tracks"])
        tag, item = self._catalog("track_tags", start, stop)
        said = self._said("track", plays)
        came = self.group.by_owner(self.items, said[:, 1].numpy(), said).numpy()
        tags = self._incidence(np.concatenate([tag, came[:, 0]]), np.concatenate([item, came[:, 1]]) - start)
        return self._view("TRACK", plays, (tags + self._inherited(made)).tocsr(), made)

    def _inherited(self, made: sp.csr_matrix) -> sp.csr_matrix:
        """The words for the artists of this worker's tracks [G, own]."""
        size = made.shape[0]
        said = self._said("artist", self._plays("artist", size))
        came = torch.cat(self.group.gathered(said)).numpy()
        tag, artist = self._catalog("artist_tags", 0, size, np.diff(made.indptr) > 0)
        rows = np.concatenate([tag, came[:, 0]]), np.concatenate([artist, came[:, 1]])
        return incidence(*rows, (self.read.about.sizes["tags"], size)) @ made

    @property
    def _own_items(self) -> tuple[int, int]:
        return int(self.items[self.group.rank]), int(self.items[self.group.rank + 1])

    @property
    def _own_users(self) -> tuple[int, int]:
        return int(self.users[self.group.rank]), int(self.users[self.group.rank + 1])

    def _view(self, kind: str, plays: sp.csr_matrix, tags: sp.csr_matrix, artists: sp.csr_matrix) -> View:
        return View(
            kind=kind,
            ids=np.arange(plays.shape[1], dtype=np.int64),
            open=np.ones(tags.shape[1], dtype=bool),
            plays=plays,
            tags=tags,
            tag_ids=np.arange(tags.shape[0], dtype=np.int64),
            artists=artists,
            artist_ids=np.arange(artists.shape[0], dtype=np.int64),
            friends=self._friends(),
            hands=self.group,
        )

    def _plays(self, item: str, size: int) -> sp.csr_matrix:
        plays = self._listeners(f"{item}_plays")
        start, stop = self._own_users
        indptr = np.searchsorted(plays["user"], np.arange(start, stop + 1)).astype(np.int32)
        return sp.csr_matrix((plays["count"], plays["item"], indptr), shape=(stop - start, size))

    def _listeners(self, table: str) -> Columns:
        return self.read.listeners(table, self.first, self.last)

    def _said(self, item: str, plays: sp.csr_matrix) -> torch.Tensor:
        """(tag, item) of this worker's listeners [n, 2], where enough people say it."""
        told = self._listeners(f"{item}_tags")
        said = Taggings(user=told["user"], item=told["item"], tag=told["tag"])
        kept = said_by_enough(said, self.read.about.sizes["tags"], plays, self.group)
        return torch.from_numpy(np.stack([said.tag[kept], said.item[kept]], axis=1).astype(np.int64))

    def _catalog(
        self, table: str, start: int, stop: int, wanted: np.ndarray | None = None
    ) -> tuple[ShortRows, ShortRows]:
        """(tag, item) of the catalog's words for some items."""
        tags, items = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
        for item, tag in self.read.catalog_said(table):
            kept = (item >= start) & (item < stop)
            if wanted is not None:
                kept &= wanted[np.where(kept, item, 0)]
            tags.append(tag[kept])
            items.append(item[kept])
        return np.concatenate(tags), np.concatenate(items)

    def _incidence(self, tag: ShortRows, item: ShortRows) -> sp.csr_matrix:
        start, stop = self._own_items
        return incidence(tag, item, (self.read.about.sizes["tags"], stop - start))

    def _friends(self) -> sp.csr_matrix:
        """Whom this worker's listeners know [own, U]: each friendship lies with its lower end."""
        told = self._listeners("friendships")
        pairs = torch.from_numpy(np.stack([told["low"], told["high"]], axis=1).astype(np.int64))
        other = self.group.by_owner(self.users, pairs[:, 1].numpy(), pairs).numpy()
        start, stop = self._own_users
        row = np.concatenate([pairs[:, 0].numpy(), other[:, 1]]) - start
        column = np.concatenate([pairs[:, 1].numpy(), other[:, 0]])
        return sp.csr_matrix(
            (np.ones(len(row), np.float32), (row, column)), shape=(stop - start, self.read.about.users)
        )
