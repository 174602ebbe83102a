"""Who is hidden and who does not exist are answered alike: same code, words and field, by as many questions to the database."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Purpose
from discovery.models import Room, RoomMember
from discovery.platform.graphql.node import global_id
from graph.models import ItemKind, Playlist
from graph.services.playlists import playlist_create
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db

REFUSED = "... on OperationInfo { messages { code message field kind } }"
ASKED = {
    "node": "query ($id: ID!) { node(id: $id) { __typename } }",
    "tasteMatch": "query ($id: ID!) { viewer { tasteMatch(with: $id) { percent } } }",
    "blend": "query ($id: ID!) { viewer { blend(with: [$id]) { match degraded members { listener { id } } } } }",
    "pathTo": "query ($id: ID!) { viewer { pathTo(id: $id) { length } } }",
    "previewRemoval": "query ($id: ID!) { viewer { previewRemoval(id: $id) { signals } } }",
    "requestFriendship": "mutation ($id: ID!) { requestFriendship(listenerId: $id) { __typename %s } }",
    "endFriendship": "mutation ($id: ID!) { endFriendship(listenerId: $id) { __typename %s } }",
    "block": "mutation ($id: ID!) { block(listenerId: $id) { __typename %s } }",
    "unblock": "mutation ($id: ID!) { unblock(listenerId: $id) { __typename %s } }",
    "setConsent": "mutation ($id: ID!) { setConsent(purpose: NAMED, granted: false, friendId: $id) { __typename %s } }",
    "startRadio": "mutation ($id: ID!) { startRadio(seedId: $id) { __typename %s } }",
    "createRoom": "mutation ($id: ID!) { createRoom(with: [$id]) { __typename %s } }",
    "inviteToRoom": "mutation ($id: ID!, $room: ID!) { inviteToRoom(roomId: $room, listenerId: $id) { __typename %s } }",
    "recommendItem": "mutation ($id: ID!, $item: ID!) { recommendItem(itemId: $item, listenerId: $id) { __typename %s } }",
    "sharePlaylist": "mutation ($id: ID!, $list: ID!) { sharePlaylist(playlistId: $list, listenerId: $id, role: VIEWER) { __typename %s } }",
    "unsharePlaylist": "mutation ($id: ID!, $list: ID!) { unsharePlaylist(playlistId: $list, listenerId: $id) { __typename %s } }",
}
HIDDEN = ("undiscoverable", "blocks me", "blocked by me", "inactive", "asked and blocked")


@pytest.fixture
def ada():
    return factories.sharer("ada")


@pytest.fixture
def people(ada):
    people = {name: factories.sharer() for name in HIDDEN}
    people["undiscoverable"].consents.filter(purpose=Purpose.DISCOVERABLE).delete()
    factories.blocked(people["blocks me"], ada)
    factories.blocked(ada, people["blocked by me"])
    people["inactive"].is_active = False
    people["inactive"].save()
    factories.requested(people["asked and blocked"], ada)
    factories.blocked(people["asked and blocked"], ada)
    return {name: person.pk for name, person in people.items()} | {"absent": 10**9}


@pytest.fixture
def things(ada):
    room = Room.objects.create(kind=ItemKind.TRACK)
    RoomMember.objects.create(room=room, user=ada, joined_at=timezone.now())
    playlist = playlist_create(owner=ada, title="Mine")
    rows = {"room": room, "item": factories.track(), "list": playlist}
    types = {"room": "Room", "item": "Track", "list": "Playlist"}
    return {name: global_id(types[name], row.pk) for name, row in rows.items()}


def told(app, query, key, things):
    """The answer, and how many questions it took."""
    given = {name: value for name, value in things.items() if f"${name}" in query}
    with CaptureQueriesContext(connection) as questions, transaction.atomic():
        answer = app.ask(query.replace("%s", REFUSED), id=global_id("Listener", key), **given)
        transaction.set_rollback(True)
    return answer, len(questions)


@pytest.mark.parametrize("name", ASKED)
def test_hidden_is_answered_as_absent(ada, people, things, name):
    app = App(ada)
    told(app, ASKED[name], people["absent"], things)  # what is compiled once is compiled
    absent = told(app, ASKED[name], people["absent"], things)
    for person in HIDDEN:
        if name in {"block", "unblock"} and person == "blocked by me":
            continue  # ada did that herself
        assert told(app, ASKED[name], people[person], things) == absent, person
    assert any(mark in str(absent) for mark in ("OperationInfo", "NOT_FOUND", "None"))


def test_somebody_in_sight_is_answered_otherwise(ada, people, things):
    """Else the comparison above would show nothing."""
    seen = factories.sharer()
    app = App(ada)
    absent = told(app, ASKED["requestFriendship"], people["absent"], things)
    assert told(app, ASKED["requestFriendship"], seen.pk, things) != absent
    assert told(app, ASKED["node"], seen.pk, things)[0] == {"data": {"node": {"__typename": "Listener"}}}


def test_a_request_from_out_of_sight_is_answered_as_one_that_is_not_there(ada, people):
    app = App(ada)
    hidden = factories.requested(factories.sharer(), factories.sharer())
    query = f"mutation ($id: ID!) {{ answerFriendRequest(requestId: $id, accept: true) {{ __typename {REFUSED} }} }}"

    def asked(key):
        with CaptureQueriesContext(connection) as questions:
            answer = app.ask(query, id=global_id("FriendRequest", key))
        return answer, len(questions)

    asked(10**9)
    assert asked(hidden.pk) == asked(10**9)


def test_a_playlist_of_somebody_else_is_as_absent(ada, things):
    factories.sharer("ben")
    foreign = Playlist.objects.create(owner=factories.sharer(), title="Not yours")
    app, seen = App(ada), factories.sharer()
    factories.befriended(ada, seen)
    for name in ("sharePlaylist", "unsharePlaylist"):
        answers = [
            told(app, ASKED[name], seen.pk, {"list": global_id("Playlist", key)})
            for key in (foreign.pk, 10**9)
        ]
        assert answers[0][0] == answers[1][0]
