"""What the snapshot says of one kind of item: a view's matrices, and the torch-geometric graph that is learned from.

Snapshots come in, and nothing of the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch_geometric.data import HeteroData

from graph.arrays import Ids, ShortRows
from graph.serving.friend_index import symmetric
from graph.snapshot import GraphSnapshot, Plays, Taggings

Edge = tuple[str, str, str]

NAMES: Edge = ("tag", "names", "item")
PLAYED_BY: Edge = ("item", "played_by", "user")
PLAYS: Edge = ("user", "plays", "item")
KNOWS: Edge = ("user", "knows", "user")
EDGES = (NAMES, PLAYED_BY, PLAYS, KNOWS)


@dataclass(frozen=True, kw_only=True)
class View:
    """What is known about one kind of item: who plays it, what it is called, who knows whom."""

    kind: str  # "ARTIST" or "TRACK"
    ids: Ids  # [N] candidates
    plays: sp.csr_matrix  # [U, N] play counts
    tags: sp.csr_matrix  # [G, N] how many people (or the catalog) use the tag for the item
    tag_ids: Ids  # [G]
    artists: sp.csr_matrix  # [A, N] 1 where the artist made the item; [0, N] in the artist view
    artist_ids: Ids  # [A]
    friends: sp.csr_matrix  # [U, U] symmetric, ones

    @cached_property
    def listeners(self) -> ShortRows:
        """People who play each item [N]."""
        return np.bincount(self.plays.indices, minlength=len(self.ids)).astype(np.int32)

    @cached_property
    def unit(self) -> float:
        """Mean of log1p(count): what one ordinary play count weighs."""
        return float(np.log1p(self.plays.data).mean()) if self.plays.nnz else 1.0

    @cached_property
    def strength(self) -> sp.csr_matrix:
        """Plays as strengths around 1 [U, N]."""
        strength = (np.log1p(self.plays.data) / self.unit).astype(np.float32)
        return sp.csr_matrix((strength, self.plays.indices, self.plays.indptr), shape=self.plays.shape)


def artist_view(snapshot: GraphSnapshot) -> View:
    """Artists as candidates."""
    size = len(snapshot.artists)
    return View(
        kind="ARTIST",
        ids=snapshot.artists,
        plays=_plays(snapshot.artist_plays, len(snapshot.users), size),
        tags=_tags(snapshot.artist_tags, len(snapshot.tags), size),
        tag_ids=snapshot.tags,
        artists=sp.csr_matrix((0, size), dtype=np.float32),
        artist_ids=np.zeros(0, dtype=np.int64),
        friends=_friends(snapshot),
    )


def track_view(snapshot: GraphSnapshot) -> View:
    """Tracks as candidates; a track also carries its artist's tags, and its artist as a feature."""
    size = len(snapshot.tracks)
    made = sp.csr_matrix(
        (np.ones(size, np.float32), (snapshot.track_artist, np.arange(size))),
        shape=(len(snapshot.artists), size),
    )
    tags = _tags(snapshot.track_tags, len(snapshot.tags), size)
    inherited = _tags(snapshot.artist_tags, len(snapshot.tags), len(snapshot.artists)) @ made
    return View(
        kind="TRACK",
        ids=snapshot.tracks,
        plays=_plays(snapshot.track_plays, len(snapshot.users), size),
        tags=(tags + inherited).tocsr(),
        tag_ids=snapshot.tags,
        artists=made,
        artist_ids=snapshot.artists,
        friends=_friends(snapshot),
    )


def views(snapshot: GraphSnapshot) -> list[View]:
    """The views that have candidates."""
    return [view for view in (artist_view(snapshot), track_view(snapshot)) if len(view.ids)]


def view_data(view: View) -> HeteroData:
    """The graph one view is learned from, edges weighted and both ways."""
    data = HeteroData()
    users, items = view.plays.shape
    for name, size in (("user", users), ("item", items), ("tag", view.tags.shape[0])):
        data[name].num_nodes = size
    for edge, matrix in (
        (NAMES, view.tags),
        (PLAYS, view.strength),
        (PLAYED_BY, view.strength.T),
        (KNOWS, view.friends),
    ):
        coo = matrix.tocoo()
        data[edge].edge_index = _edges(coo.row, coo.col)
        data[edge].edge_weight = torch.from_numpy(coo.data.astype(np.float32))
    return data


def _edges(source: NDArray[np.integer], target: NDArray[np.integer]) -> torch.Tensor:
    return torch.from_numpy(np.stack([source, target]).astype(np.int64))


def _plays(plays: Plays, users: int, items: int) -> sp.csr_matrix:
    return sp.csr_matrix((plays.count.astype(np.float32), (plays.user, plays.item)), shape=(users, items))


def _tags(taggings: Taggings, tags: int, items: int) -> sp.csr_matrix:
    ones = np.ones(len(taggings.tag), dtype=np.float32)
    return sp.csr_matrix((ones, (taggings.tag, taggings.item)), shape=(tags, items))


def _friends(snapshot: GraphSnapshot) -> sp.csr_matrix:
    pairs = snapshot.friendships.astype(np.int64)
    return symmetric(pairs[:, 0], pairs[:, 1], len(snapshot.users))
