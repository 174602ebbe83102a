"""A call whose answer was lost is sent again: with the same idempotency key it is done once, and answers as the first did."""

import re
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection, connections
from django.forms.models import model_to_dict
from django.utils import timezone

from accounts.api import repeats
from accounts.models import Device, Friendship, RepeatableCall
from accounts.services import repeat
from accounts.services.private_session import private_session_end, private_session_start
from discovery.models import DataExport, Room, RoomMember, RoomVote
from discovery.platform.graphql.node import global_id
from discovery.schema import schema
from discovery.scopes import NEEDED
from graph.models import (
    Feedback,
    History,
    ItemKind,
    ItemRecommendation,
    Listen,
    Playlist,
    PlaylistCollaborator,
    PlaylistEntry,
)
from graph.services.playlists import playlist_create
from graph.services.uploads import upload_store
from tests import factories
from tests.api.client import App
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
ADDS = re.compile("create|add|start|request|record|make|import|invite|recommend|give|share|vote|veto")
# Adding mutations without such a key, and why.
WITHOUT = {"requestErasure": "the account ends with it, and every key"}


@pytest.fixture
def world(serve, settings, tmp_path):
    settings.EXPORT_DIR, settings.UPLOAD_DIR = tmp_path, tmp_path / "uploads"
    tracks = [factories.track() for _ in range(3)]
    serve(ItemKind.TRACK, small_index([[1.0], [0.9], [0.8]], ids=[track.pk for track in tracks]))
    return World(tracks)


class World:
    def __init__(self, tracks):
        self.ada, self.ben, self.cleo = (factories.sharer(name) for name in ("ada", "ben", "cleo"))
        factories.befriended(self.ada, self.ben)
        self.ada.set_password(PASSWORD)
        self.ada.save(update_fields=["password"])
        for track, person in zip(tracks, (self.ben, self.ada, self.cleo), strict=True):
            factories.listens(person, track, 3)
        self.app = App(self.ada)
        self.playlist = playlist_create(owner=self.ada, title="Walk")
        self.room = Room.objects.create(kind=ItemKind.TRACK)
        for person in (self.ada, self.ben):
            RoomMember.objects.create(room=self.room, user=person, joined_at=timezone.now())
        self.upload = str(upload_store(user=self.ada, pieces=[b"x"]))
        self.track = global_id("Track", tracks[0].pk)
        self.other_track = global_id("Track", tracks[2].pk)
        self.playlist_id = global_id("Playlist", self.playlist.pk)
        self.room_id = global_id("Room", self.room.pk)
        self.friend, self.stranger = (global_id("Listener", each.pk) for each in (self.ben, self.cleo))


