"""Music through the API: what an app reads, page by page, and in how many queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from discovery.platform.graphql.node import global_id
from graph.models import ModelVersion
from graph.services.playlists import playlist_create, playlist_entry_add
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db

ITEM = (
    "__typename ... on Track { id title durationMs album mbid isrc tags artist { name tags } }"
    " ... on Artist { id name mbid tags }"
)
SEARCH = (
    "query ($text: String!, $kind: ItemKind, $first: Int, $after: String) {"
    " search(text: $text, kind: $kind, first: $first, after: $after)"
    f" {{ edges {{ cursor node {{ {ITEM} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
)
LISTENS = (
    "query ($first: Int, $after: String) { viewer { listens(first: $first, after: $after)"
    " { edges { node { id listenedAt msPlayed source track { title tags artist { name tags } } } }"
    " pageInfo { hasNextPage endCursor } } } }"
)
PLAYLISTS = (
    "{ viewer { playlists(first: 50) { edges { node { title description size"
    " entries(first: 2) { edges { node { position track { title } } }"
    " pageInfo { hasNextPage } } } } } } }"
)
ENTRIES = (
    "query ($first: Int, $after: String) { viewer { playlists { edges { node {"
    " entries(first: $first, after: $after) { edges { node { position } } } } } } } }"
)


def names(answer):
    nodes = [edge["node"] for edge in answer["search"]["edges"]]
    return [node.get("title") or node["name"] for node in nodes]


def queries(app, query, **variables):
    with CaptureQueriesContext(connection) as context:
        app.data(query, **variables)
    return len(context)


def test_search_answers_items_of_both_kinds():
    star = factories.artist("Rain", tags=["folk"])
    song = factories.track("Rainbow", star, tags=["hazy"], isrc="GBAYE0601498")

    answer = App().data(SEARCH, text="rain")

    assert [edge["node"] for edge in answer["search"]["edges"]] == [
        {
            "__typename": "Artist",
            "id": global_id("Artist", star.pk),
            "name": "Rain",
            "mbid": None,
            "tags": ["folk"],
        },
        {
            "__typename": "Track",
            "id": global_id("Track", song.pk),
            "title": "Rainbow",
            "durationMs": 200_000,
            "album": None,
            "mbid": None,
            "isrc": "GBAYE0601498",
            "tags": ["hazy"],
            "artist": {"name": "Rain", "tags": ["folk"]},
        },
    ]


def test_search_pages_without_gap_or_repetition():
    for number in range(5):
        factories.artist(f"Rain {number}")
    app, after, found = App(), None, []
    for _ in range(3):
        answer = app.data(SEARCH, text="rain", first=2, after=after)
        found += names(answer)
        after = answer["search"]["pageInfo"]["endCursor"]

    assert found == [f"Rain {number}" for number in range(5)]
    assert not answer["search"]["pageInfo"]["hasNextPage"]
    assert names(App().data(SEARCH, text="rain", kind="TRACK")) == []


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"text": ""}, "INVALID_EMPTY"),
        ({"text": "a\0"}, "INVALID_CHARACTERS"),
        ({"text": "x" * 201}, "INVALID_TOO_LONG"),
        ({"text": "x", "first": 101}, "LIMIT_EXCEEDED"),
        ({"text": "x", "first": -1}, "INVALID"),
        ({"text": "x", "after": "!"}, "INVALID_CURSOR"),
        ({"text": "x", "kind": "ALBUM"}, "INVALID"),
    ],
)
def test_search_refuses_with_a_code(variables, code):
    assert App().code(SEARCH, **variables) == code


def test_listens_are_the_viewers_own_latest_first():
    user, other = factories.listener(), factories.listener()
    song = factories.track("Mine")
    first, second, third = factories.listens(user, song, 3)
    foreign = factories.listens(other, song, 1)[0]
    app = App(user)

    page = app.data(LISTENS, first=2)["viewer"]["listens"]
    rest = app.data(LISTENS, first=2, after=page["pageInfo"]["endCursor"])["viewer"]["listens"]

    ids = [edge["node"]["id"] for answer in (page, rest) for edge in answer["edges"]]
    assert ids == [global_id("Listen", listen.pk) for listen in (third, second, first)]
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert app.data(node, id=global_id("Listen", first.pk))["node"] == {"id": global_id("Listen", first.pk)}
    assert app.data(node, id=global_id("Listen", foreign.pk))["node"] is None
    assert App().data(node, id=global_id("Listen", first.pk))["node"] is None


def test_playlists_show_entries_in_order():
    user = factories.listener()
    playlist = playlist_create(owner=user, title="Walk", description="slow")
    for title in "abc":
        playlist_entry_add(user=user, playlist_id=playlist.pk, track_id=factories.track(title).pk, position=0)

    [edge] = App(user).data(PLAYLISTS)["viewer"]["playlists"]["edges"]
    node = edge["node"]
    assert (node["title"], node["description"], node["size"]) == ("Walk", "slow", 3)
    assert [each["node"]["track"]["title"] for each in node["entries"]["edges"]] == ["c", "b"]
    assert node["entries"]["pageInfo"] == {"hasNextPage": True}


def test_entries_have_the_limits_of_every_list():
    user = factories.listener()
    playlist_create(owner=user, title="Walk")
    assert App(user).code(ENTRIES, first=101) == "LIMIT_EXCEEDED"
    assert App(user).code(ENTRIES, first=-1) == "INVALID"
    assert App(user).code(ENTRIES, after="!") == "INVALID_CURSOR"


def test_foreign_playlists_are_not_seen():
    user, other = factories.listener(), factories.listener()
    playlist = playlist_create(owner=other, title="Secret")
    entry = playlist_entry_add(user=other, playlist_id=playlist.pk, track_id=factories.track().pk)
    app = App(user)
    assert app.data(PLAYLISTS)["viewer"]["playlists"]["edges"] == []
    node = "query ($id: ID!) { node(id: $id) { id } }"
    for foreign in (global_id("Playlist", playlist.pk), global_id("PlaylistEntry", entry.pk)):
        assert app.data(node, id=foreign)["node"] is None


def test_the_active_model_is_named():
    ask = "{ activeModel { id dataHash ledgerPosition metrics } }"
    assert App().data(ask) == {"activeModel": None}
    fields = {"config": {}, "metrics": {"ndcg": 0.5}, "data_hash": "ab", "ledger_position": 7}
    ModelVersion.objects.create(state=ModelVersion.State.RETIRED, **fields)
    active = ModelVersion.objects.create(state=ModelVersion.State.ACTIVE, **fields)
    known = {"id": global_id("ModelVersion", active.pk), "dataHash": "ab", "ledgerPosition": 7}
    staff = factories.listener(is_staff=True)
    assert App().data(ask) == App(factories.sharer()).data(ask) == {"activeModel": {**known, "metrics": None}}
    assert App(staff).data(ask) == {"activeModel": {**known, "metrics": {"ndcg": 0.5}}}


def grow(user, count):
    """``count`` of everything, each track by an artist of its own."""
    for number in range(count):
        song = factories.track(f"Grown {number}")
        factories.listens(user, song, 1)
        playlist = playlist_create(owner=user, title=f"List {number}")
        for _ in range(3):
            playlist_entry_add(user=user, playlist_id=playlist.pk, track_id=song.pk)


@pytest.mark.parametrize("kind", ["TRACK", "ARTIST", None])
def test_search_takes_as_many_queries_for_30_rows_as_for_3(kind):
    factories.artist("Grown")
    for number in range(30):
        factories.track(f"Grown {number}", factories.artist(f"Grown artist {number}"))
    app = App(factories.listener())
    assert queries(app, SEARCH, text="grown", kind=kind, first=3) == queries(
        app, SEARCH, text="grown", kind=kind, first=30
    )


@pytest.mark.parametrize("query", [LISTENS, PLAYLISTS])
def test_lists_take_as_many_queries_for_30_rows_as_for_3(query):
    user = factories.listener()
    app = App(user)
    grow(user, 3)
    few = queries(app, query)
    grow(user, 27)
    assert queries(app, query) == few


@pytest.mark.parametrize(("songs", "more"), [(100, False), (101, True)])
def test_a_whole_page_of_entries_tells_whether_another_follows(songs, more):
    user = factories.listener()
    playlist = playlist_create(owner=user, title="Long")
    for number in range(songs):
        playlist_entry_add(user=user, playlist_id=playlist.pk, track_id=factories.track(f"Song {number}").pk)
    query = "{ viewer { playlists { edges { node { entries(first: 100) { edges { node { id } } pageInfo { hasNextPage } } } } } } }"
    (edge,) = App(user).data(query)["viewer"]["playlists"]["edges"]
    assert len(edge["node"]["entries"]["edges"]) == 100
    assert edge["node"]["entries"]["pageInfo"]["hasNextPage"] is more


def test_a_changed_playlist_takes_as_many_queries_with_30_entries_as_with_3():
    user = factories.listener()
    app, playlist = App(user), playlist_create(owner=user, title="Walk")
    ask = (
        "mutation ($id: ID!, $track: ID!) { addToPlaylist(playlistId: $id, trackId: $track) { ... on Playlist {"
        " size entries(first: 100) { edges { node { track { title tags artist { name tags } } } } } } } }"
    )
    counts = []
    for number in range(30):
        variables = {
            "id": global_id("Playlist", playlist.pk),
            "track": global_id("Track", factories.track(f"Grown {number}").pk),
        }
        counts.append(queries(app, ask, **variables))
    assert counts[2] == counts[29]
