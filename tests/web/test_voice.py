"""``/voice/``: who may ask, how much and how often; and that what was said stays in memory and is in no log."""

import asyncio
import io
import logging
import re
import tempfile
import wave
from pathlib import Path

import httpx
import pytest
from django.conf import settings as django_settings
from django.test import Client

from accounts.models import DeviceScope
from accounts.services.token import token_create
from discovery import metrics
from discovery.front import FrontDoor, largest_body
from discovery.platform.bodies import bounded
from discovery.platform.errors import VoiceUnavailable
from discovery.platform.meters import REGISTRY
from discovery.voice.heard import Ear, EarTaken, Heard
from discovery.voice.sound import LARGEST
from discovery.web import voice
from tests import factories

WORDS = "skip this song"
PATTERN = bytes(range(7, 250)) * 40  # samples that are nowhere else
PCM = PATTERN[: len(PATTERN) // 2 * 2]


def wav(samples, *, rate=16_000, channels=1):
    told = io.BytesIO()
    with wave.open(told, "wb") as sound:
        sound.setparams((channels, 2, rate, 0, "NONE", ""))
        sound.writeframes(samples)
    return told.getvalue()


class FakeEar:
    def __init__(self, told=None):
        self.told, self.samples = told or Heard(WORDS, 0.9), []

    def hear(self, samples):
        self.samples.append(samples)
        if isinstance(self.told, Exception):
            raise self.told
        return self.told


@pytest.fixture
def hears(monkeypatch):
    def hears(told=None):
        one = FakeEar(told)
        monkeypatch.setattr(voice, "the_ear", lambda: one)
        return one

    return hears


def bearer(user, *scopes):
    return {"Authorization": f"Bearer {token_create(user=user, name='app', scopes=list(scopes))[1]}"}


def code_of(answer):
    return answer.json()["errors"][0]["extensions"]["code"]


def say(client, body=PCM, kind="audio/l16", **more):
    return client.post("/voice/", body, kind, **more)


@pytest.mark.django_db
class TestTheDoor:
    @pytest.fixture
    def ada(self, client):
        person = factories.listener("ada")
        client.force_login(person)
        return person

    def test_what_was_said_is_told_and_nothing_is_done(self, client, ada, hears):
        ear = hears()
        answer = say(client, wav(PCM))
        assert answer.json() == {
            "understood": True, "intent": "SKIP", "slots": {}, "confidence": 0.9, "say": "Skip this song", "confirm": False,
        }  # fmt: skip
        assert answer["Cache-Control"] == "no-store"
        assert say(client).json()["intent"] == "SKIP"
        assert ear.samples == [PCM, PCM]

    @pytest.mark.parametrize(
        ("heard", "intent", "confirm"),
        [
            (Heard(WORDS, 0.3), "SKIP", True),  # not sure: asked first
            (Heard(WORDS, 0.1), None, False),
            (Heard("", 0.0), None, False),
            (Heard("the weather is nice", 1.0), None, False),
            (Heard("go private", 1.0), "PRIVATE", True),  # always asked first
        ],
    )
    def test_what_is_not_sure_is_asked_for_or_refused(self, client, ada, hears, heard, intent, confirm):
        hears(heard)
        answer = say(client).json()
        assert (answer["understood"], answer["intent"], answer["confirm"]) == (
            intent is not None,
            intent,
            confirm,
        )

    def test_a_browser_that_hears_by_itself_sends_words(self, client, ada, hears):
        ear = hears()
        answer = say(client, "Start radio from jazz.", "text/plain").json()
        assert (answer["intent"], answer["slots"], ear.samples) == ("RADIO", {"tag": "jazz"}, [])

    def test_whoever_asks_is_signed_in_with_a_token_for_it(self, hears):
        hears()
        ada = factories.listener("ada")
        assert code_of(say(Client())) == "SIGN_IN_REQUIRED"
        guarded = Client(enforce_csrf_checks=True)
        guarded.force_login(ada)
        assert code_of(say(guarded)) == "CSRF_FAILED"
        assert code_of(say(Client(), headers=bearer(ada, DeviceScope.PLAYS_WRITE))) == "INSUFFICIENT_SCOPE"
        assert say(Client(), headers=bearer(ada, DeviceScope.DISCOVER)).status_code == 200
        assert Client().get("/voice/").status_code == 405

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (bytes(LARGEST + 2), "LIMIT_EXCEEDED"),
            (bytes(2 * 16_000 * 10 + 2), "INVALID_SOUND"),  # longer than ten seconds
            (PCM + b"\0", "INVALID_SOUND"),  # half a sample
            (b"", "INVALID_SOUND"),
            (wav(PCM, rate=44_100), "INVALID_SOUND"),
            (wav(PCM, channels=2), "INVALID_SOUND"),
            (b"RIFF\xff\xff\xff\xffWAVEnothing", "INVALID_SOUND"),
        ],
    )
    def test_what_is_no_such_sound_is_refused_and_not_heard(self, client, ada, hears, body, code):
        ear = hears()
        assert code_of(say(client, body)) == code
        assert ear.samples == []

    def test_a_form_is_refused_before_anything_reads_it(self, client, ada, hears):
        hears()
        assert client.post("/voice/", {"file": "x"}).status_code == 415

    def test_so_often_and_no_more(self, client, ada, hears, settings, redis_url):
        hears()
        settings.REDIS_URL, settings.RATE_VOICE = redis_url, "2/h"
        assert [say(client).status_code for _ in range(3)] == [200, 200, 429]
        other = Client()
        other.force_login(factories.listener("ben"))
        assert say(other).status_code == 200

    @pytest.mark.parametrize(
        ("error", "code"), [(VoiceUnavailable("gone"), "VOICE_UNAVAILABLE"), (EarTaken(), "BUSY")]
    )
    def test_where_nothing_can_be_heard_it_says_so(self, client, ada, hears, error, code):
        hears(error)
        answer = say(client)
        assert (answer.status_code, code_of(answer)) == (503, code)
        assert (code == "BUSY") is ("Retry-After" in answer.headers)

    def test_without_the_recognizer_it_is_unavailable(self, client, ada, monkeypatch):
        monkeypatch.setattr("discovery.voice.heard.find_spec", lambda _name: None)
        monkeypatch.setattr(voice, "the_ear", Ear)
        assert code_of(say(client)) == "VOICE_UNAVAILABLE"

    def test_the_metric_counts_and_names_nobody(self, client, ada, hears):
        hears()
        before = REGISTRY.get_sample_value("earshot_voice_commands_total", {"outcome": "understood"}) or 0
        say(client)
        assert (
            REGISTRY.get_sample_value("earshot_voice_commands_total", {"outcome": "understood"}) == before + 1
        )

    def test_the_microphone_is_for_this_origin_alone(self, client, ada):
        assert "microphone=(self)" in client.get("/")["Permissions-Policy"]


