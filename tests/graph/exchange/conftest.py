"""A community whose model travels: its music, and a file of it that another installation signed."""

from dataclasses import replace

import numpy as np
import pytest

from graph.elsewhere.document import MODEL, document_read
from graph.elsewhere.names import Named
from graph.exchange.export import export_document
from graph.packed_names import PackedNames
from graph.snapshot import NOTHING_SAID
from tests.graph.ml.worlds import clusters

KEY, OTHER_KEY = "11" * 32, "22" * 32
TOLD = {"madeAt": "2026-11-01T12:00:00+00:00", "commit": "unknown", "ledgerPosition": 3}


def called(snapshot):
    """What a made world's rows are called elsewhere."""
    return Named(
        artists=list(snapshot.artist_names), artist_mbids=[""] * len(snapshot.artists), titles=list(snapshot.track_titles),
        track_mbids=[""] * len(snapshot.tracks), track_isrcs=[""] * len(snapshot.tracks), track_artist=snapshot.track_artist,
        tags=list(snapshot.tag_names),
    )  # fmt: skip


def renumbered(snapshot, *, seed=1):
    """The same catalog as another installation has it: other keys, another order."""
    rng = np.random.default_rng(seed)
    artists, tracks, tags = (
        rng.permutation(len(ids)) for ids in (snapshot.artists, snapshot.tracks, snapshot.tags)
    )
    return replace(
        snapshot,
        artists=np.arange(len(artists), dtype=np.int64) + 7_000,
        tracks=np.arange(len(tracks), dtype=np.int64) + 90_000,
        tags=np.arange(len(tags), dtype=np.int64) + 500,
        artist_names=PackedNames.of(snapshot.artist_names[int(row)] for row in artists),
        track_titles=PackedNames.of(snapshot.track_titles[int(row)] for row in tracks),
        tag_names=PackedNames.of(snapshot.tag_names[int(row)] for row in tags),
        artists_open=snapshot.artists_open[artists],
        tracks_open=snapshot.tracks_open[tracks],
        track_artist=np.argsort(artists)[snapshot.track_artist[tracks]].astype(np.int32),
        artist_tags=NOTHING_SAID,
        track_tags=NOTHING_SAID,
    ).without(np.ones(len(snapshot.users), dtype=bool))


@pytest.fixture(scope="session")
def traveling_world():
    """Of sixty artists, the last one is played by four people alone."""
    world = clusters()
    rare = world.artist_plays.item == 59
    few = rare & (np.cumsum(rare) > 4)
    plays = replace(
        world.artist_plays, **{n: getattr(world.artist_plays, n)[~few] for n in ("user", "item", "count")}
    )
    return replace(
        world,
        artist_plays=plays,
        tag_names=PackedNames.of(["rock", "jazz", "folk"]),
        friendships=world.friendships[:0],
    )


@pytest.fixture(scope="session")
def exported(traveling_world, small_config):
    return export_document(traveling_world, called(traveling_world), small_config, secret=KEY, told=TOLD)


@pytest.fixture(scope="session")
def document(exported):
    return document_read(exported.blob, expected=MODEL)
