"""What people share, as an app sees it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Purpose
from discovery.platform.graphql.node import global_id
from graph.models import Community, ItemRecommendation
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db

BLEND = (
    "query ($with: [ID!]!, $first: Int! = 50) { viewer { blend(with: $with, first: $first) { match degraded"
    " members { satisfaction listener { handle } } items { score item { ... on Track { title artist { name } } }"
    " people { relevance listener { handle } because { ... on Track { title } } } } } } }"
)
MATCH = (
    "query ($with: ID!) { viewer { tasteMatch(with: $with, kind: TRACK) { percent degraded listener { handle }"
    " shared { yours theirs item { ... on Track { title } } }"
    " onlyYou { ... on Track { title } } onlyThem { ... on Track { title } } } } }"
)
PATH = (
    "query ($id: ID!) { viewer { pathTo(id: $id) { length nodes { __typename id } links { kind text } } } }"
)
ACTIVITY = (
    "query ($first: Int! = 20, $after: String) { viewer { activity(first: $first, after: $after) {"
    " pageInfo { hasNextPage hasPreviousPage endCursor }"
    " edges { cursor node { id kind at listener { handle } item { __typename ... on Track { title } } } } } } }"
)
RECOMMEND = (
    'mutation ($item: ID!, $to: ID!, $note: String! = "") { recommendItem(itemId: $item, listenerId: $to, note: $note)'
    " { __typename ... on ItemRecommendation { id note sender { handle } item { ... on Track { title } } }"
    " ... on OperationInfo { messages { code field } } } }"
)
INBOX = (
    "{ viewer { recommendationsReceived { edges { node { id note sender { handle }"
    " item { __typename ... on Track { title artist { name } } ... on Artist { name } } } } } } }"
)


def person(user):
    return global_id("Listener", user.pk)


def song(track):
    return global_id("Track", track.pk)


def test_a_blend(triangle):
    answer = App(triangle.ada).data(BLEND, **{"with": [person(triangle.ben), person(triangle.cleo)]})
    blend = answer["viewer"]["blend"]
    assert [member["listener"]["handle"] for member in blend["members"]] == ["ada", "ben", "cleo"]
    first = blend["items"][0]
    assert first["item"]["title"] == "Common Ground"
    assert {one["listener"]["handle"] for one in first["people"]} == {"ada", "ben", "cleo"}
    assert blend["degraded"] is None


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"with": []}, "INVALID"),
        ({"with": ["nonsense"]}, "INVALID_ID"),
        ({"with": [global_id("Track", 1)]}, "INVALID_ID"),
        ({"with": [global_id("Listener", key) for key in range(10**6, 10**6 + 10)]}, "INVALID"),
        ({"with": [global_id("Listener", 1)], "first": 101}, "LIMIT_EXCEEDED"),
    ],
)
def test_a_blend_refuses(triangle, variables, code):
    assert App(triangle.ada).code(BLEND, **variables) == code


def test_a_taste_match_and_its_refusal(triangle):
    app = App(triangle.ada)
    match = app.data(MATCH, **{"with": person(triangle.ben)})["viewer"]["tasteMatch"]
    assert [one["item"]["title"] for one in match["shared"]] == ["Common Ground"]
    assert (match["onlyYou"], match["onlyThem"]) == (
        [{"title": "Ada's Favorite"}],
        [{"title": "Ben's Favorite"}],
    )
    factories.revoke(triangle.ben, Purpose.SOCIAL_OUT)
    refusals = [
        app.ask(MATCH, **{"with": other})["errors"]
        for other in (person(triangle.ben), global_id("Listener", 10**9))
    ]
    assert refusals[0] == refusals[1]
    assert refusals[0][0]["extensions"] == {"code": "NOT_FOUND", "field": "with"}


def test_a_path_and_none(triangle):
    app, target = App(triangle.ada), triangle.favorites["ben"]
    path = app.data(PATH, id=song(target))["viewer"]["pathTo"]
    assert app.data(PATH.replace("pathTo", "connectionTo"), id=song(target))["viewer"]["connectionTo"] == path
    assert [node["id"] for node in path["nodes"]] == [
        person(triangle.ada),
        person(triangle.ben),
        song(target),
    ]
    assert [link["kind"] for link in path["links"]] == ["KNOWS", "PLAYS"]
    assert path["length"] == 2
    for nothing in (song(factories.track()), person(factories.sharer()), global_id("Artist", 10**9)):
        assert app.data(PATH, id=nothing)["viewer"]["pathTo"] is None
    assert app.code(PATH, id=global_id("Playlist", 1)) == "INVALID_ID"


def test_activity_pages(triangle):
    for friend in (triangle.ben, triangle.cleo):
        factories.listens(friend, triangle.common, at=timezone.now() - timedelta(hours=friend.pk % 20 + 1))
    app = App(triangle.ada)
    first = app.data(ACTIVITY, first=1)["viewer"]["activity"]
    second = app.data(ACTIVITY, first=1, after=first["pageInfo"]["endCursor"])["viewer"]["activity"]
    found = [page["edges"][0]["node"] for page in (first, second)]
    assert {one["listener"]["handle"] for one in found} == {"ben", "cleo"}
    assert {(one["kind"], one["item"]["title"]) for one in found} == {("PLAYED", "Common Ground")}
    assert [page["pageInfo"]["hasNextPage"] for page in (first, second)] == [True, False]


def test_a_recommendation_from_hand_to_hand(triangle):
    ada, ben, cleo = (App(user) for user in (triangle.ada, triangle.ben, triangle.cleo))
    sent = ada.data(RECOMMEND, item=song(triangle.common), to=person(triangle.ben), note="Hear this")[
        "recommendItem"
    ]
    assert sent["__typename"] == "ItemRecommendation"
    (edge,) = ben.data(INBOX)["viewer"]["recommendationsReceived"]["edges"]
    assert edge["node"] == {
        "id": sent["id"], "note": "Hear this", "sender": {"handle": "ada"},
        "item": {"__typename": "Track", "title": "Common Ground", "artist": {"name": triangle.common.artist.name}},
    }  # fmt: skip
    look = "query ($id: ID!) { node(id: $id) { id } }"
    assert ben.data(look, id=sent["id"])["node"] == {"id": sent["id"]}
    assert cleo.data(look, id=sent["id"])["node"] is None
    remove = (
        "mutation ($id: ID!) { removeRecommendation(recommendationId: $id)"
        " { __typename ... on OperationInfo { messages { code } } } }"
    )
    assert cleo.data(remove, id=sent["id"])["removeRecommendation"]["messages"] == [{"code": "NOT_FOUND"}]
    assert ben.data(remove, id=sent["id"])["removeRecommendation"] == {"__typename": "RemovedRecommendation"}
    assert not ItemRecommendation.objects.exists()


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"to": global_id("Listener", 10**9)}, "NOT_FOUND", "listenerId"),
        ({"to": "nonsense"}, "INVALID_ID", "listenerId"),
        ({"item": global_id("Listener", 1)}, "INVALID_ID", "itemId"),
        ({"item": global_id("Track", 10**9)}, "NOT_FOUND", "itemId"),
        ({"note": "x" * 501}, "INVALID_TOO_LONG", "note"),
        ({"note": "null\x00byte"}, "INVALID_CHARACTERS", "note"),
    ],
)
def test_a_recommendation_refuses(triangle, change, code, field):
    good = {"item": song(triangle.common), "to": person(triangle.ben)}
    answer = App(triangle.ada).data(RECOMMEND, **(good | change))["recommendItem"]
    assert answer["messages"] == [{"code": code, "field": field}]
    assert not ItemRecommendation.objects.exists()


def test_query_counts_do_not_grow(triangle):
    app = App(triangle.ada)
    counts = []
    for size in (3, 20):
        friends = [factories.sharer() for _ in range(size)]
        factories.befriended(triangle.ada, *friends)
        for friend in friends:
            track = factories.track()
            factories.listens(friend, track, at=timezone.now())
            ItemRecommendation.objects.create(
                sender=friend, recipient=triangle.ada, track=track, sent_at=timezone.now()
            )
        queries = []
        for ask in (
            lambda: app.data(INBOX),
            lambda: app.data(ACTIVITY),
            lambda friends=friends: app.data(
                BLEND, **{"with": [person(one) for one in friends[: min(len(friends), 9)]]}
            ),
        ):
            with CaptureQueriesContext(connection) as asked:
                ask()
            queries.append(len(asked))
        counts.append(queries)
    assert counts[0] == counts[1]


PLAYLISTS = (
    "{ viewer { playlists { edges { node { id title role size owner { handle }"
    " collaborators { role listener { handle } }"
    " entries { edges { node { id position addedBy { handle } track { title } } } } } } } } }"
)


def test_a_shared_playlist(triangle):
    ada, ben, cleo = (App(user) for user in (triangle.ada, triangle.ben, triangle.cleo))
    create = 'mutation { createPlaylist(input: {title: "Ours"}) { ... on Playlist { id role } } }'
    made = ada.data(create)["createPlaylist"]
    assert made["role"] == "OWNER"
    share = (
        "mutation ($id: ID!, $to: ID!, $role: PlaylistRole!) { sharePlaylist(playlistId: $id, listenerId: $to, role: $role)"
        " { ... on Playlist { collaborators { role listener { handle } } } ... on OperationInfo { messages { code } } } }"
    )
    assert ada.data(share, id=made["id"], to=person(triangle.ben), role="EDITOR")["sharePlaylist"] == {
        "collaborators": [{"role": "EDITOR", "listener": {"handle": "ben"}}]
    }
    assert ada.data(share, id=made["id"], to=person(triangle.ben), role="OWNER")["sharePlaylist"]["messages"]
    assert cleo.data(PLAYLISTS)["viewer"]["playlists"]["edges"] == []
    ada.data(share, id=made["id"], to=person(triangle.cleo), role="VIEWER")
    add = (
        "mutation ($id: ID!, $track: ID!) { addToPlaylist(playlistId: $id, trackId: $track)"
        " { ... on Playlist { role size entries { edges { node { addedBy { handle } } } } }"
        " ... on OperationInfo { messages { code } } } }"
    )
    added = ben.data(add, id=made["id"], track=song(triangle.common))["addToPlaylist"]
    assert added == {
        "role": "EDITOR",
        "size": 1,
        "entries": {"edges": [{"node": {"addedBy": {"handle": "ben"}}}]},
    }
    refused = cleo.data(add, id=made["id"], track=song(triangle.common))["addToPlaylist"]
    assert refused["messages"] == [{"code": "NOT_ALLOWED"}]
    (edge,) = cleo.data(PLAYLISTS)["viewer"]["playlists"]["edges"]
    assert (edge["node"]["role"], edge["node"]["owner"], edge["node"]["size"]) == (
        "VIEWER",
        {"handle": "ada"},
        1,
    )
    unshare = (
        "mutation ($id: ID!, $who: ID!) { unsharePlaylist(playlistId: $id, listenerId: $who)"
        " { __typename ... on OperationInfo { messages { code } } } }"
    )
    assert ben.data(unshare, id=made["id"], who=person(triangle.cleo))["unsharePlaylist"]["messages"]
    assert cleo.data(unshare, id=made["id"], who=person(triangle.cleo))["unsharePlaylist"] == {
        "__typename": "UnsharedPlaylist"
    }
    assert cleo.data(PLAYLISTS)["viewer"]["playlists"]["edges"] == []


def test_who_a_collaborator_does_not_see_stays_unnamed(triangle):
    """Dora and Ada share with Ben's playlist; Dora cannot be found by Ada, who reads no name and no entry less."""
    dora = factories.listener("dora")
    factories.befriended(triangle.ben, dora)
    playlist = triangle.ben.playlists.create(title="Ben's")
    for collaborator in (triangle.ada, dora):
        playlist.collaborators.create(user=collaborator, role="EDITOR")
    for position, adder in enumerate((dora, triangle.ben)):
        playlist.entries.create(track=triangle.common, position=position, added_by=adder)
    (edge,) = App(triangle.ada).data(PLAYLISTS)["viewer"]["playlists"]["edges"]
    assert [one["listener"]["handle"] for one in edge["node"]["collaborators"]] == ["ada"]
    assert [one["node"]["addedBy"] for one in edge["node"]["entries"]["edges"]] == [None, {"handle": "ben"}]
    move = (
        "mutation ($id: ID!) { movePlaylistEntry(entryId: $id, position: 0)"
        " { ... on Playlist { collaborators { listener { handle } } entries { edges { node { addedBy { handle } } } } } } }"
    )
    moved = App(triangle.ada).data(move, id=edge["node"]["entries"]["edges"][1]["node"]["id"])[
        "movePlaylistEntry"
    ]
    assert moved["collaborators"] == [{"listener": {"handle": "ada"}}]
    assert [one["node"]["addedBy"] for one in moved["entries"]["edges"]] == [{"handle": "ben"}, None]


