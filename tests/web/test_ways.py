"""The ways that ``docs/pages.md`` writes down, each walked from ``/`` with as many clicks as it says."""

import json
import re
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import Friendship, Purpose, User
from graph.models import Feedback, History, Track
from graph.sample.sounds import PREFIX
from tests import factories
from tests.discovery.library.conftest import serving
from tests.discovery.library.sounds import Song
from tests.graph.formats.files import extended

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]

PAGE = Path(__file__).parents[2] / "docs" / "pages.md"
FIRST = "#recommendations li:first-child"


def written():
    """Clicks, by where the way leads."""
    rows = re.findall(r"^\| ([^|]+?) \| (\d+) \|", PAGE.read_text(), re.MULTILINE)
    return {to: int(clicks) for to, clicks in rows}


def hears(person):
    person.presses(f"{FIRST} .play")
    sound = "return document.getElementById('player-sound').currentTime"
    person.until(lambda: person.browser.execute_script(sound) > 0.2, "it goes on")


def sees_why(person):
    person.presses(f"{FIRST} .open-more")
    person.until(lambda: person.find("#more[open] #why .share"), "the parts of the score")


def likes(person):
    person.presses(f"{FIRST} .like")
    person.until(lambda: Feedback.objects.filter(kind="LIKE").exists(), "it is liked")


def wants_less(person):
    person.presses(f"{FIRST} .open-more")
    person.presses("#more .less")
    person.until(lambda: Feedback.objects.filter(kind="DISLIKE").exists(), "less of it")


def hides(person):
    person.presses(f"{FIRST} .open-more")
    person.presses("#more .hide")
    person.until(lambda: Feedback.objects.filter(kind="HIDE").exists(), "the artist is hidden")


def takes_back(person):
    artist = Track.objects.get(title=person.text(f"{FIRST} .title")).artist
    likes_before = Feedback.objects.create(
        user=User.objects.get(username="ada"), artist=artist, kind="LIKE", given_at=timezone.now()
    )
    hides(person)
    assert not Feedback.objects.filter(pk=likes_before.pk).exists()
    before = person.clicks
    person.presses("#undo")
    person.sees("#status", "Undone.")
    person.clicks -= before
    assert Feedback.objects.get().kind == "LIKE", "what was said before is said again"


def starts_a_radio(person):
    person.presses(f"{FIRST} .open-more")
    person.presses("#more a[href^='/radio/']")
    person.until(lambda: person.text("#radio-now"), "a song")
    person.until(lambda: not person.find("html.walking"), "it stands there in full color")


def asks_a_friend(person):
    person.presses("#together-link")
    person.types("#people-text", "Dora")
    person.presses("#people-hits button")
    person.until(lambda: Friendship.objects.filter(state=Friendship.State.REQUESTED).exists(), "she is asked")


def makes_a_link(person):
    person.presses("#together-link")
    person.presses("main a[href$='/invitations/']")
    person.presses("#make")
    person.sees("#link", "/invitations/")


def imports(person, export):
    person.presses("#music-link")
    person.presses("main a[href$='/imports/']")
    person.types("#file", str(export))
    person.presses("#file-form button")
    person.until(lambda: History.objects.filter(state="DONE").exists(), "it is read")


def connects(person, server):
    person.presses("#me-link")
    person.until(lambda: person.find("#profile-name:enabled"), "the page is there")
    for number, (field, text) in enumerate(
        {"url": server.url, "username": server.name, "password": server.password}.items()
    ):
        before = person.clicks
        person.types(f"#library-{field}", text)
        person.clicks = before + (number == 0)  # the others are reached with the Tab key
    person.presses("#connect-library button")
    person.sees("#libraries", "1 song.")


def goes_private(person, user):
    person.presses("#shield > button")
    person.presses("#shield-private")
    person.sees("#status", "Private until")
    user.refresh_from_db()
    assert user.private_until is not None


def sees_what_is_used(person):
    person.presses("main a[href$='/privacy/']")
    person.sees("h1", "Your privacy")


def test_every_way_takes_the_clicks_that_the_page_says(world, visit, tmp_path):
    factories.answered(factories.listener("dora", display_name="Dora"), Purpose.DISCOVERABLE)
    for number, track in enumerate(Track.objects.order_by("pk")):
        track.external_id, track.duration_ms = f"{PREFIX}{number}", 40_000
        track.save()
    export = tmp_path / "Streaming_History_Audio_2026.json"
    export.write_text(json.dumps([extended()]))
    with serving(tmp_path / "supysonic", [Song("Harbor", "Ada Lark")]) as server:
        ways = {
            "hear a song": hears,
            "see why it is there": sees_why,
            "like it": likes,
            "hear less of it": wants_less,
            "hide its artist": hides,
            "take that back": takes_back,
            "start a radio from it": starts_a_radio,
            "add a friend who can be found": asks_a_friend,
            "add a friend by a link": makes_a_link,
            "bring what one played elsewhere": lambda person: imports(person, export),
            "connect a music server": lambda person: connects(person, server),
            "go private": lambda person: goes_private(person, world.ada),
            "see what is used": sees_what_is_used,
        }
        person = visit()
        person.opens("/")
        walked = {}
        for to, way in ways.items():
            Feedback.objects.filter(user=world.ada).delete()
            person.opens("/")
            person.until(lambda: person.find(f"{FIRST} .like"), "recommendations")
            person.clicks = 0
            way(person)
            walked[to] = person.clicks
    assert walked == written()
    assert person.complaints() == []
