"""What one person deleted or took back names nobody's music any more, and takes nothing of another's along."""

import json

import pytest

from graph.importers.history import history_import
from graph.models import Artist, Feedback, FeedbackKind, Listen, Naming, NamingArtist, Track
from graph.services.deletion import listens_delete
from graph.services.feedback import feedback_give
from graph.services.history import history_undo
from graph.services.standing import catalog_sweep
from tests import factories
from tests.graph.ingest.doors import GraphQL, listenbrainz, play

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

A, B = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae", "1c4a3a44-0000-4c53-8d5c-0123456789ab"
THEIRS = {
    "title": "Bare (mix for Bob feat. Otto Plum)", "artist": "Her Own Artist", "mbid": B, "album": "Her tape", "duration_ms": 123_000,
}  # fmt: skip


@pytest.fixture
def cleo():
    return factories.sharer("cleo")


def credited():
    rows = NamingArtist.objects.order_by("name__name").values_list("name__name", "name__artist__name")
    return list(rows)


class TestAnArtistWhomOnlyACreditNames:
    """Most call the artist of a recording otherwise than cleo does."""

    @pytest.fixture(autouse=True)
    def _told(self, ada, ben, cleo):
        GraphQL(ada).tell(play("Bare", "Nadir Vale", mbid=B, isrc="GBAYE0000351"))
        GraphQL(ben).tell(play("Bare", "Nadir Vale", mbid=B, album="Z"))
        GraphQL(cleo).tell(play("Bare", "N. Vale", isrc="GBAYE0000351"))
        assert Track.objects.get().artist.name == "Nadir Vale"

    def test_stays_as_long_as_a_play_is_told_so(self, ada, ben, cleo):
        catalog_sweep()
        assert ("N. Vale", "N. Vale") in credited()
        listens_delete(user=ada, everything=True)  # what joined the two is gone with it
        listens_delete(user=ben, everything=True)
        assert Listen.objects.get(user=cleo).track.artist.name == "N. Vale"
        listens_delete(user=cleo, everything=True)
        catalog_sweep()
        assert not Artist.objects.exists()

    def test_is_read_from_the_words_anew_where_the_credit_was_lost(self, ada, cleo):
        Artist.objects.filter(name="N. Vale").delete()
        assert len(credited()) == 2
        listens_delete(user=ada, everything=True)
        assert Listen.objects.get(user=cleo).track.artist.name == "N. Vale"
        assert ("N. Vale", "N. Vale") in credited()


def delete(user, _path):
    GraphQL(user).tell(play(**THEIRS))
    listens_delete(user=user, everything=True)


def undo(user, path):
    path.write_text(json.dumps(listenbrainz(**play(**THEIRS))) + "\n")
    history_undo(user=user, history_id=history_import(user=user, path=path).pk)


def delete_what_is_liked(user, _path):
    GraphQL(user).tell(play(**THEIRS))
    feedback_give(user=user, item=Track.objects.get(), kind=FeedbackKind.LIKE)
    listens_delete(user=user, everything=True)
    catalog_sweep()


@pytest.mark.parametrize("takes_back", [delete, undo, delete_what_is_liked])
def test_what_was_taken_back_names_nobody_elses_music(ada, ben, tmp_path, takes_back):
    takes_back(ada, tmp_path / "one.jsonl")
    assert not Naming.objects.exists()
    GraphQL(ben).tell(play("Bare", "Nadir Vale", mbid=B))
    track = Listen.objects.get().track
    told = track.title, track.artist.name, track.album, track.duration_ms, track.guests.count()
    assert told == ("Bare", "Nadir Vale", "", None, 0)
    assert set(Feedback.objects.values_list("track", flat=True)) <= {track.pk}


def test_nor_does_an_artist_keep_a_spelling_that_was_deleted(ada, ben):
    GraphQL(ada).tell(play("X", "nAdIr vAlE"))
    listens_delete(user=ada, everything=True)
    GraphQL(ben).tell(play("Y", "Nadir Vale"))
    assert Listen.objects.get().track.artist.name == "Nadir Vale"


def test_without_who_deleted_what_the_others_say_counts_at_once(ada, ben, cleo):
    for person, album in ((ada, "South"), (ben, "South"), (cleo, "North")):
        GraphQL(person).tell(play("Bare", mbid=A, album=album))
    assert Track.objects.get().album == "South"
    listens_delete(user=ada, everything=True)
    assert Track.objects.get().album == "North"  # of equals the alphabet
    assert Naming.objects.count() == 2
