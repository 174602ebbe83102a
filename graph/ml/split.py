"""Leak-free splits: what a model may see, and what it is asked about."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.arrays import Mask, Rows
from graph.ml.data import View, views
from graph.snapshot import GraphSnapshot, Plays, Taggings


@dataclass(frozen=True, kw_only=True)
class Split:
    """A training snapshot and the edges taken out of it."""

    train: GraphSnapshot
    artists: Rows  # [E, 2] (user row, artist row) held out
    tracks: Rows  # [E, 2] (user row, track row) held out
    friendships: Rows  # [F, 2] (user row, user row) held out, by pair: never only one direction


def split_snapshot(
    snapshot: GraphSnapshot, *, seed: int, item_share: float = 0.2, friend_share: float = 0.2
) -> Split:
    """Hold out a share of each person's artists, of their other tracks, and of all friendships.

    With a held-out artist go the person's plays of its tracks and the person's own tags on it and
    them; with a held-out track its tags, and the artist too when nothing else remains of it.
    """
    rng = np.random.default_rng(seed)
    artist_plays, track_plays = snapshot.artist_plays, snapshot.track_plays
    width = len(snapshot.artists)
    out_artist = _share_of_each(artist_plays.user, item_share, rng)
    held_artists = _keys(artist_plays.user[out_artist], artist_plays.item[out_artist], width)

    track_keys = _keys(track_plays.user, snapshot.track_artist[track_plays.item], width)
    by_artist = np.isin(track_keys, held_artists)
    out_track = np.zeros(len(track_plays.user), dtype=bool)
    out_track[~by_artist] = _share_of_each(track_plays.user[~by_artist], item_share, rng)
    held_tracks = _keys(track_plays.user[out_track], track_plays.item[out_track], len(snapshot.tracks))
    gone = np.setdiff1d(track_keys[out_track], track_keys[~by_artist & ~out_track])

    keys = _keys(artist_plays.user, artist_plays.item, width)
    hidden = np.isin(keys, np.union1d(held_artists, gone))
    out_friend = rng.random(len(snapshot.friendships)) < friend_share
    train = replace(
        snapshot,
        artist_plays=_plays(artist_plays, ~hidden),
        track_plays=_plays(track_plays, ~(by_artist | out_track)),
        artist_tags=_untagged(snapshot.artist_tags, np.union1d(held_artists, gone), width),
        track_tags=_tracks_untagged(snapshot, held_artists, held_tracks),
        friendships=snapshot.friendships[~out_friend],
    )
    return Split(
        train=train,
        artists=_pairs(artist_plays, out_artist),
        tracks=_pairs(track_plays, out_track),
        friendships=snapshot.friendships[out_friend].astype(np.int64),
    )


def held_out(view: View, split: Split) -> sp.csr_matrix:
    """Held-out plays of a view as [U, N] ones."""
    pairs = split.artists if view.kind == "ARTIST" else split.tracks
    ones = np.ones(len(pairs), dtype=np.float32)
    return sp.csr_matrix((ones, (pairs[:, 0], pairs[:, 1])), shape=view.plays.shape)


def asked_view(split: Split) -> View:
    """Artists where anything is held out among them, else tracks."""
    by_kind = {view.kind: view for view in views(split.train)}
    return by_kind["ARTIST"] if len(split.artists) else by_kind["TRACK"]


def split_cold(snapshot: GraphSnapshot, *, seed: int, share: float = 0.1) -> Split:
    """Take every play of a share of the befriended listeners, and of a share of the tagged artists.

    What is asked: all artists for the cold listeners; the cold artists for everyone else. Their own
    tags on what is held out go too. Track plays are left out of this question altogether.
    """
    rng = np.random.default_rng(seed)
    plays = snapshot.artist_plays
    befriended = np.intersect1d(np.unique(snapshot.friendships), np.unique(plays.user))
    tagged = np.intersect1d(np.unique(snapshot.artist_tags.item), np.unique(plays.item))
    listeners = rng.permutation(befriended)[: round(len(befriended) * share)]
    artists = rng.permutation(tagged)[: round(len(tagged) * share)]
    hidden = np.isin(plays.user, listeners) | np.isin(plays.item, artists)
    train = without_artists(snapshot, hidden)
    return Split(
        train=train,
        artists=_pairs(plays, hidden),
        tracks=np.zeros((0, 2), dtype=np.int64),
        friendships=np.zeros((0, 2), dtype=np.int64),
    )


def without_artists(snapshot: GraphSnapshot, hidden: Mask) -> GraphSnapshot:
    """The snapshot without some of its artist plays, their listeners' tags on them, and without any track plays."""
    plays, width = snapshot.artist_plays, len(snapshot.artists)
    nothing = np.zeros(len(snapshot.track_plays.user), dtype=bool)
    return replace(
        snapshot,
        artist_plays=_plays(plays, ~hidden),
        track_plays=_plays(snapshot.track_plays, nothing),
        artist_tags=_untagged(
            snapshot.artist_tags, _keys(plays.user[hidden], plays.item[hidden], width), width
        ),
    )


def _share_of_each(group: NDArray[np.integer], share: float, rng: np.random.Generator) -> Mask:
    """A random ``share`` of each group's rows (rounded), as a mask."""
    if not len(group):
        return np.zeros(0, dtype=bool)
    order = np.lexsort((rng.random(len(group)), group))
    counts = np.bincount(group)
    position = np.empty(len(group), dtype=np.int64)
    position[order] = np.arange(len(group)) - (np.cumsum(counts) - counts)[group[order]]
    return np.asarray(position < np.round(counts[group] * share), dtype=bool)


def _keys(user: NDArray[np.integer], item: NDArray[np.integer], width: int) -> Rows:
    return np.asarray(user.astype(np.int64) * max(width, 1) + item)


def _pairs(plays: Plays, mask: Mask) -> Rows:
    return np.stack([plays.user[mask], plays.item[mask]], axis=1).astype(np.int64)


def _plays(plays: Plays, kept: Mask) -> Plays:
    return Plays(user=plays.user[kept], item=plays.item[kept], count=plays.count[kept])


def _untagged(tags: Taggings, held: Rows, width: int) -> Taggings:
    """Taggings without those a person gave to what is held out from them."""
    return _taggings(tags, ~np.isin(_keys(tags.user, tags.item, width), held) | (tags.user < 0))


def _tracks_untagged(snapshot: GraphSnapshot, artists: Rows, tracks: Rows) -> Taggings:
    tags = snapshot.track_tags
    by_artist = np.isin(_keys(tags.user, snapshot.track_artist[tags.item], len(snapshot.artists)), artists)
    by_track = np.isin(_keys(tags.user, tags.item, len(snapshot.tracks)), tracks)
    return _taggings(tags, ~(by_artist | by_track) | (tags.user < 0))


def _taggings(tags: Taggings, kept: Mask) -> Taggings:
    return Taggings(user=tags.user[kept], item=tags.item[kept], tag=tags.tag[kept])
