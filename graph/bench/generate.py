"""Graphs of a given size with the shape of listening: a few favorites, a long tail, communities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graph.arrays import Floats, Ints, ShortRows
from graph.snapshot import GraphSnapshot, Plays, Taggings

ENOUGH = 0.97  # of the plays asked for
SKEW = 0.8  # an item of rank r is played like r^-SKEW
AT_HOME = 0.7  # share of plays inside the listener's community
COMMUNITY = 500  # listeners
FRIENDS = 8  # a listener's, on average
TAGS = 500


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many of what; 10⁷ plays are of 100,000 listeners and 1,000,000 tracks."""

    plays: int

    @property
    def users(self) -> int:
        return max(self.plays // 100, 10)

    @property
    def tracks(self) -> int:
        return max(self.plays // 10, 20)

    @property
    def artists(self) -> int:
        return max(self.tracks // 10, 5)


def generate(size: Size, *, seed: int = 0) -> GraphSnapshot:
    """A snapshot with about ``size.plays`` (at least ``ENOUGH`` of them) different listener–track pairs."""
    rng = np.random.default_rng(seed)
    homes = max(size.users // COMMUNITY, 2)
    home = rng.integers(homes, size=size.users)
    pairs = _pairs(size, home, homes, rng)
    user, track = pairs // size.tracks, pairs % size.tracks
    count = rng.geometric(0.3, len(pairs)).astype(np.float32)
    track_artist = rng.integers(size.artists, size=size.tracks)
    rolled, plays = _added_up(user * size.artists + track_artist[track], count)
    return GraphSnapshot(
        users=np.arange(1, size.users + 1),
        discoverable=np.ones(size.users, dtype=bool),
        artists=np.arange(1, size.artists + 1),
        tracks=np.arange(1, size.tracks + 1),
        tags=np.arange(1, TAGS + 1),
        artists_open=np.ones(size.artists, dtype=bool),
        tracks_open=np.ones(size.tracks, dtype=bool),
        track_artist=track_artist.astype(np.int32),
        artist_plays=Plays(
            user=(rolled // size.artists).astype(np.int32),
            item=(rolled % size.artists).astype(np.int32),
            count=plays,
        ),
        track_plays=Plays(user=user.astype(np.int32), item=track.astype(np.int32), count=count),
        artist_tags=_artist_tags(size, rng),
        track_tags=Taggings(**dict.fromkeys(("user", "item", "tag"), np.zeros(0, dtype=np.int32))),
        friendships=_friendships(size, home, homes, rng),
        ledger_position=0,
    )


def _pairs(size: Size, home: Ints, homes: int, rng: np.random.Generator) -> Ints:
    """Different (listener, track) pairs as user · tracks + track, ascending."""
    label = rng.permutation(size.tracks)  # so that a track's number says nothing
    activity = np.cumsum(rng.lognormal(0, 1, size.users))
    pairs = np.zeros(0, dtype=np.int64)
    while len(pairs) < size.plays * ENOUGH:
        missing = size.plays - len(pairs)
        user = np.searchsorted(activity, np.sort(rng.random(int(missing * 1.3))) * activity[-1])
        at_home = rng.random(len(user)) < AT_HOME
        rank = _ranks(np.where(at_home, size.tracks // homes, size.tracks), rng)
        track = label[np.where(at_home, rank * homes + home[user], rank)]
        pairs = np.sort(np.concatenate([pairs, user * size.tracks + track]))
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]
    if len(pairs) <= size.plays:
        return pairs
    gone = rng.integers(len(pairs), size=len(pairs) - size.plays)
    return np.delete(pairs, gone)  # one drawn twice goes once: still enough are left


def _added_up(keys: Ints, values: Floats) -> tuple[Ints, Floats]:
    """Each different key, ascending, and the sum of its values."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1) > 0)
    return keys[starts], np.add.reduceat(values[order], starts)


def _ranks(many: Ints, rng: np.random.Generator) -> Ints:
    """For each entry a rank below it, drawn with chance falling as (rank + 1)^-SKEW."""
    power = 1 - SKEW
    reach = (many + 1.0) ** power - 1
    rank = (rng.random(len(many)) * reach + 1) ** (1 / power) - 1
    return np.minimum(rank.astype(np.int64), many - 1)


def _artist_tags(size: Size, rng: np.random.Generator) -> Taggings:
    """Two words of the catalog for each artist."""
    item = np.repeat(np.arange(size.artists), 2)
    rows = np.unique(np.stack([item, rng.integers(TAGS, size=len(item))]), axis=1).astype(np.int32)
    return Taggings(user=np.full(rows.shape[1], -1, dtype=np.int32), item=rows[0], tag=rows[1])


def _friendships(size: Size, home: Ints, homes: int, rng: np.random.Generator) -> ShortRows:
    """Pairs (low, high), nine in ten within a community."""
    listener = rng.integers(size.users, size=size.users * FRIENDS // 2)
    by_home = np.argsort(home, kind="stable")
    starts = np.searchsorted(home[by_home], np.arange(homes + 1))
    inside = starts[home[listener]] + (rng.random(len(listener)) * np.diff(starts)[home[listener]]).astype(
        np.int64
    )
    friend = np.where(
        rng.random(len(listener)) < 0.9, by_home[inside], rng.integers(size.users, size=len(listener))
    )
    pairs = np.unique(np.sort(np.stack([listener, friend], axis=1), axis=1), axis=0)
    return pairs[pairs[:, 0] < pairs[:, 1]].astype(np.int32)
