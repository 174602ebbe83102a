"""On this device only: after switching on, what is played through any door is in no store of the server. It is searched."""

import json
import logging
from datetime import timedelta

import pytest
from django.test import Client

from accounts.intake import observable
from accounts.models import PersonalizationLevel, Purpose, User
from accounts.services.consent import consent_set, level_set
from accounts.services.on_device import on_device_set
from accounts.signals import on_device_beginning
from discovery.models import Moment, RadioChoice, Room, RoomMember
from discovery.platform import clock
from discovery.platform.graphql.node import global_id
from discovery.privacy.stores import STORES
from discovery.recommend import feed
from discovery.room.services import room_create
from graph.ingest.incoming import IncomingPlay
from graph.models import ArtistPlayCount, Feedback, FeedbackKind, ItemKind, Listen, Tagging, TasteExclusion
from graph.services.exclusions import taste_exclusion_set
from graph.services.feedback import feedback_give
from graph.services.listening import listens_record
from tests import factories
from tests.accounts.test_devices import everything_stored
from tests.api.client import App
from tests.discovery.protocols.dialects import DIALECTS, LastFm, play, player_of
from tests.discovery.protocols.test_every_protocol import everything_in_redis

pytestmark = pytest.mark.django_db

PLANTED = "Zephyrine Quillmouth"
RECORD = """mutation($input: [ListenInput!]!) { recordListens(input: $input) {
  ... on RecordedListens { stored } ... on OperationInfo { messages { code } } } }"""
SWITCH = """mutation($on: Boolean!) { setOnDeviceOnly(on: $on) { ... on PrivacySettings { onDeviceOnly }
  ... on OperationInfo { messages { code } } } }"""
# What may be there of somebody who keeps everything else on their device: what they signed in with, and what they allow.
LEFT = {"answers", "devices", "deleted_plays", "email_addresses", "friendships", "repeats", "social_use"}


@pytest.fixture
def ada():
    ada = factories.sharer("ada")
    level_set(user=ada, level=PersonalizationLevel.CONTEXT)
    for purpose in (Purpose.EXPERIMENT, Purpose.CALENDAR, Purpose.LOCATION):
        consent_set(user=ada, purpose=purpose, granted=True)
    return ada


@pytest.fixture
def found(redis_url, caplog, tmp_path, settings):
    """Where the planted words are: in a table, a key of Redis, a line of the log, or a file of the installation."""
    caplog.set_level(logging.DEBUG)
    settings.UPLOAD_DIR = tmp_path / "uploads"

    def found():
        logged = " ".join(record.getMessage() for record in caplog.records if record.name != "django.request")
        files = b" ".join(
            path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and not path.is_socket()
        ).decode("latin-1")
        places = {
            "database": everything_stored(), "redis": everything_in_redis(redis_url), "log": logged, "files": files,
        }  # fmt: skip
        return [name for name, text in places.items() if "Zephyrine" in text or "zephyrine" in text]

    return found


def codes(answer):
    return [message["code"] for part in answer.values() for message in part.get("messages", ())]


def through_every_door(ada):
    """Play, say and start what there is, by the API and by every player's protocol; the codes of the API's answers."""
    app, track = App(ada), factories.track("Ordinary")
    listen = {
        "source": "app", "sourceId": "1", "listenedAt": clock.now().isoformat(),
        "track": {"title": PLANTED, "artist": PLANTED},
    }  # fmt: skip
    said = codes(app.data(RECORD, input=[listen]))
    for word in FeedbackKind:
        said += codes(
            app.data(
                "mutation($id: ID!, $kind: FeedbackKind!) { giveFeedback(itemId: $id, kind: $kind) {"
                " ... on OperationInfo { messages { code } } } }",
                id=global_id("Track", track.pk), kind=word.value,
            )
        )  # fmt: skip
    said += codes(
        app.data(
            "mutation($id: ID!) { excludeFromTaste(id: $id) { ... on OperationInfo { messages { code } } } }",
            id=global_id("Track", track.pk),
        )
    )
    said += codes(
        app.data('mutation { createRoom(title: "Zephyrine") { ... on OperationInfo { messages { code } } } }')
    )
    said += codes(app.data("mutation { startRadio { ... on OperationInfo { messages { code } } } }"))
    moment = {"label": "RUN", "startsAt": _soon(), "minutes": 30}
    said += codes(
        app.data(
            "mutation($input: [MomentInput!]!) { setMoments(purpose: CALENDAR, input: $input) {"
            " ... on OperationInfo { messages { code } } } }",
            input=[moment],
        )
    )
    upload = Client().post(
        "/imports/",
        json.dumps([{"track_name": PLANTED}]),
        content_type="application/json",
        headers=app.headers,
    )
    said += [error["extensions"]["code"] for error in upload.json().get("errors", ())]
    player = player_of(ada)
    for dialect in DIALECTS:
        speaks = dialect(player)
        assert speaks.plays(play(PLANTED, PLANTED)).ok, "a player that heard a no would send it for ever"
        if speaks.now is not None:
            assert speaks.now(play(PLANTED, PLANTED)).ok
        if isinstance(speaks, LastFm):
            speaks.love(play(PLANTED, PLANTED))
    return said


