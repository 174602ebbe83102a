"""Rooms through the API: ids, payloads, coded refusals, and the door."""

import pytest

from discovery.models import Room
from discovery.platform.graphql.node import global_id
from tests import factories
from tests.api.client import App

SHOWN = (
    "... on Room { id title step others members { listener { handle } isHost counts } "
    "now { item { __typename } } queue { item { ... on Track { id title } } votes votedByYou "
    "people { listener { handle } because { ... on Track { title } } } } } "
    "... on OperationInfo { messages { code field } }"
)


def did(app, mutation, **variables):
    types = {"room": "ID!", "item": "ID!", "who": "ID!", "friends": "[ID!]!", "step": "Int!"}
    head = ", ".join(f"${name}: {types[name]}" for name in variables)
    answer = app.ask(f"mutation ({head}) {{ {mutation} {{ {SHOWN} }} }}", **variables)
    assert "errors" not in answer, answer
    (payload,) = answer["data"].values()
    return payload["messages"][0]["code"] if "messages" in payload else payload


@pytest.fixture
def apps(friends):
    return {name: App(person) for name, person in friends.people.items()}


def test_a_room_from_its_opening_to_its_end(friends, apps):
    guests = [global_id("Listener", friends.people[name].pk) for name in ("ben", "cleo")]
    opened = did(apps["ada"], 'createRoom(title: "Tuesday", kind: TRACK, with: $friends)', friends=guests)
    room = opened["id"]
    assert (opened["title"], opened["step"], opened["now"]) == (
        "Tuesday",
        0,
        {"item": {"__typename": "Track"}},
    )
    door = "{ viewer { rooms { id people inRoom host { handle } invitedBy { handle } } } }"
    assert apps["ben"].ask(door)["data"]["viewer"]["rooms"] == [
        {"id": room, "people": 1, "inRoom": False, "host": {"handle": "ada"}, "invitedBy": {"handle": "ada"}}
    ]
    joined = did(apps["ben"], "joinRoom(roomId: $room)", room=room)
    assert joined["members"] == [
        {"listener": {"handle": "ada"}, "isHost": True, "counts": True},
        {"listener": {"handle": "ben"}, "isHost": False, "counts": True},
    ]
    assert joined["queue"][0]["people"] == [{"listener": {"handle": "ben"}, "because": [{"title": "ben 0"}]}]
    wished = global_id("Track", friends.tracks["cleo"][3].pk)
    voted = did(apps["ben"], "voteInRoom(roomId: $room, itemId: $item)", room=room, item=wished)
    assert [(one["votes"], one["votedByYou"]) for one in voted["queue"] if one["item"]["id"] == wished] == [
        (1, True)
    ]
    vetoed = did(apps["ada"], "vetoInRoom(roomId: $room, itemId: $item)", room=room, item=wished)
    assert wished not in [one["item"]["id"] for one in vetoed["queue"]]
    assert did(apps["ben"], "skipInRoom(roomId: $room, step: $step)", room=room, step=0)["step"] == 1
    assert did(apps["ada"], "skipInRoom(roomId: $room, step: $step)", room=room, step=0) == "ROOM_MOVED_ON"
    assert did(apps["ada"], "advanceRoom(roomId: $room, step: $step)", room=room, step=1)["step"] == 2
    left = "mutation ($room: ID!) { leaveRoom(roomId: $room) { ... on LeftRoom { roomId } } }"
    for name in ("ada", "cleo", "ben"):  # Cleo declines
        assert apps[name].ask(left, room=room)["data"]["leaveRoom"] == {"roomId": room}
    assert not Room.objects.exists()


def test_a_room_is_nothing_to_everybody_else(room, friends, apps):
    key = global_id("Room", room.pk)
    asked = "query ($room: ID!) { room(id: $room) { title } }"
    assert apps["ben"].ask(asked, room=key)["data"]["room"] == {"title": "Tuesday"}
    nothing = global_id("Room", 10**9)
    for app in (apps["cleo"], App(factories.sharer("stranger")), App()):
        for each in (key, nothing, global_id("Track", room.pk), "x"):
            assert app.ask(asked, room=each)["data"] == {"room": None}
    stranger = App(factories.sharer("other"))
    for mutation in (
        "joinRoom(roomId: $room)",
        "skipInRoom(roomId: $room, step: 0)",
        f'voteInRoom(roomId: $room, itemId: "{global_id("Track", friends.tracks["ada"][0].pk)}")',
        f'inviteToRoom(roomId: $room, listenerId: "{global_id("Listener", friends.ada.pk)}")',
    ):
        assert did(stranger, mutation, room=key) == did(stranger, mutation, room=nothing) == "NOT_FOUND"


def test_an_item_of_another_kind_is_refused(room, friends, apps):
    artist = global_id("Artist", friends.tracks["ada"][0].artist_id)
    voted = "voteInRoom(roomId: $room, itemId: $item)"
    assert did(apps["ada"], voted, room=global_id("Room", room.pk), item=artist) == "INVALID_KIND"


def test_a_link_leads_in_friends_of_the_host_for_as_long_as_the_host_lets_it(friends, apps):
    def linked(app, yes):
        return did(app, f"setRoomLink(roomId: $room, letsIn: {yes})", room=room)

    def joins(app):
        answer = did(app, "joinRoom(roomId: $room)", room=room)
        return (
            answer if isinstance(answer, str) else [each["listener"]["handle"] for each in answer["members"]]
        )

    room = did(apps["ada"], "createRoom(kind: TRACK, with: $friends)", friends=[])["id"]
    dora = App(factories.befriended(factories.sharer("dora"), friends.people["ben"]))
    assert joins(apps["ben"]) == "NOT_FOUND", "nobody comes in uninvited by itself"
    linked(apps["ada"], "true")
    assert joins(apps["ben"]) == ["ada", "ben"]
    assert joins(dora) == "NOT_FOUND", "a friend of a guest is no friend of the host"
    assert linked(apps["ben"], "true") == "NOT_ALLOWED"
    assert linked(dora, "true") == "NOT_FOUND"
    linked(apps["ada"], "false")
    assert joins(apps["cleo"]) == "NOT_FOUND"
    linked(apps["ada"], "true")
    apps["ada"].data("mutation ($room: ID!) { leaveRoom(roomId: $room) { __typename } }", room=room)
    assert joins(dora) == "NOT_FOUND", "the next host did not let anybody in"
    linked(apps["ben"], "true")
    assert joins(dora) == ["ben", "dora"]


def test_a_link_leads_nobody_to_whom_they_block(friends, apps):
    room = did(apps["ada"], "createRoom(kind: TRACK, with: $friends)", friends=[])["id"]
    did(apps["ada"], "setRoomLink(roomId: $room, letsIn: true)", room=room)
    did(apps["ben"], "joinRoom(roomId: $room)", room=room)
    factories.blocked(friends.people["cleo"], friends.people["ben"])
    assert did(apps["cleo"], "joinRoom(roomId: $room)", room=room) == "NOT_FOUND"
