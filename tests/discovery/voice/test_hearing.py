"""What is heard: by the real recognizer, of a voice that is no person's. And what the process that hears may do."""

import subprocess
import sys
import threading

import numpy as np
import pytest

from discovery.platform.errors import VoiceUnavailable
from discovery.voice import heard
from discovery.voice.answers import answer
from discovery.voice.ear import quietened
from discovery.voice.evaluation import noisy, said
from discovery.voice.heard import Ear, EarTaken
from discovery.voice.phrases import Intent


@pytest.fixture(scope="module")
def ear():
    one = Ear()
    yield one
    one.close()


def samples(words, *, decibels=20):
    return noisy(said(words, "en-us", 150), decibels, np.random.default_rng(3))


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        ("continue playing", Intent.PLAY),
        ("make me a playlist for running", Intent.PLAYLIST),
        ("why are you playing this song", Intent.WHY),
    ],
)
def test_a_command_is_heard(ear, words, intent):
    told = answer(ear.hear(samples(words)))
    assert (told.intent, told.confirm) == (intent, False)


@pytest.mark.parametrize("words", ["what time is the train tomorrow", "my phone is almost empty"])
def test_another_sentence_is_no_command(ear, words):
    told = answer(ear.hear(samples(words)))
    assert (told.intent, told.confirm) == (None, False)


def test_without_any_noise_it_is_heard_too(ear):
    sound = said("pause the music please", "en-us", 150)
    told = answer(ear.hear((sound * 10_000 / abs(sound).max()).astype("<i2").tobytes()))
    assert (told.intent, told.confirm) == (Intent.PAUSE, False)


def test_a_long_silence_tells_for_no_phrase(ear):
    quiet = bytes(2 * 16_000 * 3)
    assert answer(ear.hear(quiet + samples("my phone is almost empty") + quiet)).intent is None
    assert answer(ear.hear(quiet + samples("continue playing") + quiet)).intent is Intent.PLAY


def test_silence_and_noise_are_none(ear):
    noise = np.random.default_rng(1).normal(0, 3_000, 20_000).astype("<i2").tobytes()
    for sound in (bytes(40_000), noise):
        assert answer(ear.hear(sound)).intent is None


def test_the_process_that_hears_can_write_nothing_into_a_file(tmp_path):
    program = (
        "import pathlib, sys; from discovery.voice.ear import confine; {confine}\n"
        "pathlib.Path(sys.argv[1]).write_text('heard')"
    )

    def run(confine):
        place = tmp_path / "written"
        done = subprocess.run(
            [sys.executable, "-c", program.format(confine=confine), place], check=False, capture_output=True, timeout=60
        )  # fmt: skip
        return done.returncode, place.read_text() if place.exists() else ""

    assert run("") == (0, "heard")
    status, written = run("confine()")
    assert status != 0
    assert written == ""


def test_it_is_started_without_our_environment(monkeypatch):
    asked = {}

    def started(command, **more):
        asked.update(more)
        raise OSError

    monkeypatch.setattr(heard.subprocess, "Popen", started)
    with pytest.raises(VoiceUnavailable) as raised:
        Ear().hear(b"\0\0")
    assert (asked["env"], asked["cwd"]) == ({}, "/")
    assert raised.value.__cause__ is None


def test_who_is_heard_at_once_is_told_to_come_back(monkeypatch):
    monkeypatch.setattr(heard, "WAITS", 0.05)
    one, go_on, begun = Ear(), threading.Event(), threading.Event()

    def asked(_samples):
        begun.set()
        go_on.wait(5)
        return b'{"words": "", "sounds": null, "english": null}'

    monkeypatch.setattr(one, "_asked", asked)
    first = threading.Thread(target=one.hear, args=(b"",))
    first.start()
    begun.wait(5)
    with pytest.raises(EarTaken):
        one.hear(b"")
    go_on.set()
    first.join()
    assert one.hear(b"").words == ""


def test_a_process_that_ended_is_started_again(ear):
    sound = samples("continue playing")
    ear.hear(sound)
    ear._child.kill()
    ear._child.wait()
    assert answer(ear.hear(sound)).intent is Intent.PLAY


def test_noise_becomes_less_and_speech_stays():
    rng = np.random.default_rng(5)
    tone = np.concatenate([np.zeros(8_000), 4_000 * np.sin(np.arange(16_000) / 5), np.zeros(8_000)])
    clear = quietened(tone + rng.normal(0, 800, len(tone)))
    assert clear[1_000:7_000].std() < 0.4 * 800
    assert 0.8 < clear[10_000:22_000].std() / tone[10_000:22_000].std() < 1.2