# --- nothing of it stays ---------------------------------------------------------------------


def files_with(pattern, *roots):
    return [
        path for root in roots for path in Path(root).rglob("*")
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 50_000_000 and pattern in path.read_bytes()
    ]  # fmt: skip


@pytest.fixture
def written(monkeypatch, tmp_path):
    """What went to a temporary file, as far as a request's body may."""
    sizes = []
    rollover = tempfile.SpooledTemporaryFile.rollover
    monkeypatch.setattr(metrics, "gates_watch", lambda _gates: None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(
        tempfile.SpooledTemporaryFile, "rollover", lambda self: (sizes.append(self.tell()), rollover(self))
    )
    return sizes


async def posted(path, pieces, headers):
    door = FrontDoor()

    async def application(scope, receive, send):  # as discovery.asgi does
        await bounded(door, scope, receive, send, largest=largest_body(scope["path"]))

    async def body():
        for piece in pieces:
            yield piece

    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.post(path, content=body(), headers=headers | {"Content-Type": "audio/l16"})


def test_sound_and_words_are_on_no_disk_and_in_no_log(
    transactional_db, redis_url, hears, written, tmp_path, caplog
):
    ear = hears(Heard("why this song", 0.9))
    caplog.set_level(logging.DEBUG)
    headers = bearer(factories.listener("ada"), DeviceScope.DISCOVER)
    pieces = [PCM[:3_000], PCM[3_000:]]
    answer = asyncio.run(posted("/voice/", pieces, headers))
    assert answer.json()["intent"] == "WHY"
    assert ear.samples == [PCM]
    home = django_settings.HOME_DIR
    assert files_with(PATTERN[:200], tmp_path, home) == []
    assert written == []
    lines = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert re.search(r"POST voice/", lines)
    assert "why this song" not in lines
    assert repr(PATTERN[:20])[2:-1] not in lines
    # The search would have found it.
    (tmp_path / "kept").write_bytes(PCM)
    assert files_with(PATTERN[:200], tmp_path) != []


def test_more_than_is_listened_to_is_refused_before_it_reaches_a_disk(
    transactional_db, redis_url, hears, written
):
    ear = hears()
    headers = bearer(factories.listener("ada"), DeviceScope.DISCOVER, DeviceScope.PLAYS_WRITE)
    large = [PCM] * 400  # four megabytes, of no length that is told before
    answer = asyncio.run(posted("/voice/", large, headers))
    assert (answer.status_code, code_of(answer)) == (413, "LIMIT_EXCEEDED")
    assert (ear.samples, written) == ([], [])
    asyncio.run(posted("/imports/", large, headers))
    assert written != []  # a file that is handed in does go to the disk
