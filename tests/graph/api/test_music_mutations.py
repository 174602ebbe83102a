"""What people do with music through the API, and that malformed input gets a code and stores nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Purpose
from discovery.platform.graphql.node import global_id
from graph.models import Artist, Feedback, Listen, Playlist, PlaylistEntry, Track
from graph.services.playlists import playlist_create, playlist_entry_add
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db

REFUSAL = "... on OperationInfo { messages { kind code field message } }"
PLAYLIST = "... on Playlist { id title description size entries { edges { node { id track { title artist { name } } } } } }"
MUTATIONS = {
    "recordListens": (
        "mutation ($input: [ListenInput!]!) { it: recordListens(input: $input)"
        f" {{ ... on RecordedListens {{ stored duplicates refusals {{ index code field }} }} {REFUSAL} }} }}"
    ),
    "giveFeedback": (
        "mutation ($id: ID!, $kind: FeedbackKind! = LIKE) { it: giveFeedback(itemId: $id, kind: $kind)"
        " { ... on GivenFeedback { kind item { __typename ... on Track { title } ... on Artist { name } } }"
        f" {REFUSAL} }} }}"
    ),
    "createPlaylist": (
        "mutation ($title: String!, $description: String)"
        " { it: createPlaylist(input: {title: $title, description: $description})"
        f" {{ {PLAYLIST} {REFUSAL} }} }}"
    ),
    "renamePlaylist": (
        'mutation ($id: ID!, $title: String! = "New", $description: String)'
        " { it: renamePlaylist(playlistId: $id, title: $title, description: $description)"
        f" {{ {PLAYLIST} {REFUSAL} }} }}"
    ),
    "deletePlaylist": (
        "mutation ($id: ID!) { it: deletePlaylist(playlistId: $id)"
        f" {{ ... on DeletedPlaylist {{ playlistId }} {REFUSAL} }} }}"
    ),
    "addToPlaylist": (
        "mutation ($id: ID!, $track: ID!, $position: Int)"
        " { it: addToPlaylist(playlistId: $id, trackId: $track, position: $position)"
        f" {{ {PLAYLIST} {REFUSAL} }} }}"
    ),
    "removeFromPlaylist": (
        f"mutation ($id: ID!) {{ it: removeFromPlaylist(entryId: $id) {{ {PLAYLIST} {REFUSAL} }} }}"
    ),
    "movePlaylistEntry": (
        "mutation ($id: ID!, $position: Int! = 0) { it: movePlaylistEntry(entryId: $id, position: $position)"
        f" {{ {PLAYLIST} {REFUSAL} }} }}"
    ),
}


class World:
    """A listener with a playlist of one entry, and a stranger with the same."""

    def __init__(self):
        self.song = factories.track("Song")
        self.user, self.stranger = (
            factories.answered(factories.listener(), Purpose.RECORD) for _ in range(2)
        )
        self.playlist, self.entry = self._playlist(self.user)
        self.foreign_playlist, self.foreign_entry = self._playlist(self.stranger)
        self.app = App(self.user)

    def _playlist(self, owner):
        playlist = playlist_create(owner=owner, title="Walk", description="slow")
        return playlist, playlist_entry_add(user=owner, playlist_id=playlist.pk, track_id=self.song.pk)

    def do(self, name, **variables):
        return self.app.data(MUTATIONS[name], **variables)["it"]

    def refused(self, name, **variables):
        """(code, field) of a refusal."""
        (message,) = self.do(name, **variables)["messages"]
        return message["code"], message["field"]

    def play(self, **fields):
        given = {
            "source": "app",
            "sourceId": "1",
            "trackId": gid(self.song),
            "listenedAt": "2026-01-01T12:00:00Z",
        }
        return {key: value for key, value in (given | fields).items() if value is not ...}


@pytest.fixture
def world():
    return World()


def gid(row):
    return global_id(type(row).__name__, row.pk)


def stored():
    return [
        list(table.objects.order_by("pk").values())
        for table in (Artist, Track, Listen, Feedback, Playlist, PlaylistEntry)
    ]


def titles(playlist):
    return [edge["node"]["track"]["title"] for edge in playlist["entries"]["edges"]]


# --- what they do


def test_plays_are_stored_once_and_the_bad_one_has_its_code(world):
    named = {"trackId": ..., "track": {"title": "🎈", "artist": "Ilse"}, "sourceId": "2", "msPlayed": 1000}
    plays = [world.play(), world.play(**named), world.play(sourceId="3", listenedAt=1.5)]

    assert world.do("recordListens", input=plays) == {
        "stored": 2,
        "duplicates": 0,
        "refusals": [{"index": 2, "code": "INVALID_TIME", "field": "listenedAt"}],
    }
    assert world.do("recordListens", input=plays[:2]) == {"stored": 0, "duplicates": 2, "refusals": []}
    assert set(Listen.objects.values_list("user", "track__title", "ms_played")) == {
        (world.user.pk, "Song", None),
        (world.user.pk, "🎈", 1000),
    }


def test_feedback_is_about_tracks_and_artists(world):
    assert world.do("giveFeedback", id=gid(world.song), kind="DISLIKE") == {
        "kind": "DISLIKE",
        "item": {"__typename": "Track", "title": "Song"},
    }
    assert world.do("giveFeedback", id=gid(world.song.artist), kind="SKIP")["item"] == {
        "__typename": "Artist",
        "name": world.song.artist.name,
    }
    assert set(Feedback.objects.values_list("user", "track", "artist", "kind")) == {
        (world.user.pk, world.song.pk, None, "DISLIKE"),
        (world.user.pk, None, world.song.artist_id, "SKIP"),
    }


def test_a_playlist_from_beginning_to_end(world):
    other = factories.track("Other")
    made = world.do("createPlaylist", title="  Morning 🌅 ", description="first")
    assert (made["title"], made["description"], made["size"]) == ("Morning 🌅", "first", 0)
    playlist = made["id"]

    world.do("addToPlaylist", id=playlist, track=gid(world.song))
    full = world.do("addToPlaylist", id=playlist, track=gid(other), position=0)
    assert titles(full) == ["Other", "Song"]
    assert full["size"] == 2
    first = full["entries"]["edges"][0]["node"]["id"]
    assert titles(world.do("movePlaylistEntry", id=first, position=1)) == ["Song", "Other"]
    assert titles(world.do("removeFromPlaylist", id=first)) == ["Song"]
    renamed = world.do("renamePlaylist", id=playlist, title="Evening")
    assert (renamed["title"], renamed["description"]) == ("Evening", "first")
    assert world.do("deletePlaylist", id=playlist) == {"playlistId": playlist}
    assert set(Playlist.objects.all()) == {world.playlist, world.foreign_playlist}


# --- what they are refused


def test_nobody_signed_in_is_refused_and_nothing_stored(world):
    world.app = App()
    before = stored()
    arguments = {
        "recordListens": {"input": [world.play()]},
        "giveFeedback": {"id": gid(world.song)},
        "createPlaylist": {"title": "x"},
        "addToPlaylist": {"id": gid(world.playlist), "track": gid(world.song)},
        "removeFromPlaylist": {"id": gid(world.entry)},
        "movePlaylistEntry": {"id": gid(world.entry)},
    }
    for name in MUTATIONS:
        code, _ = world.refused(name, **arguments.get(name, {"id": gid(world.playlist)}))
        assert code == "SIGN_IN_REQUIRED", name
    assert stored() == before


def test_without_record_no_play_is_stored(world):
    world.user.consents.all().delete()
    assert world.refused("recordListens", input=[world.play()]) == ("CONSENT_MISSING", "RECORD")
    assert not Listen.objects.exists()


def test_too_many_plays_are_refused(world):
    plays = [world.play(sourceId=f"{number}") for number in range(101)]
    assert world.refused("recordListens", input=plays) == ("LIMIT_EXCEEDED", "input")
    assert not Listen.objects.exists()


TOMORROW = (timezone.now() + timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"listenedAt": TOMORROW}, "INVALID_TIME"),
        ({"listenedAt": "0001-01-01T00:00:00+14:00"}, "INVALID_TIME"),
        ({"listenedAt": "9999-12-31T23:59:59-14:00"}, "INVALID_TIME"),
        ({"listenedAt": "1999-01-01T00:00:00"}, "INVALID_TIME"),
        ({"source": ""}, "INVALID_EMPTY"),
        ({"sourceId": "\0"}, "INVALID_CHARACTERS"),
        ({"sourceId": "x" * 129}, "INVALID_TOO_LONG"),
        ({"trackId": "nonsense"}, "INVALID_ID"),
        ({"trackId": "🎈"}, "INVALID_ID"),
        ({"trackId": global_id("Artist", 1)}, "INVALID_ID"),
        ({"trackId": global_id("Track", 2**62)}, "NOT_FOUND"),
        ({"trackId": ...}, "INVALID_TRACK"),
        ({"track": {"title": "x", "artist": "y"}}, "INVALID_TRACK"),
        ({"trackId": ..., "track": {"title": "", "artist": "y"}}, "INVALID_EMPTY"),
        ({"trackId": ..., "track": {"title": "x", "artist": "\0"}}, "INVALID_CHARACTERS"),
        ({"trackId": ..., "track": {"title": "x" * 1001, "artist": "y"}}, "INVALID_TOO_LONG"),
    ],
)
def test_a_malformed_play_is_refused_and_stores_nothing(world, fields, code):
    before = stored()
    answer = world.do("recordListens", input=[world.play(**fields)])
    assert (answer["stored"], [each["code"] for each in answer["refusals"]]) == (0, [code])
    assert stored() == before


BIG = 2**31
CASES = [
    *((name, {"id": bad}, "INVALID_ID")
      for name in ("giveFeedback", "renamePlaylist", "deletePlaylist", "removeFromPlaylist", "movePlaylistEntry")
      for bad in ("", "5", "🎈", "\0", "x" * 5000, global_id("Listener", 1))),
    ("addToPlaylist", {"id": "5", "track": "song"}, "INVALID_ID"),
    ("addToPlaylist", {"id": "playlist", "track": "🎈"}, "INVALID_ID"),
    ("addToPlaylist", {"id": "playlist", "track": "artist"}, "INVALID_ID"),
    ("addToPlaylist", {"id": "playlist", "track": global_id("Track", 2**62)}, "NOT_FOUND"),
    ("addToPlaylist", {"id": "playlist", "track": "song", "position": 2}, "INVALID_POSITION"),
    ("addToPlaylist", {"id": "playlist", "track": "song", "position": -1}, "INVALID_POSITION"),
    ("addToPlaylist", {"id": "foreign_playlist", "track": "song"}, "NOT_FOUND"),
    ("renamePlaylist", {"id": "foreign_playlist"}, "NOT_FOUND"),
    ("deletePlaylist", {"id": "foreign_playlist"}, "NOT_FOUND"),
    ("removeFromPlaylist", {"id": "foreign_entry"}, "NOT_FOUND"),
    ("movePlaylistEntry", {"id": "foreign_entry"}, "NOT_FOUND"),
    ("movePlaylistEntry", {"id": "entry", "position": 1}, "INVALID_POSITION"),
    ("giveFeedback", {"id": global_id("Track", 2**62)}, "NOT_FOUND"),
    ("giveFeedback", {"id": global_id("Artist", 2**62)}, "NOT_FOUND"),
    *((name, {"id": "playlist", "title": title}, code)
      for name in ("renamePlaylist", "createPlaylist")
      for title, code in (("", "INVALID_EMPTY"), ("a\0", "INVALID_CHARACTERS"), ("x" * 201, "INVALID_TOO_LONG"))),
    ("createPlaylist", {"title": "x", "description": "x" * 2001}, "INVALID_TOO_LONG"),
    ("createPlaylist", {"title": "x", "description": "\0"}, "INVALID_CHARACTERS"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "variables", "code"), CASES)
def test_malformed_input_is_refused_as_data_and_stores_nothing(world, name, variables, code):
    rows = {
        "playlist": world.playlist, "foreign_playlist": world.foreign_playlist, "entry": world.entry,
        "foreign_entry": world.foreign_entry, "song": world.song, "artist": world.song.artist,
    }  # fmt: skip
    before = stored()
    given = {
        key: gid(rows[value]) if key in {"id", "track"} and value in rows else value
        for key, value in variables.items()
    }

    assert world.refused(name, **given)[0] == code
    assert stored() == before


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("recordListens", {"input": "plays"}),
        ("recordListens", {"input": None}),
        ("giveFeedback", {"id": ["a"]}),
        ("giveFeedback", {"id": "a", "kind": "LOVE"}),
        ("createPlaylist", {"title": 5}),
        ("renamePlaylist", {"id": "a", "title": None}),
        ("deletePlaylist", {"id": {"a": 1}}),
        ("addToPlaylist", {"id": "a", "track": "b", "position": "first"}),
        ("addToPlaylist", {"id": "a", "track": "b", "position": BIG}),
        ("removeFromPlaylist", {"id": None}),
        ("movePlaylistEntry", {"id": "a", "position": 1.5}),
    ],
)
def test_a_value_of_the_wrong_type_is_a_coded_error_and_stores_nothing(world, name, variables):
    before = stored()
    assert world.app.code(MUTATIONS[name], **variables) == "INVALID"
    assert stored() == before
