"""What one person deleted or took back names nobody's music any more, and takes nothing of another's along."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from graph.importers.history import history_import
from graph.models import Artist, DeletedPlay, Feedback, FeedbackKind, Listen, Naming, NamingArtist, Track
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


NOON = timezone.now().replace(hour=12, minute=0, second=7, microsecond=0) - timedelta(days=9)


def told_again(user, first, second, *, apart=0):
    """How many of what is told again, by another source, so many seconds apart, are stored."""
    GraphQL(user).tell(play(**first, at=NOON, source="one"))
    listens_delete(user=user, everything=True)
    again = GraphQL(user)
    again.tell(play(**second, at=NOON + timedelta(seconds=apart), source="two"))
    return again.answer["stored"]


ISRC, URI = "GBAYE0000351", "spotify:track:4uLU6hMCjMI75M1A2tKUQC"


@pytest.mark.parametrize("known", [{"mbid": B}, {"isrc": ISRC}, {"uri": URI}], ids=str)
def test_a_deleted_play_does_not_come_back_by_other_words(ada, ben, known):
    assert told_again(ada, {"title": "Bare (Remaster)", **known}, {"title": "Bare", **known}) == 0
    assert not Naming.objects.exists()
    assert told_again(ben, {"title": "Bare", "mbid": A}, {"title": "Dawn", **known}) == 1


def test_nor_by_words_that_only_the_catalog_knows_for_the_same(ada, ben):
    GraphQL(ben).tell(play("Bare", mbid=B, isrc=ISRC))
    first, second = {"title": "Bare (Remaster)", "mbid": B}, {"title": "Nackt", "isrc": ISRC}
    assert told_again(ada, first, second) == 0
    assert Naming.objects.count() == 1
    assert told_again(ben, {"title": "Bare", "mbid": B}, {"title": "Dusk"}) == 1


@pytest.mark.parametrize("apart", [-121, -120, -61, -60, 0, 60, 61, 119, 120, 121])
def test_nor_within_two_minutes_on_either_side(ada, apart):
    assert told_again(ada, {}, {}, apart=apart) == (abs(apart) > 120)


def test_what_was_played_when_stands_in_no_number(ada, ben):
    for person in (ada, ben):
        told_again(person, {"mbid": B}, {"mbid": B})
    one, other = (
        {row[0] for row in DeletedPlay.objects.filter(user=user).values_list("near")} for user in (ada, ben)
    )
    assert len(one) == len(other) == 2  # a name and an id
    assert not one & other
