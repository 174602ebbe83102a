"""Music of one's own server, heard in a real browser: it goes on, it is sought, and hearing it is a play."""

import pytest
from django.utils import timezone
from selenium.webdriver.common.keys import Keys

from accounts.models import Purpose
from accounts.services.private_session import private_session_start
from discovery.library.accounts import library_connect
from discovery.library.reading import library_read
from discovery.models import RadioChoice
from discovery.radio.session import Outcome
from graph.models import Feedback, Listen, Track
from graph.sample.sounds import PREFIX
from tests import factories
from tests.discovery.library.conftest import serving
from tests.discovery.library.sounds import Song

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

# The first is longer than its server sends at once, so that the end of it is asked for apart.
SONGS = [
    Song("Quiet Rivers", "Nerloo Choir", seconds=40, form="flac"),
    Song("Northern Stairs", "Nerloo Choir", seconds=2),
    Song("Borrowed Windows", "Nerloo Choir", seconds=2),
]


@pytest.fixture
def library(world, settings, tmp_path):
    settings.LIBRARY_SERVERS = ["loopback"]
    with serving(tmp_path / "supysonic", SONGS) as server:
        account = library_connect(
            user=world.ada, url=server.url, username=server.name, password=server.password
        )
        library_read(account_id=account.pk)
        yield account


def now(person):
    return person.browser.execute_script("return document.getElementById('player-sound').currentTime")


def plays():
    return list(
        Listen.reports.filter(source="earshot").order_by("pk").values_list("track__title", "ms_played")
    )


def presses_play_of(person, title):
    name = f'#recommendations .play[aria-label="Play {title}"]'
    person.presses(name)
    person.sees("#player-title", title)


def test_a_song_is_heard_and_hearing_is_a_play(world, library, visit):
    person = visit()
    person.opens("/")
    person.until(lambda: person.find("#recommendations .play"), "there is something to play")
    assert all(image.get_attribute("src") for image in person.find("#recommendations .cover"))
    presses_play_of(person, "Quiet Rivers")
    person.sees("#player-from", library.name)
    first = person.until(lambda: now(person), "it begins")
    person.until(lambda: now(person) > first + 0.5, "it goes on")
    assert person.violations("light", "dark") == []
    person.looks("player")
    person.browser.execute_script(
        "const seek = document.getElementById('player-seek'); seek.value = 35; seek.dispatchEvent(new Event('input'))"
    )
    person.until(lambda: now(person) > 35.2, "it goes on from there")
    assert plays() == []
    person.presses("#player-like")
    person.until(lambda: Feedback.objects.filter(user=world.ada, track__title="Quiet Rivers"), "it is liked")
    assert person.find("#player-like[aria-pressed=true]")
    person.presses("#player-queue")
    person.sees("#player-list", "Nerloo Choir")
    person.key(Keys.ESCAPE)
    presses_play_of(person, "Northern Stairs")
    person.until(lambda: len(plays()) == 1, "what was heard is told")
    ((title, heard),) = plays()
    assert title == "Quiet Rivers"
    assert 500 < heard < 30_000, "a leap is not heard, and a start that ends soon is a skip"
    person.until(lambda: len(plays()) > 1, "at its end")
    assert plays()[1][0] == "Northern Stairs"
    assert 1_000 < plays()[1][1] < 3_000
    assert person.origins() == {person.origin}
    assert person.complaints() == []


def test_less_of_what_plays_goes_on_and_a_like_of_before_shows(world, library, visit):
    Feedback.objects.create(
        user=world.ada, track=Track.objects.get(title="Northern Stairs"), kind="LIKE", given_at=timezone.now()
    )
    person = visit()
    person.opens("/music/mix/")
    person.until(lambda: person.find("#mix .play"), "there is something to play")
    person.presses("#mix-play")
    first = person.until(lambda: person.text("#player-title"), "it begins")
    assert person.text("#player-from").startswith("Weekly mix")
    person.presses("#player-less")
    person.sees("#status", f"less like {first}")
    person.until(lambda: person.text("#player-title") != first, "it goes on")
    assert Feedback.objects.get(kind="DISLIKE").track.title == first
    person.presses("#undo")
    person.sees("#status", "Undone.")
    assert not Feedback.objects.filter(kind="DISLIKE").exists()
    assert person.complaints() == []


def test_in_a_private_session_it_is_heard_and_nothing_is_kept(world, library, visit):
    private_session_start(user=world.ada)
    person = visit()
    person.opens("/")
    person.until(lambda: person.find("#recommendations .play"), "there is something to play")
    presses_play_of(person, "Northern Stairs")
    person.until(lambda: now(person) > 0.5, "it goes on")
    person.until(
        lambda: person.browser.execute_script("return document.getElementById('player-sound').paused"),
        "it ends",
    )
    person.browser.get(person.origin + "/privacy/")
    assert plays() == []
    assert not Listen.reports.filter(source="earshot").exists()
    assert person.text("#status") == ""


def test_the_radio_plays_on_and_its_next_is_a_skip(world, visit):
    """With tunes of two seconds; one track has none, and is shown without a sound."""
    *sounding, silent = Track.objects.order_by("pk")
    for number, track in enumerate(sounding):
        track.external_id, track.duration_ms = f"{PREFIX}{number}", 2_000
        track.save()
    factories.answered(world.ada, Purpose.EXPERIMENT)  # or what a radio chose is kept nowhere
    person = visit()
    person.opens("/radio/")
    person.presses("#radio-go")
    person.presses("#radio .play")
    first = person.text("#player-title")
    person.until(lambda: now(person) > 0.3, "it begins")
    person.until(lambda: person.text("#player-title") != first, "at its end comes the next")
    assert person.text("#player-title") == person.text("#radio-now .title")
    person.presses("#player-toggle")
    second = person.text("#player-title")
    person.presses("#player-next")
    person.until(lambda: person.text("#player-title") != second, "the next")
    (skipped,) = RadioChoice.objects.filter(user=world.ada, outcome=Outcome.SKIPPED)
    assert Track.objects.get(pk=skipped.item_id).title == second
    liked = person.text("#radio-now .title")
    person.presses("#radio-LIKE")
    person.sees("#status", f"you like {liked}")
    assert Feedback.objects.get(user=world.ada, kind="LIKE").track.title == liked, "beyond this radio too"
    person.presses("#undo")
    person.until(lambda: not Feedback.objects.filter(kind="LIKE").exists(), "it is taken back")
    person.presses("#music-link")
    person.sees("h1", "My music")
    third = person.text("#player-title")
    person.presses("#player-next")
    person.until(lambda: person.text("#player-title") != third, "it goes on where the page was left")
    heard = {title for title, _ in plays()}
    assert first in heard
    assert silent.title not in heard
    person.browser.execute_script(
        "const one = document.getElementById('player-volume'); one.value = 0.5; one.dispatchEvent(new Event('input'))"
    )
    person.browser.refresh()
    assert person.browser.execute_script("return document.getElementById('player-sound').volume") == 0.5
    assert person.origins() == {person.origin}
    assert person.complaints() == []
