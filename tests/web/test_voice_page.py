"""Saying what to do, in a real browser: by its microphone, and then by the page's own buttons."""

import wave

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains

from discovery.voice.evaluation import said
from discovery.voice.sound import RATE
from graph.models import Feedback, Track
from graph.sample.sounds import PREFIX
from tests.web.person import PHONE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

FORBIDDEN = "Object.assign(navigator.mediaDevices, { getUserMedia: async () => { throw new DOMException('no', 'NotAllowedError') } })"


@pytest.fixture
def microphone(tmp_path):
    """The flags of a browser that hears this over and over, with a pause behind it."""

    def microphone(words):
        path = tmp_path / "said.wav"
        samples = np.concatenate([np.zeros(RATE), said(words, "en-us", 150), np.zeros(RATE * 8)])
        with wave.open(str(path), "wb") as sound:
            sound.setparams((1, 2, RATE, 0, "NONE", ""))
            sound.writeframes((samples / np.abs(samples).max() * 20_000).astype("<i2").tobytes())
        return [
            "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={path}",
        ]  # fmt: skip

    return microphone


@pytest.fixture
def tunes(world):
    """Every track sounds for a while."""
    for number, track in enumerate(Track.objects.order_by("pk")):
        track.external_id, track.duration_ms = f"{PREFIX}{number}", 60_000
        track.save()


def does(person, intent, slots="{}"):
    person.browser.execute_async_script(
        "const done = arguments[0]; import('/static/discovery/voice/intents.js')"
        f".then(({{ intents }}) => intents.{intent}({slots})).catch((error) => {{ window.refused = error.message; }}).then(() => done())"
    )


def paused(person):
    return person.browser.execute_script("return document.getElementById('player-sound').paused")


def test_what_is_said_into_the_microphone_is_done(world, tunes, visit, microphone):
    person = visit(flags=microphone("pause the music please"))
    person.opens("/")
    person.presses("#recommendations .play")
    person.until(lambda: not paused(person), "it plays")
    person.presses("#voice")
    person.sees("#status", "Listening")
    person.until(lambda: person.find("#voice[aria-pressed=true]"), "the button says that it listens")
    ActionChains(person.browser).pause(3).perform()  # while it is said
    person.presses("#voice")
    person.sees("#status", "Paused.")
    assert paused(person)
    assert person.find("#voice[aria-pressed=false]")
    person.presses("#undo")
    person.until(lambda: not paused(person), "it plays on")
    assert person.origins() == {person.origin}
    assert person.complaints() == []


def test_what_is_said_is_done_by_the_buttons_of_the_page(world, tunes, visit):
    person = visit()
    person.opens("/")
    person.presses("#recommendations .play")
    first = person.until(lambda: person.text("#player-title"), "it plays")
    does(person, "LIKE")
    person.until(lambda: Feedback.objects.filter(kind="LIKE", track__title=first), "it is liked")
    does(person, "WHY")
    reason = person.text("#status .said")
    assert reason
    assert "nobody recommended it" not in reason
    person.browser.execute_async_script(
        "const done = arguments[0]; import('/static/discovery/player.js').then(({ track }) => { delete track.reason; done(); })"
    )
    does(person, "WHY")
    person.sees("#status", "You chose it yourself: nobody recommended it.")
    does(person, "SKIP")
    person.until(lambda: person.text("#player-title") != first, "the next one plays")
    does(person, "PLAYLIST", "{ mood: 'calm' }")
    person.until(lambda: person.browser.current_url.endswith("/music/playlists/"), "the page of playlists")
    assert person.browser.execute_script("return document.getElementById('plan-text').value") == "calm music"
    does(person, "RADIO")
    person.until(lambda: "/radio/" in person.browser.current_url, "the radio")
    person.sees("#status", "A radio begins.")
    person.browser.set_window_size(*PHONE)
    person.looks("voice-phone")
    assert person.complaints() == []


def test_a_browser_that_does_not_let_it_listen_is_told_so_and_nothing_stays_on(world, tunes, visit):
    person = visit()
    person.opens("/")
    person.presses("#recommendations .play")
    person.until(lambda: person.find("#voice:not([hidden])"), "the button")
    person.browser.execute_script(FORBIDDEN)
    person.presses("#voice")
    person.sees("#status", "does not let this page listen")
    assert person.find("#voice[aria-pressed=false]")


def test_who_asks_for_less_motion_sees_a_radio_that_stands_still(world, tunes, visit):
    person = visit()  # as the tests' browser does
    person.opens("/radio/")
    bar = "document.body.appendChild(Object.assign(document.createElement('div'), { className: 'motion', innerHTML: '<i></i>' })).firstChild"
    assert person.browser.execute_script(f"return getComputedStyle({bar}).animationName") == "none"
    rules = "[...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).find((rule) => rule.selectorText === '.motion i')"
    assert "sway" in person.browser.execute_script(f"return {rules}.cssText"), "else it would move"
