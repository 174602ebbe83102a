"""The action of a reason does what it says: sent as it stands, the reason is gone with the next answer."""

import pytest

from accounts.models import PersonalizationLevel, Purpose
from accounts.services.consent import consent_set, level_set
from graph.models import ItemKind, Track
from tests import factories
from tests.api.client import App
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db

ASK = """{ viewer { discover(first: 1) { level edges { node { item { ... on Track { id } } reasons {
  kind text evidence { id } action { kind label purpose target level } } } } } } }"""
RADIO = """mutation { startRadio(tag: "shoegaze", variety: 0) { ... on RadioQueue {
  now { ...shown } upcoming { ...shown } } } }
fragment shown on Recommendation { reasons { kind text action { kind label purpose target level } } }"""
SEND = {
    "EXCLUDE_FROM_TASTE": "mutation($target: ID!) { done: excludeFromTaste(id: $target) { __typename } }",
    "TURN_OFF_FRIEND": """mutation($target: ID!, $purpose: Purpose!) {
        done: setConsent(purpose: $purpose, granted: false, friendId: $target) { __typename } }""",
    "TURN_OFF_PURPOSE": """mutation($purpose: Purpose!) {
        done: setConsent(purpose: $purpose, granted: false) { __typename } }""",
    "SET_LEVEL": """mutation($level: PersonalizationLevel!) {
        done: setPersonalizationLevel(level: $level) { __typename } }""",
    "HIDE_ITEM": "mutation($target: ID!) { done: giveFeedback(itemId: $target, kind: HIDE) { __typename } }",
}


@pytest.fixture
def world(serve):
    """Ada plays one track, three friends another each; two more are new to her, the last one better known."""
    ada = factories.sharer("ada")
    friends = [factories.sharer(name) for name in ("ben", "cleo", "dan")]
    tracks = [factories.track(f"Piece {number}") for number in range(6)]
    factories.listens(ada, tracks[0])
    for friend, track in zip(friends, tracks[1:4], strict=True):
        factories.befriended(ada, friend)
        factories.listens(friend, track)
    vectors = [[1.0], [1.0], [1.0], [1.0], [1.0], [2.0]]
    prior = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0]
    serve(ItemKind.TRACK, small_index(vectors, ids=[track.pk for track in tracks], prior=prior))
    return ada, friends


def shown(app):
    (edge,) = app.data(ASK)["viewer"]["discover"]["edges"]
    return edge["node"]


def reason_with(node, kind):
    """The one reason with this action."""
    (reason,) = [
        reason for reason in node["reasons"] if reason["action"] and reason["action"]["kind"] == kind
    ]
    return reason


def send(app, action):
    wanted = {
        key: action[key] for key in ("purpose", "target", "level") if f"${key}:" in SEND[action["kind"]]
    }
    assert app.data(SEND[action["kind"]], **wanted)["done"]["__typename"] != "OperationInfo"


def test_an_own_play_is_excluded(world):
    app = App(world[0])
    reason = reason_with(shown(app), "EXCLUDE_FROM_TASTE")
    assert reason["action"]["target"] == reason["evidence"][0]["id"]
    assert reason["action"]["label"].startswith("Do not count Piece 0")
    send(app, reason["action"])
    assert "OWN_PLAY" not in {reason["kind"] for reason in shown(app)["reasons"]}


def test_a_named_friend_is_left_out_and_the_others_stay(world):
    ada, friends = world
    app = App(ada)
    for friend in friends[1:]:
        consent_set(user=friend, purpose=Purpose.NAMED, granted=False)
    reason = reason_with(shown(app), "TURN_OFF_FRIEND")
    assert reason["action"]["label"] == "Leave Ben out of what I am shown"
    send(app, reason["action"])
    # Two are left, too few for them to count unnamed.
    assert "FRIEND" not in {reason["kind"] for reason in shown(app)["reasons"]}
    for friend in friends[1:]:
        consent_set(user=friend, purpose=Purpose.NAMED, granted=True)
    texts = [reason["text"] for reason in shown(app)["reasons"] if reason["kind"] == "FRIEND"]
    assert len(texts) == 2
    assert not any("Ben" in text for text in texts)


def test_unnamed_friends_are_turned_off_together(world):
    ada, friends = world
    app = App(ada)
    heard = Track.objects.get(title="Piece 1")  # by the first of them
    for friend in friends:
        consent_set(user=friend, purpose=Purpose.NAMED, granted=False)
    for friend in friends[1:]:
        assert "FRIEND" not in {reason["kind"] for reason in shown(app)["reasons"]}
        factories.listens(friend, heard)
    send(app, reason_with(shown(app), "TURN_OFF_PURPOSE")["action"])
    assert "FRIEND" not in {reason["kind"] for reason in shown(app)["reasons"]}


def test_what_is_popular_can_be_hidden(world):
    app = App(world[0])
    node = shown(app)
    action = reason_with(node, "HIDE_ITEM")["action"]
    assert action["target"] == node["item"]["id"]
    send(app, action)
    assert shown(app)["item"]["id"] != node["item"]["id"]


def test_from_off_the_level_can_be_raised(world):
    ada, app = world[0], App(world[0])
    level_set(user=ada, level=PersonalizationLevel.OFF)
    send(app, reason_with(shown(app), "SET_LEVEL")["action"])
    assert "OWN_PLAY" in {reason["kind"] for reason in shown(app)["reasons"]}


def test_a_word_no_longer_counts_once_the_level_is_off(world, serve):
    ada, _friends = world
    first, *others = Track.objects.order_by("pk")
    word = factories.tag("shoegaze", first).tag_id
    ids, prior = [first.pk, *(track.pk for track in others)], [0.0, *(0.1 for _ in others)]
    vectors = [[1.0, 1.0], *([1.0, 0.0] for _ in others)]
    serve(ItemKind.TRACK, small_index(vectors, ids=ids, prior=prior, tags={word: [0.0, 5.0]}))
    level_set(user=ada, level=PersonalizationLevel.BASIC)
    app = App(ada)
    queued = app.data(RADIO)["startRadio"]
    reasons = [reason for node in (queued["now"], *queued["upcoming"]) for reason in node["reasons"]]
    (reason,) = [reason for reason in reasons if reason["kind"] == "TAG"]
    assert reason["text"] == "Matches shoegaze"
    assert reason["action"] == {
        "kind": "SET_LEVEL", "label": "Show me what is popular instead", "purpose": None, "target": None, "level": "OFF",
    }  # fmt: skip
    send(app, reason["action"])
    queued = app.data(RADIO)["startRadio"]
    told = [reason["kind"] for node in (queued["now"], *queued["upcoming"]) for reason in node["reasons"]]
    assert set(told) == {"POPULARITY"}


def test_nobody_is_told_what_to_do_who_is_not_signed_in(world):
    popular = App().data("{ popular(first: 1) { edges { node { reasons { kind action { kind } } } } } }")
    assert popular["popular"]["edges"][0]["node"]["reasons"] == [{"kind": "POPULARITY", "action": None}]
