"""Small snapshots with a known truth."""

import numpy as np

from graph.packed_names import PackedNames
from graph.snapshot import GraphSnapshot, Plays, Taggings


def plays_of(matrix):
    user, item = np.nonzero(matrix)
    return Plays(
        user=user.astype(np.int32), item=item.astype(np.int32), count=matrix[user, item].astype(np.float32)
    )


def taggings_of(rows):
    table = np.array(rows, dtype=np.int32).reshape(-1, 3)
    return Taggings(user=table[:, 0], item=table[:, 1], tag=table[:, 2])


def snapshot_of(
    artist_plays,
    *,
    track_plays=None,
    track_artist=(),
    tags=(),
    friendships=(),
    discoverable=None,
    tag_names=(),
):
    """Ids are 10, 20, … for users, 100, 101, … for artists, 1000, 1001, … for tracks, 1, 2, … for tags."""
    users, artists = artist_plays.shape
    tracks = len(track_artist)
    tag_count = 1 + max((tag for _, _, tag in tags), default=-1)
    return GraphSnapshot(
        users=np.arange(1, users + 1, dtype=np.int64) * 10,
        discoverable=np.ones(users, dtype=bool) if discoverable is None else np.asarray(discoverable),
        artists=np.arange(artists, dtype=np.int64) + 100,
        tracks=np.arange(tracks, dtype=np.int64) + 1000,
        tags=np.arange(tag_count, dtype=np.int64) + 1,
        artists_open=np.ones(artists, dtype=bool),
        tracks_open=np.ones(tracks, dtype=bool),
        track_artist=np.asarray(track_artist, dtype=np.int32),
        artist_plays=plays_of(artist_plays),
        track_plays=plays_of(np.zeros((users, tracks)) if track_plays is None else track_plays),
        artist_tags=taggings_of(tags),
        track_tags=taggings_of([]),
        friendships=np.asarray(friendships, dtype=np.int32).reshape(-1, 2),
        ledger_position=3,
        tag_names=PackedNames.of(tag_names),
        artist_names=PackedNames.of(f"Artist {number}" for number in range(artists)),
        track_titles=PackedNames.of(f"Title {number}" for number in range(tracks)),
    )


def checkerboard(users=40, items=30):
    """Everyone plays every second item: the even people the even ones, the odd the odd ones."""
    return ((np.arange(users)[:, None] + np.arange(items)[None, :]) % 2 == 0).astype(np.float64) * 5


def clusters(users=90, items=60, groups=3, seed=5):
    """People and items in groups; plays, tags and friendships mostly stay inside. Low items are popular."""
    rng = np.random.default_rng(seed)
    same = np.arange(users)[:, None] % groups == np.arange(items)[None, :] % groups
    popularity = 0.9 * 0.96 ** np.arange(items)
    plays = (rng.random((users, items)) < np.where(same, popularity, 0.05 * popularity)) * rng.integers(
        1, 40, (users, items)
    )
    tags = [(-1, item, item % groups) for item in range(items)]
    pairs = [
        (a, b)
        for a in range(users)
        for b in range(a + 1, users)
        if rng.random() < (0.2 if a % groups == b % groups else 0.01)
    ]
    tracks = np.arange(2 * items) % items
    track_plays = plays[:, tracks] * (rng.random((users, 2 * items)) < 0.7)
    rolled = np.zeros_like(plays)
    np.add.at(rolled.T, tracks, track_plays.T)
    return snapshot_of(rolled, track_plays=track_plays, track_artist=tracks, tags=tags, friendships=pairs)