def _soon():
    begin = (clock.now() + timedelta(hours=1)).replace(second=0, microsecond=0)
    return begin.replace(minute=begin.minute // 5 * 5).isoformat()


def test_nothing_that_is_played_is_in_any_store(ada, found):
    assert App(ada).data(SWITCH, on=True)["setOnDeviceOnly"] == {"onDeviceOnly": True}
    said = through_every_door(ada)
    assert said == ["ON_DEVICE_ONLY"] * (1 + len(FeedbackKind) + 5)
    assert found() == []
    assert {store.name for store in STORES if store.rows(ada).exists()} <= LEFT


def test_without_it_the_search_finds_what_was_played(ada, found):
    """The control."""
    assert through_every_door(ada).count("ON_DEVICE_ONLY") == 0
    assert {"database", "redis"} <= set(found())


def test_switching_on_deletes_what_is_here_and_off_brings_nothing_back(
    ada, django_capture_on_commit_callbacks
):
    track, artist = factories.track("Ember"), factories.artist("Nadir")
    now = clock.now()
    listens_record(
        user=ada, plays=[IncomingPlay(source="app", source_id="1", track=track.pk, listened_at=now)]
    )
    feedback_give(user=ada, item=track, kind=FeedbackKind.LIKE)
    feedback_give(user=ada, item=artist, kind=FeedbackKind.HIDE)
    taste_exclusion_set(user=ada, thing=artist, excluded=True)
    factories.tag("dusky", artist, by=ada)
    room = room_create(user=ada, friends=[])
    before = User.objects.get(pk=ada.pk).consent_epoch
    with django_capture_on_commit_callbacks(execute=True):
        on_device_set(user=ada, on=True)
    assert not Room.objects.filter(pk=room.pk).exists(), "nobody is left in it"
    kept = (
        Listen.reports,
        ArtistPlayCount.objects,
        Feedback.objects,
        TasteExclusion.objects,
        Moment.objects,
        RadioChoice.objects,
        RoomMember.objects,
        Tagging.objects,
    )
    assert [rows.filter(user=ada).count() for rows in kept] == [0] * len(kept)
    assert User.objects.get(pk=ada.pk).consent_epoch > before, "no cache outlives it"
    assert not len(feed.for_you(User.objects.get(pk=ada.pk), ItemKind.ARTIST).answer.items)
    on_device_set(user=ada, on=False)
    assert not Listen.objects.filter(user=ada).exists()
    told = IncomingPlay(
        source="app", source_id="2", track=factories.track("Tide").pk, listened_at=clock.now()
    )
    assert listens_record(user=ada, plays=[told]).stored == 1


def test_saying_the_same_twice_deletes_nothing_twice(ada):
    heard = []
    on_device_beginning.connect(lambda **said: heard.append(said["user"]), weak=False, dispatch_uid="test")
    try:
        on_device_set(user=ada, on=True)
        on_device_set(user=ada, on=True)
    finally:
        on_device_beginning.disconnect(dispatch_uid="test")
    assert heard == [ada]


def test_others_are_recorded_as_ever(ada):
    ben = factories.sharer("ben")
    on_device_set(user=ada, on=True)
    assert observable([ada.pk, ben.pk]) == {ben.pk}, "whoever brings many people's plays asks this"
    told = IncomingPlay(source="app", source_id="1", track=factories.track().pk, listened_at=clock.now())
    assert listens_record(user=ben, plays=[told]).stored == 1