# By mutation: its arguments, other arguments, and of what it makes one more.
CALLS = {
    "createPlaylist": (
        lambda _: 'input: { title: "New" }', lambda _: 'input: { title: "Else" }', Playlist,
    ),
    "makePlaylist": (lambda _: "plan: { count: 1 }", lambda _: "plan: { count: 2 }", Playlist),
    "addToPlaylist": (
        lambda world: f'playlistId: "{world.playlist_id}", trackId: "{world.track}"',
        lambda world: f'playlistId: "{world.playlist_id}", trackId: "{world.other_track}"', PlaylistEntry,
    ),
    "sharePlaylist": (
        lambda world: f'playlistId: "{world.playlist_id}", listenerId: "{world.friend}", role: VIEWER',
        lambda world: f'playlistId: "{world.playlist_id}", listenerId: "{world.friend}", role: EDITOR',
        PlaylistCollaborator,
    ),
    "recommendItem": (
        lambda world: f'itemId: "{world.track}", listenerId: "{world.friend}", note: "Hear"',
        lambda world: f'itemId: "{world.track}", listenerId: "{world.friend}", note: "Hear it"',
        ItemRecommendation,
    ),
    "giveFeedback": (
        lambda world: f'itemId: "{world.track}", kind: LIKE',
        lambda world: f'itemId: "{world.track}", kind: DISLIKE', Feedback,
    ),
    "recordListens": (
        lambda world: f'input: [{{ source: "a", sourceId: "1", trackId: "{world.track}", listenedAt: "{timezone.now():%Y-%m-%d}T00:00:00Z" }}]',
        lambda _: "input: []", Listen,
    ),
    "importHistory": (
        lambda world: f'upload: "{world.upload}"', lambda _: 'upload: "else"', History,
    ),
    "requestFriendship": (
        lambda world: f'listenerId: "{world.stranger}"', lambda world: f'listenerId: "{world.friend}"', Friendship,
    ),
    "createDevice": (
        lambda _: 'name: "phone", scopes: [DISCOVER]', lambda _: 'name: "tablet", scopes: [DISCOVER]',
        Device,
    ),
    "startRadio": (
        lambda world: f'seedId: "{world.track}"', lambda world: f'seedId: "{world.other_track}"', None,
    ),
    "createRoom": (
        lambda world: f'title: "Evening", with: ["{world.friend}"]', lambda _: 'title: "Night"', Room,
    ),
    "inviteToRoom": (
        lambda world: f'roomId: "{world.room_id}", listenerId: "{world.friend}"',
        lambda world: f'roomId: "{world.room_id}", listenerId: "{world.stranger}"', None,
    ),
    "voteInRoom": (
        lambda world: f'roomId: "{world.room_id}", itemId: "{world.track}"',
        lambda world: f'roomId: "{world.room_id}", itemId: "{world.track}", vote: false', RoomVote,
    ),
    "vetoInRoom": (
        lambda world: f'roomId: "{world.room_id}", itemId: "{world.track}"',
        lambda world: f'roomId: "{world.room_id}", itemId: "{world.track}", veto: false', RoomVote,
    ),
    "startPrivateSession": (lambda _: "", None, None),
    "requestDataExport": (lambda _: f'password: "{PASSWORD}"', None, DataExport),
}  # fmt: skip
ANSWERS = {
    "Playlist": "id title size role", "ItemRecommendation": "id note", "GivenFeedback": "kind givenAt",
    "RecordedListens": "stored duplicates corrected refusals { index code message } dropped { index code }",
    "Import": "id state", "FriendshipChange": "state listener { id } request { id }", "Device": "id name scopes",
    "RadioQueue": "radioId step", "Room": "id title step", "PrivacySettings": "privateUntil",
    "DataExport": "id state", "OperationInfo": "messages { code field }",
}  # fmt: skip


def selected(name):
    """Everything of the answer of this mutation that tells one from another."""
    payload = schema._schema.mutation_type.fields[name].type.of_type
    parts = [
        f"... on {kind.name} {{ {ANSWERS[kind.name]} }}" for kind in payload.types if kind.name in ANSWERS
    ]
    return f"{{ __typename {' '.join(parts)} }}"


def told(app, name, arguments, key=None):
    passed = ", ".join(part for part in (arguments, f'idempotencyKey: "{key}"' if key else "") if part)
    return app.data(f"mutation {{ it: {name}{f'({passed})' if passed else ''} {selected(name)} }}")["it"]


def code(answer):
    return answer["messages"][0]["code"]


def counted():
    """How many rows there are of everything, the keys apart."""
    return {
        model._meta.label: model._default_manager.count()
        for model in apps.get_models()
        if model is not RepeatableCall and model._meta.managed
    }


# --- the proof ------------------------------------------------------------------------------


def adding(mutations):
    """Mutations that create or add and take no key."""
    return {
        name for name, field in mutations.items() if ADDS.match(name) and "idempotencyKey" not in field.args
    }


def test_every_mutation_that_adds_takes_a_key():
    mutations = schema._schema.mutation_type.fields
    assert adding(mutations) == WITHOUT.keys()
    assert {name for name, field in mutations.items() if "idempotencyKey" in field.args} - CALLS.keys() == {
        "setConsent",  # the ledger's own: tests/accounts
        "createInvitation",  # tells its secret once, as createDevice does: tests/accounts/test_invitations.py
        "setMoments",  # what it told stands in no digest: tests/discovery/moments
        *("connectLibrary", "sendPlaylist"),  # of a real server: tests/discovery/library
    }
    planted = {"createPlanted": mutations["block"]}
    assert adding(planted) == {"createPlanted"}


@pytest.mark.parametrize("name", CALLS)
def test_a_repeated_call_answers_as_the_first_and_does_nothing_again(world, redis_url, name):
    arguments, _other, made = CALLS[name]
    words = arguments(world)
    before = counted()
    first = told(world.app, name, words, "lost-1")
    assert first["__typename"] != "OperationInfo", first
    after = counted()
    if made is not None:
        assert after[made._meta.label] == before[made._meta.label] + 1
    again = told(world.app, name, words, "lost-1")
    assert again == first
    assert counted() == after
    assert RepeatableCall.objects.get().user == world.ada