def test_playlists_take_the_same_queries_at_any_size(triangle):
    counts = []
    for size in (2, 8):
        for _ in range(size):
            playlist = triangle.ben.playlists.create(title="Shared")
            playlist.collaborators.create(user=triangle.ada, role="EDITOR")
            for position in range(size):
                playlist.entries.create(track=factories.track(), position=position, added_by=triangle.ben)
        with CaptureQueriesContext(connection) as asked:
            App(triangle.ada).data(PLAYLISTS.replace("playlists {", "playlists(first: 10) {"))
        counts.append(len(asked))
    assert counts[0] == counts[1]


COMMUNITIES = "{ communities { id name tags size artists { name } } }"


def test_communities_and_ones_own(triangle):
    theirs, other = triangle.favorites["ada"].artist, factories.artist()
    for name, size, members in (("Jazz", 12, theirs), ("Metal", 30, other)):
        Community.objects.create(
            name=name,
            tags=[name.lower()],
            size=size,
            artists=[members.pk, 10**9],
            data_hash="",
            ledger_position=0,
        )
    answer = App().data(COMMUNITIES)["communities"]
    assert [(one["name"], one["size"], one["artists"]) for one in answer] == [
        ("Metal", 30, [{"name": other.name}]),
        ("Jazz", 12, [{"name": theirs.name}]),
    ]
    own = "{ viewer { community { name } } }"
    assert App(triangle.ada).data(own)["viewer"]["community"] == {"name": "Jazz"}
    assert App(triangle.ben).data(own)["viewer"]["community"] is None
    factories.revoke(triangle.ada, Purpose.SELF)
    assert App(triangle.ada).data(own)["viewer"]["community"] is None
