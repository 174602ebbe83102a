"""The privacy fields of the API, through the API."""

import pytest
from django.utils import timezone

from discovery.platform.graphql.node import global_id
from graph.models import Playlist
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db

PRIVACY = "... on PrivacySettings { privateUntil exclusions { id __typename } } ... on OperationInfo { messages { code field } }"
EXCLUDE = f"mutation($id: ID!, $on: Boolean!) {{ excludeFromTaste(id: $id, excluded: $on) {{ {PRIVACY} }} }}"


@pytest.fixture
def ada():
    return factories.sharer("ada")


def test_exclusions_are_set_shown_and_taken_back(ada):
    app = App(ada)
    track = factories.track()
    mine = Playlist.objects.create(owner=ada, title="Mine")
    ids = [
        global_id(name, key)
        for name, key in (("Track", track.pk), ("Artist", track.artist_id), ("Playlist", mine.pk))
    ]
    for item_id in ids:
        shown = app.data(EXCLUDE, id=item_id, on=True)["excludeFromTaste"]["exclusions"]
    assert [item["id"] for item in shown] == ids
    shown = app.data(EXCLUDE, id=ids[0], on=False)["excludeFromTaste"]["exclusions"]
    assert [item["__typename"] for item in shown] == ["Artist", "Playlist"]
    assert app.data("{ viewer { privacy { exclusions { id } } } }")["viewer"]["privacy"]["exclusions"] == [
        {"id": item_id} for item_id in ids[1:]
    ]


@pytest.mark.parametrize(
    ("thing", "code"),
    [
        ("playlist", "NOT_FOUND"),
        ("absent", "NOT_FOUND"),
        ("listener", "INVALID_ID"),
        ("nonsense", "INVALID_ID"),
    ],
)
def test_what_is_not_the_viewers_to_exclude_is_refused(ada, thing, code):
    theirs = Playlist.objects.create(owner=factories.sharer("ben"), title="Theirs")
    value = {
        "playlist": global_id("Playlist", theirs.pk),
        "absent": global_id("Track", 9_999),
        "listener": global_id("Listener", ada.pk),
        "nonsense": "💥",
    }[thing]
    (message,) = App(ada).data(EXCLUDE, id=value, on=True)["excludeFromTaste"]["messages"]
    assert message == {"code": code, "field": "id"}
    assert ada.taste_exclusions.count() == 0


def test_a_private_session_through_the_api(ada):
    app = App(ada)
    start = app.data(f"mutation {{ startPrivateSession {{ {PRIVACY} }} }}")["startPrivateSession"]
    assert start["privateUntil"] is not None
    record = (
        'mutation($id: ID!, $at: DateTime!) { recordListens(input: [{source: "app", sourceId: "1",'
        " trackId: $id, listenedAt: $at}]) { ... on RecordedListens { stored refusals { code } } } }"
    )
    track = global_id("Track", factories.track().pk)
    answer = app.data(record, id=track, at=timezone.now().isoformat())["recordListens"]
    assert answer == {"stored": 0, "refusals": [{"code": "PRIVATE_SESSION"}]}
    answer = app.data(record, id=track, at="2026-01-01T00:00:00Z")["recordListens"]  # of long before
    assert answer == {"stored": 1, "refusals": []}
    end = app.data(f"mutation {{ endPrivateSession {{ {PRIVACY} }} }}")["endPrivateSession"]
    assert end["privateUntil"] is None


def test_usage_parameters_and_preview_answer(world):
    app = App(world.ada)
    favorite = global_id("Track", world.favorites["ada"].pk)
    answer = app.data(
        "query($id: ID!) { recommenderParameters { signal weight averageShare purpose } viewer {"
        " dataUsage { held { name count } models { id } }"
        " fromFriends { edges { node { score } } }"
        " previewRemoval(id: $id) { signals lost { __typename } after { ... on Track { title } } } } }",
        id=favorite,
    )
    viewer = answer["viewer"]
    assert {"name": "plays", "count": 7} in viewer["dataUsage"]["held"]
    assert viewer["previewRemoval"]["signals"] == 1
    assert len(answer["recommenderParameters"]) == 7
    shown = App(world.ben).data(
        "{ viewer { shownTo { edges { node { day named itemId recipient { handle } } } } } }"
    )
    uses = [edge["node"] for edge in shown["viewer"]["shownTo"]["edges"]]
    assert all(use["recipient"] == {"handle": "ada"} for use in uses)
    # Named with what the answer cited; the preview and the shares were shaped by plays of his too, without a word.
    favorite = global_id("Track", world.favorites["ben"].pk)
    assert {(use["named"], use["itemId"]) for use in uses} == {(True, favorite), (False, None)}
