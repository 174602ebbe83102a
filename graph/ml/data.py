"""What the snapshot says of one kind of item: a view's matrices, and the torch-geometric graph that is learned from.

Snapshots come in, and nothing of the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch_geometric.data import HeteroData

from accounts.policies import floor
from graph.arrays import Floats, Ids, Ints, Mask, ShortRows
from graph.elsewhere.sums import Starter, Sums
from graph.ml.copies import distinct_people, distinctness
from graph.ml.hands import ALONE, Hands, number
from graph.packed_names import PackedNames
from graph.serving.friend_index import symmetric
from graph.snapshot import NOTHING_SAID, GraphSnapshot, Plays, Taggings

Edge = tuple[str, str, str]

LEAST_LISTENERS = floor(5)  # contributors from whom on anything is learned of an item, or a word

NAMES: Edge = ("tag", "names", "item")
PLAYED_BY: Edge = ("item", "played_by", "user")
PLAYS: Edge = ("user", "plays", "item")
KNOWS: Edge = ("user", "knows", "user")
EDGES = (NAMES, PLAYED_BY, PLAYS, KNOWS)


@dataclass(frozen=True)
class Called:
    """What the things of a view are called."""

    titles: Sequence[str]  # [W] words of playlists' titles
    titled: sp.csr_matrix  # [W, N] how many owners have the item under each, where these are enough
    texts: Sequence[str]  # [N] a line of lyric or description, or nothing at all
    tags: Sequence[str]  # [G]
    names: tuple[Sequence[str], ...]  # columns of names, of what made the items too
    rows: tuple[ShortRows, ...]  # for each column, the place of each item's name [N]

    def items(self, row: int) -> list[str]:
        """The names of one item: its own, and its artist's."""
        return [names[int(rows[row])] for names, rows in zip(self.names, self.rows, strict=True)]


@dataclass(frozen=True, kw_only=True)
class View:
    """What is known about one kind of item: who plays it, what it is called, who knows whom.

    A worker among many holds the rows of its own listeners [U of them, N] and the features of its own items; what is
    derived across them is everybody's, through ``hands``.
    """

    kind: str  # "ARTIST" or "TRACK"
    ids: Ids  # [N] candidates
    open: Mask  # [N] which of them everybody may be shown
    plays: sp.csr_matrix  # [U, N] play counts: what is known of each listener, and asked about
    tags: sp.csr_matrix  # [G, N] how many people (or the catalog) use the tag for the item
    tag_ids: Ids  # [G]
    artists: sp.csr_matrix  # [A, N] 1 where the artist made the item; [0, N] in the artist view
    artist_ids: Ids  # [A]
    friends: sp.csr_matrix  # [U, U] symmetric, ones
    called: Called | None = None  # nothing where the snapshot has no names
    elsewhere: Sums | None = None  # of listeners of other installations
    hands: Hands = ALONE

    @cached_property
    def taught(self) -> sp.csr_matrix:
        """The plays that may be learned from [U, N]: of items with ``LEAST_LISTENERS``, for fewer would know each other in it."""
        people = distinct_people(self.plays, self.distinct, self.hands)
        return _columns_kept(self.plays, people >= LEAST_LISTENERS)

    @cached_property
    def players(self) -> ShortRows:
        """People who play each item [N], however few: for measuring, not for learning."""
        return _listeners(self.plays)

    @cached_property
    def distinct(self) -> Floats:
        """How much each listener says [U]: less, where they are nearly a copy of others."""
        return distinctness(self.plays, self.hands)

    @cached_property
    def listeners(self) -> ShortRows:
        """People from whom each item is learned [N], near copies of one another as one; 0 where they are too few."""
        return distinct_people(self.taught, self.distinct, self.hands).astype(np.int32)

    @cached_property
    def starter(self) -> Starter | None:
        """What a training here begins with, where a model was imported."""
        return None if self.elsewhere is None else self.elsewhere.starter

    @cached_property
    def unit(self) -> float:
        """Mean of log1p(count): what one ordinary play count weighs."""
        plays = number(self.hands, self.taught.nnz)
        if not plays:
            return self.starter.unit if self.starter else 1.0
        return number(self.hands, np.log1p(self.taught.data).sum(dtype=np.float64)) / plays

    @cached_property
    def strength(self) -> sp.csr_matrix:
        """What may be learned from as strengths around 1 [U, N], of near copies less."""
        copied = np.repeat(self.distinct, np.diff(self.taught.indptr))
        strength = (np.log1p(self.taught.data) / self.unit * copied).astype(np.float32)
        return sp.csr_matrix((strength, self.taught.indices, self.taught.indptr), shape=self.taught.shape)


