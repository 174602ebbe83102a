"""What a listener says of an artist counts for the artist's tracks: a like brings what is like them, a hidden one is not heard again."""

import pytest

from discovery.platform.graphql.node import global_id
from graph.models import ItemKind, TrackGuest
from tests import factories
from tests.api.client import App
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db

DISCOVER = """{ viewer { discover(kind: TRACK, first: 10) { degraded edges { node { score remainder
  item { ... on Track { title } } reasons { kind text contribution evidence { ... on Artist { name } } } } } } } }"""
SAY = "mutation ($id: ID!, $kind: FeedbackKind!) { giveFeedback(itemId: $id, kind: $kind) { ... on GivenFeedback { replaced } } }"
TAKE_BACK = "mutation ($id: ID!) { clearFeedback(itemId: $id) { __typename } }"
EXCLUDE = "mutation ($id: ID!) { excludeFromTaste(id: $id) { __typename } }"


@pytest.fixture
def music(serve):
    """Two artists whose tracks lie apart, and a track by a third with the second as a guest, between them."""
    harbor, engines, guest = (factories.artist(name) for name in ("Harbor", "The Engines", "Sol"))
    vectors = {
        factories.track("Tide", by=harbor).pk: [1.0, 0.0],
        factories.track("Steam", by=engines).pk: [0.0, 1.0],
        (between := factories.track("Between", by=guest)).pk: [0.6, 0.7],
    }
    TrackGuest.objects.create(track=between, artist=engines, position=1)
    serve(
        ItemKind.TRACK,
        small_index(
            [vectors[key] for key in sorted(vectors)], ids=sorted(vectors),
            artists={harbor.pk: [1.0, 0.1], engines.pk: [0.1, 1.0]},
        ),
    )  # fmt: skip
    return {"harbor": global_id("Artist", harbor.pk), "engines": global_id("Artist", engines.pk)}


def titles(app):
    edges = app.data(DISCOVER)["viewer"]["discover"]["edges"]
    return [edge["node"]["item"]["title"] for edge in edges]


def test_a_liked_artist_brings_what_is_like_them_and_says_so(music):
    app = App(factories.sharer("ada"))
    assert titles(app) == []
    app.data(SAY, id=music["engines"], kind="LIKE")
    found = app.data(DISCOVER)["viewer"]["discover"]
    assert [edge["node"]["item"]["title"] for edge in found["edges"]] == ["Steam", "Between", "Tide"]
    assert found["degraded"] is None
    first = found["edges"][0]["node"]
    (reason,) = first["reasons"]
    assert (reason["kind"], reason["evidence"]) == ("OWN_PLAY", [{"name": "The Engines"}])
    assert "like" in reason["text"]
    assert "play" not in reason["text"]
    assert reason["contribution"] + first["remainder"] == pytest.approx(first["score"], abs=1e-5)
    app.data(TAKE_BACK, id=music["engines"])
    assert titles(app) == []


def test_a_hidden_artist_is_not_heard_again_as_a_guest_neither(music):
    ada, ben = App(factories.sharer("ada")), App(factories.sharer("ben"))
    for app in (ada, ben):
        app.data(SAY, id=music["harbor"], kind="LIKE")
    ada.data(SAY, id=music["engines"], kind="HIDE")
    assert titles(ada) == ["Tide"]
    assert titles(ben) == ["Tide", "Between", "Steam"], "of her alone"
    ada.data(TAKE_BACK, id=music["engines"])
    assert titles(ada) == titles(ben)


def test_what_is_disliked_sinks_and_what_is_left_out_of_the_taste_says_nothing(music):
    app = App(factories.sharer("ada"))
    app.data(SAY, id=music["harbor"], kind="LIKE")
    app.data(SAY, id=music["engines"], kind="DISLIKE")
    assert titles(app)[-1] == "Steam"
    app.data(EXCLUDE, id=music["harbor"])
    edges = app.data(DISCOVER)["viewer"]["discover"]["edges"]
    assert all(edge["node"]["reasons"] == [] for edge in edges), "nothing speaks for anything"


def test_a_verdict_says_which_one_it_took_the_place_of(music):
    app = App(factories.sharer("ada"))

    def said(kind):
        return app.data(SAY, id=music["harbor"], kind=kind)["giveFeedback"]["replaced"]

    assert [said(kind) for kind in ("LIKE", "HIDE", "HIDE", "DISLIKE", "SKIP")] == [
        None,
        "LIKE",
        None,
        "HIDE",
        None,
    ]
