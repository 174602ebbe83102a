"""What is loved by a player: the same recording as a play of these words, no name for anybody's plays, no way past the quota."""

import pytest

from graph.models import Artist, Feedback, Listen, Naming, Track
from tests.discovery.protocols.dialects import Audioscrobbler, LastFm, player_of
from tests.graph.ingest.doors import GraphQL, play

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

A, B = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae", "1c4a3a44-0000-4c53-8d5c-0123456789ab"
INTRO = {"title": "Intro", "artist": "Nadir Vale"}


def liked():
    return list(Feedback.objects.order_by("pk").values_list("track__mbid", flat=True))


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_of_one_name_it_joins_none(ada, order):
    both = [play("Intro", mbid=A, album="X"), play("Intro", mbid=B, album="Y")]
    GraphQL(ada).tell(*both[::order])
    player = LastFm(player_of(ada))
    for _ in range(2):
        player.love(INTRO)
        assert (liked(), Track.objects.count(), Naming.objects.count()) == ([""], 3, 2)
    player.love(INTRO, love=False)
    assert (liked(), Track.objects.count()) == ([], 2)


@pytest.mark.parametrize("known", [{"mbid": A}, {}], ids=str)
def test_of_one_it_joins_that(ada, known):
    GraphQL(ada).tell(play("Intro", **known))
    player = LastFm(player_of(ada))
    player.love(INTRO)
    assert (liked(), Track.objects.count()) == ([known.get("mbid", "")], 1)
    player.love(INTRO, love=False)
    assert (liked(), Track.objects.count()) == ([], 1)


def test_before_it_is_played_it_waits_for_the_play(ada):
    LastFm(player_of(ada)).love(INTRO)
    assert not Naming.objects.exists()
    GraphQL(ada).tell(play("Intro", mbid=A))
    assert liked() == [A]


def test_its_words_name_no_play(ada):
    GraphQL(ada).tell(play("Baré", mbid=A), play("baré", mbid=A))
    before = Track.objects.values_list("title", "artist__name").get()
    LastFm(player_of(ada)).love({"title": "BARE", "artist": "NADIR VALE"})
    assert Track.objects.values_list("title", "artist__name").get() == before
    assert Feedback.objects.count() == 1


def test_it_brings_no_more_artists_than_plays_may(ada, settings):
    settings.NEW_ARTISTS_AN_HOUR = 3
    player, app = LastFm(player_of(ada)), GraphQL(ada)
    answers = [player.love({"title": f"T{number}", "artist": f"A{number}"}).ok for number in range(5)]
    assert answers == [True] * 3 + [False] * 2
    assert player.love({"title": "Another", "artist": "A0"}).ok
    app.tell(play("X", "Y"))
    assert [refusal["code"] for refusal in app.answer["refusals"]] == ["CATALOG_QUOTA"]
    for number in range(3):
        player.love({"title": f"T{number}", "artist": f"A{number}"}, love=False)
    assert list(Artist.objects.values_list("name", flat=True)) == ["A0"]


def test_a_rating_that_is_told_again_restores_no_like(ada):
    player, one = (
        Audioscrobbler(player_of(ada)),
        {**INTRO, "at": int(play()["at"].timestamp()), "rating": "L"},
    )
    player.plays(one)
    assert Feedback.objects.count() == 1
    Feedback.objects.all().delete()
    assert player.plays(one).ok
    assert not Feedback.objects.exists()
    player.plays({**one, "title": "Outro"})
    assert Feedback.objects.count() == 1


@pytest.mark.parametrize(("first", "stored"), [("A1", 1), ("A1 feat. A2", 0)])
def test_of_two_under_one_id_the_one_that_may_be_brought_counts(ada, settings, first, stored):
    settings.NEW_ARTISTS_AN_HOUR = 1
    app, at = GraphQL(ada), play()["at"]
    both = [play("A", artist, at=at, source_id="x") for artist in (first, "A3 feat. A4")]
    app.tell(*both)
    assert (app.answer["stored"], Listen.objects.count()) == (stored, stored)
    assert [refusal["index"] for refusal in app.answer["refusals"]] == ([1] if stored else [0, 1])
    app.tell(play("B", "A9"))
    assert app.answer["stored"] == 1 - stored
