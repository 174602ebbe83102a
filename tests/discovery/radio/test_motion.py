"""What a radio tells of how its item moves: the model's feeling, and the tempo of one's own music server."""

import numpy as np
import pytest

from accounts.intake import restoring
from graph.ingest.catalog import namings_get_or_create
from graph.ingest.clean import words_clean
from graph.ingest.incoming import IncomingPlay
from graph.models import ItemKind, LibraryAccount, LibrarySong
from tests import factories
from tests.api.client import App
from tests.discovery.small_index import small_index

START = """mutation ($seed: ID) { startRadio(seedId: $seed) { ... on RadioQueue {
  now { item { ... on Track { id } } } motion { valence energy tempo } } } }"""


@pytest.fixture
def felt(dial, serve):
    """The dial's tracks, all of them happy and calm."""
    user, tracks = dial
    index = small_index(np.eye(len(tracks)), ids=[track.pk for track in tracks])
    index.moods = np.tile(np.array([4.0, -1.0], np.float32), (len(tracks), 1))
    serve(ItemKind.TRACK, index)
    return user, tracks


def library_of(user, tracks, *, bpm):
    """A music server that tells the tempo of each."""
    play = IncomingPlay(
        source="", listened_at=None, title="One", artist="Somebody", album="", duration_ms=200_000
    )
    (naming,) = namings_get_or_create([words_clean(play)]).values()
    with restoring():
        account = LibraryAccount.objects.create(
            user=user, url="http://music.example", username=user.username, secret="", name="At home", state="READY"
        )  # fmt: skip
        LibrarySong.objects.bulk_create(
            LibrarySong(account=account, user=user, naming=naming, track=track, song=f"s{track.pk}", bpm=bpm)
            for track in tracks
        )  # fmt: skip


def started(user):
    return App(user).data(START)["startRadio"]


def test_the_tempo_is_of_ones_own_server_and_the_feeling_of_the_model(felt):
    user, tracks = felt
    other = factories.sharer("other")
    library_of(user, tracks, bpm=128)
    mine, theirs = started(user)["motion"], started(other)["motion"]
    assert mine == {"valence": 1.0, "energy": -0.5, "tempo": 128}
    assert theirs == mine | {"tempo": None}


def test_without_moods_nothing_is_told(dial):
    user, _tracks = dial
    told = started(user)
    assert told["now"] is not None
    assert told["motion"] is None