@pytest.mark.parametrize("name", [name for name, (_, other, _made) in CALLS.items() if other])
def test_a_key_stands_for_one_call(world, redis_url, name):
    arguments, other, _made = CALLS[name]
    told(world.app, name, arguments(world), "lost-1")
    after = counted()
    assert code(told(world.app, name, other(world), "lost-1")) == "IDEMPOTENCY_KEY_REUSED"
    wrong = told(world.app, "createPlaylist", 'input: { title: "Another" }', "lost-1")
    assert code(wrong) == "IDEMPOTENCY_KEY_REUSED"
    assert wrong["messages"][0]["field"] == "idempotencyKey"
    assert counted() == after


def test_without_a_key_and_with_another_a_call_is_done_again(world):
    for key in (None, None, "a", "b", "a"):
        told(world.app, *adding_one(world), key)
    assert PlaylistEntry.objects.count() == 4


def adding_one(world):
    return "addToPlaylist", CALLS["addToPlaylist"][0](world)


def test_keys_are_each_persons_own(world):
    for person in (world.ada, world.ben):
        answer = told(App(person), "createPlaylist", 'input: { title: "Mine" }', "same")
        assert answer["role"] == "OWNER"
    assert Playlist.objects.filter(title="Mine").values("owner").distinct().count() == 2


def test_what_was_refused_can_be_sent_again(world):
    name, arguments = "recommendItem", f'itemId: "{world.track}", listenerId: "{world.stranger}"'
    assert code(told(world.app, name, arguments, "k")) != "IDEMPOTENCY_KEY_REUSED"
    assert not RepeatableCall.objects.exists()
    factories.befriended(world.ada, world.cleo)
    assert told(world.app, name, arguments, "k")["__typename"] == "ItemRecommendation"


def test_an_answer_is_told_anew_by_what_may_be_seen_now(world):
    told(world.app, "createPlaylist", 'input: { title: "New" }', "k")
    Playlist.objects.filter(title="New").delete()
    assert code(told(world.app, "createPlaylist", 'input: { title: "New" }', "k")) == "NOT_FOUND"
    assert not Playlist.objects.filter(title="New").exists()


@pytest.mark.parametrize("key", ["", "x" * 65, "a\\u0007b"])
def test_what_is_no_key(world, key):
    passed = f'input: {{ title: "New" }}, idempotencyKey: "{key}"'
    assert code(told(world.app, "createPlaylist", passed)) == "INVALID"
    assert not Playlist.objects.filter(title="New").exists()


def test_half_a_character_is_refused_as_without_a_key(world):
    listen = {
        "source": "app",
        "listenedAt": "2026-01-01T00:00:00Z",
        "track": {"title": "Ember", "artist": "Vale"},
    }
    record = (
        "mutation ($input: [ListenInput!]!, $key: String) { it: recordListens(input: $input, idempotencyKey: $key)"
        " { ... on RecordedListens { stored refusals { index code } } ... on OperationInfo { messages { code } } } }"
    )
    given = [listen, listen | {"track": listen["track"] | {"title": "x\ud800"}}]
    answer = world.app.data(record, input=given, key="k")["it"]
    assert answer == {"stored": 1, "refusals": [{"index": 1, "code": "INVALID_CHARACTERS"}]}
    create = (
        "mutation ($input: PlaylistInput!, $key: String) { it: createPlaylist(input: $input, idempotencyKey: $key)"
        " { __typename ... on OperationInfo { messages { code } } } }"
    )
    refused = world.app.data(create, input={"title": "x\ud800"}, key="l")["it"]
    assert refused["messages"] == [{"code": "INVALID_CHARACTERS"}]
    assert world.app.data(create, input={"title": "x"}, key="l")["it"]["__typename"] == "Playlist"


def test_nothing_can_be_read_off_what_is_kept(world, redis_url):
    told(world.app, "recommendItem", CALLS["recommendItem"][0](world), "my key")
    told(world.app, "requestDataExport", CALLS["requestDataExport"][0](world), "other key")
    for row in RepeatableCall.objects.all():
        kept = str(model_to_dict(row))
        assert not any(
            word in kept for word in ("my key", "other key", "Hear", "recommend", "request", world.track)
        )
        assert re.fullmatch("[0-9a-f]{64}", row.key)
    keys = set(RepeatableCall.objects.values_list("key", flat=True))
    assert repeat._digest("key 1 my key") not in keys, "without the person"