def artist_view(snapshot: GraphSnapshot) -> View:
    """Artists as candidates."""
    size = len(snapshot.artists)
    plays = _plays(snapshot.artist_plays, len(snapshot.users), size)
    return View(
        kind="ARTIST",
        ids=snapshot.artists,
        open=snapshot.artists_open,
        plays=plays,
        tags=_tags(snapshot.artist_tags, len(snapshot.tags), plays),
        tag_ids=snapshot.tags,
        artists=sp.csr_matrix((0, size), dtype=np.float32),
        artist_ids=np.zeros(0, dtype=np.int64),
        friends=_friends(snapshot),
        elsewhere=snapshot.elsewhere.get("ARTIST"),
        called=_called(snapshot, size, (snapshot.artist_names, np.arange(size, dtype=np.int32))),
    )


def track_view(snapshot: GraphSnapshot) -> View:
    """Tracks as candidates; a track also carries its artist's tags, and its artist as a feature."""
    size = len(snapshot.tracks)
    made = sp.csr_matrix(
        (np.ones(size, np.float32), (snapshot.track_artist, np.arange(size))),
        shape=(len(snapshot.artists), size),
    )
    plays = _plays(snapshot.track_plays, len(snapshot.users), size)
    by_artist = _plays(snapshot.artist_plays, len(snapshot.users), len(snapshot.artists))
    tags = _tags(snapshot.track_tags, len(snapshot.tags), plays)
    inherited = _tags(snapshot.artist_tags, len(snapshot.tags), by_artist) @ made
    return View(
        kind="TRACK",
        ids=snapshot.tracks,
        open=snapshot.tracks_open,
        plays=plays,
        tags=(tags + inherited).tocsr(),
        tag_ids=snapshot.tags,
        artists=made,
        artist_ids=snapshot.artists,
        friends=_friends(snapshot),
        elsewhere=snapshot.elsewhere.get("TRACK"),
        called=_called(
            snapshot,
            size,
            (snapshot.track_titles, np.arange(size, dtype=np.int32)),
            (snapshot.artist_names, snapshot.track_artist),
            titled=snapshot.titled,
            texts=snapshot.track_texts,
        ),
    )


def _called(
    snapshot: GraphSnapshot,
    size: int,
    *columns: tuple[PackedNames, ShortRows],
    titled: Taggings = NOTHING_SAID,
    texts: Sequence[str] = (),
) -> Called | None:
    if not len(snapshot.tag_names):
        return None
    names, rows = zip(*columns, strict=True)
    return Called(
        tags=snapshot.tag_names, names=names, rows=rows, texts=texts, titles=snapshot.title_words,
        titled=_by_enough(titled, (len(snapshot.title_words), size)),
    )  # fmt: skip


def _by_enough(said: Taggings, shape: tuple[int, int]) -> sp.csr_matrix:
    """How many people say each word of each item, where these are ``LEAST_LISTENERS``: fewer would know each other in it."""
    people = sp.csr_matrix((np.ones(len(said.tag), np.float32), (said.tag, said.item)), shape=shape)
    people.data[people.data < LEAST_LISTENERS] = 0
    people.eliminate_zeros()
    return people


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


def _tags(taggings: Taggings, tags: int, plays: sp.csr_matrix) -> sp.csr_matrix:
    """How often each word is used for each item, which ``plays`` [U, N] are of."""
    kept = said_by_enough(taggings, tags, plays)
    return incidence(taggings.tag[kept], taggings.item[kept], (tags, plays.shape[1]))


def said_by_enough(taggings: Taggings, tags: int, plays: sp.csr_matrix, hands: Hands = ALONE) -> Mask:
    """Which words for items count; ``plays`` [U, N] are of these.

    The catalog's words all count; those of listeners where enough people play or name the item, and enough use the word.
    """
    said = taggings.user >= 0
    speakers = hands.total(_people(taggings.tag[said], taggings.user[said], tags))
    naming = hands.total(_people(taggings.item[said], taggings.user[said], plays.shape[1]))
    known = np.maximum(hands.total(_listeners(plays)), naming) >= LEAST_LISTENERS
    return np.asarray(~said | (known[taggings.item] & (speakers[taggings.tag] >= LEAST_LISTENERS)))


def incidence(tag: ShortRows, item: ShortRows, shape: tuple[int, int]) -> sp.csr_matrix:
    """How often each word stands beside each item."""
    return sp.csr_matrix((np.ones(len(tag), dtype=np.float32), (tag, item)), shape=shape)


def _people(thing: ShortRows, user: ShortRows, size: int) -> Ints:
    """How many different people stand beside each thing [size]."""
    pairs = np.unique(np.stack([thing, user]), axis=1)
    return np.bincount(pairs[0], minlength=size)


def _listeners(plays: sp.csr_matrix) -> ShortRows:
    """People who play each item [N]."""
    return np.bincount(plays.indices, minlength=plays.shape[1]).astype(np.int32)


def _columns_kept(matrix: sp.csr_matrix, kept: Mask) -> sp.csr_matrix:
    """The matrix with nothing in the other columns."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    there = kept[matrix.indices]
    return sp.csr_matrix((matrix.data[there], (rows[there], matrix.indices[there])), shape=matrix.shape)


def _friends(snapshot: GraphSnapshot) -> sp.csr_matrix:
    pairs = snapshot.friendships.astype(np.int64)
    return symmetric(pairs[:, 0], pairs[:, 1], len(snapshot.users))