def test_the_secret_of_a_device_is_told_once(world):
    query = (
        'mutation { createDevice(name: "p", scopes: [DISCOVER], forPlayer: true, idempotencyKey: "k")'
        " { ... on Device { id secret playerSecret isPlayer repeated } } }"
    )
    first, again = (world.app.data(query)["createDevice"] for _ in range(2))
    assert first["secret"]
    assert first["playerSecret"]
    assert not first["repeated"]
    assert again == first | {"secret": None, "playerSecret": None, "repeated": True}
    assert first["secret"] not in str(RepeatableCall.objects.values_list("key", "said", "answer"))


def test_an_export_is_told_again_to_who_has_the_password_alone(world, redis_url):
    asked = f'password: "{PASSWORD}"'
    first = told(world.app, "requestDataExport", asked, "k")
    assert code(told(world.app, "requestDataExport", 'password: "wrong"', "k")) == "WRONG_PASSWORD"
    assert code(told(world.app, "requestDataExport", "", "k")) == "REAUTHENTICATION_REQUIRED"
    assert told(world.app, "requestDataExport", asked, "k") == first


def test_in_a_private_session_no_moment_is_kept(world):
    private_session_start(user=world.ada)
    for _ in range(2):
        told(world.app, "createPlaylist", 'input: { title: "Alone" }', "k")
    assert Playlist.objects.get(title="Alone").created_at is None
    call = RepeatableCall.objects.get()
    assert [name for name, value in model_to_dict(call).items() if hasattr(value, "hour")] == []
    private_session_end(user=world.ada)
    told(world.app, "createPlaylist", 'input: { title: "Alone" }', "k")
    assert Playlist.objects.filter(title="Alone").count() == 1


def test_a_private_session_is_not_begun_again(world):
    told(world.app, "startPrivateSession", "", "k")
    private_session_end(user=world.ada)
    told(world.app, "startPrivateSession", "", "k")
    world.ada.refresh_from_db()
    assert world.ada.private_until <= timezone.now()


def test_a_key_is_forgotten_after_its_time(world):
    told(world.app, *adding_one(world), "k")
    RepeatableCall.objects.update(day=timezone.now().date() - timedelta(days=2))
    assert repeat.calls_forget() == 1
    told(world.app, *adding_one(world), "k")
    assert PlaylistEntry.objects.count() == 2


def test_it_asks_for_the_scopes_of_what_it_repeats():
    """A repeated call goes through the same field, so through the same door."""
    assert {name for name in CALLS if f"Mutation.{name}" in NEEDED} >= {"createPlaylist", "startRadio"}


# --- at the same time -----------------------------------------------------------------------


@pytest.fixture
def at_once(tmp_path):
    """Asks several times at the same moment, each on a connection of its own.

    SQLite's are on a copy in a file, as an installation's: in memory, one does not wait for another.
    """
    copied = tmp_path / "copy.sqlite3"

    def one(ask):
        if connection.vendor == "sqlite":
            own = connections.create_connection("default")
            own.settings_dict = own.settings_dict | {"NAME": str(copied)}
            connections["default"] = own
        try:
            return ask()
        finally:
            connection.close()

    def run(ask, times):
        if connection.vendor == "sqlite":
            with closing(sqlite3.connect(copied)) as file:
                connection.connection.backup(file)
                file.execute(
                    "PRAGMA journal_mode=WAL"
                )  # as `migrate` leaves it: four that change it at once do not wait
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(one, [ask] * times))

    return run


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_are_one(at_once, monkeypatch):
    app = App(factories.sharer("ada"))
    end = repeats.call_end

    def call_end(*arguments):
        time.sleep(0.3)  # what was done is not yet seen by anybody
        end(*arguments)

    monkeypatch.setattr(repeats, "call_end", call_end)

    def ask():
        answer = told(app, "createPlaylist", 'input: { title: "Once" }', "k")
        return answer["id"], Playlist.objects.count(), RepeatableCall.objects.count()

    answers = at_once(ask, 4)
    assert len({key for key, *_ in answers}) == 1
    assert {answer[1:] for answer in answers} == {(1, 1)}


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_without_the_row_they_would_be_several(at_once, monkeypatch):
    app = App(factories.sharer("ada"))
    monkeypatch.setattr(repeats, "call_begin", lambda **_: RepeatableCall())
    monkeypatch.setattr(repeats, "call_end", lambda *_: None)
    answers = at_once(lambda: told(app, "createPlaylist", 'input: { title: "Once" }', "k")["id"], 3)
    assert len(set(answers)) == 3
