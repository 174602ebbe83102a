"""The first ten minutes of somebody new, from ``make demo`` to a playlist at their own music server; each click is counted."""

import json
import quopri
import re
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from urllib.parse import urlsplit

import httpx
import pytest
from selenium.webdriver.common.keys import Keys

from tests.discovery.library.conftest import serving
from tests.discovery.library.sounds import Song
from tests.discovery.realtime.conftest import free_port
from tests.embedded.test_demo import demo, ended, read_until_ready  # noqa: F401  # a fixture
from tests.graph.formats.files import extended
from tests.processes import wait_for

pytestmark = [pytest.mark.worker, pytest.mark.timeout(900)]

MOST_CLICKS = 45
PASSWORD = "correct horse battery"
ITEMS = "edges { node { item { ... on Track { title artist { name } } } } }"
MUSIC = (
    f"{{ popular(kind: TRACK, first: 100) {{ {ITEMS} }} "
    f"viewer {{ discover(kind: TRACK, first: 100) {{ {ITEMS} }} }} }}"
)


@pytest.fixture
def running(tmp_path, ended):  # noqa: F811
    """The demo as a newcomer starts it: its address, its home, and what it printed."""
    port = free_port()
    process = demo(tmp_path / "home", port)
    ended.append(process)
    printed = read_until_ready(process)
    # Passkeys and cookies are for names; the demo prints its address with one.
    return f"http://localhost:{port}", tmp_path / "home", printed


@pytest.fixture
def songs(running):
    """What Ben of the sample community is recommended, and what is popular there: (title, artist)."""
    origin, _home, printed = running
    *_, token = re.findall(r"^token: (\S+)$", printed, re.MULTILINE)

    def told(query):
        answer = httpx.post(
            f"{origin}/graphql/",
            json={"query": query},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        return answer.raise_for_status().json()["data"]

    lists = told(MUSIC)
    edges = [*lists["viewer"]["discover"]["edges"], *lists["popular"]["edges"]]
    items = [edge["node"]["item"] for edge in edges]
    return list(dict.fromkeys((item["title"], item["artist"]["name"]) for item in items))


@pytest.fixture
def server(songs, tmp_path):
    """A music server of one's own, with these songs."""
    with serving(tmp_path / "supysonic", [Song(title, artist, seconds=4) for title, artist in songs]) as one:
        yield one


@pytest.fixture
def export(songs, tmp_path):
    """A Spotify export: the first twelve of these, sixty times in all."""
    begin = datetime.now(UTC) - timedelta(days=20)
    rows = [
        extended(
            ts=f"{begin + timedelta(hours=number):%Y-%m-%dT%H:%M:%SZ}", master_metadata_track_name=title,
            master_metadata_album_artist_name=artist, spotify_track_uri=f"spotify:track:{number % 12:022}", ms_played=50_000,
        )
        for number, (title, artist) in enumerate(islice(cycle(songs[:12]), 60))
    ]  # fmt: skip
    path = tmp_path / "Streaming_History_Audio_2026.json"
    path.write_text(json.dumps(rows))
    return path


def mailed(home, path):
    """Where the mail in the console points to."""

    def link():
        told = quopri.decodestring((home / "log" / "web.log").read_bytes()).decode(errors="replace")
        return re.findall(rf"https?://\S+{path}[^\s\"]*", told)

    return wait_for(link, seconds=20, what=f"a mail with {path}")[-1]


def fills(person, **fields):
    """The first field is pressed, the others are reached with the Tab key."""
    first, *others = fields
    person.types(f"#{first}", fields[first])
    for name in others:
        while person.browser.switch_to.active_element.get_attribute("id") != name:
            person.key(Keys.TAB)
        person.key(fields[name])


def looked_at(person, name):
    assert person.violations("light", "dark") == [], name
    person.looks(f"first-{name}", "light", "dark")


def goes_by(person, selector, heading):
    person.presses(selector)
    person.sees("h1", heading)


def test_from_nothing_to_a_playlist_at_ones_own_server(running, songs, server, export, opens_browser):
    origin, home, _printed = running
    nora, ben = opens_browser(origin), opens_browser(origin)

    signs_up(nora, home)
    for purpose in ("RECORD", "SELF", "SOCIAL_IN", "SOCIAL_OUT", "NAMED"):
        nora.presses(f"#allow-{purpose}")
        nora.until(lambda name=purpose: nora.find(f"#allow-{name}:checked:enabled"), purpose)
    looked_at(nora, "welcome")
    connects(nora, server, len(songs))
    imports(nora, export)
    hears_and_likes(nora)
    makes_a_radio(nora)
    befriends(nora, ben)
    saves_a_blend_and_sends_it(nora)

    (there,) = server.ask("getPlaylists")["playlists"]["playlist"]
    held = server.ask("getPlaylist", id=there["id"])["playlist"]["entry"]
    assert there["name"] == "Blend with Ben"
    assert {(song["title"], song["artist"]) for song in held} <= set(songs)
    assert len(held) == there["songCount"] >= 5
    print(f"{nora.clicks} clicks of Nora's, {ben.clicks} of Ben's")
    assert nora.clicks + ben.clicks <= MOST_CLICKS
    for person in (nora, ben):
        assert person.origins() == {origin}
        assert person.complaints() == []


def signs_up(nora, home):
    nora.browser.get(nora.origin)
    nora.submits("a[href*='/accounts/signup/']")
    fills(nora, id_email="nora@example.org", id_username="nora", id_password1=PASSWORD)
    looked_at(nora, "sign-up")
    nora.submits()
    nora.browser.get(mailed(home, "/accounts/confirm-email/"))
    nora.submits()
    nora.sees("#first-steps", "Three steps, and there is music here")
    goes_by(nora, "#first-steps .primary", "Welcome to Earshot")


def connects(nora, server, count):
    goes_by(nora, "main a[href$='/me/#players-title']", "Me")
    nora.until(lambda: nora.find("#profile-name:enabled"), "the page is there")
    fills(
        nora,
        **{"library-url": server.url, "library-username": server.name, "library-password": server.password},
    )
    nora.presses("#connect-library button")
    nora.sees("#libraries", f"{count} songs.")
    looked_at(nora, "me")


def imports(nora, export):
    goes_by(nora, "main a[href$='/imports/']", "Bring what you played elsewhere")
    nora.types("#file", str(export))
    nora.presses("#file-form button")
    nora.sees("#imports", "60 stored")
    looked_at(nora, "imports")


def hears_and_likes(nora):
    goes_by(nora, "#home-link", "Home")
    nora.until(lambda: nora.find("#recommendations .tune-card .play"), "recommendations to hear")
    covers = nora.find("#recommendations .cover")
    assert covers
    assert all(
        urlsplit(cover.get_attribute("src")).netloc == urlsplit(nora.origin).netloc for cover in covers
    )
    looked_at(nora, "home")
    cards = nora.texts("#recommendations .title")
    nora.presses("#recommendations .play")
    sound = "return document.getElementById('player-sound').currentTime"
    nora.until(lambda: nora.browser.execute_script(sound) > 0.5, "the song goes on")
    nora.presses("#recommendations .like")
    nora.sees("#status", "Noted: you like")
    assert nora.find("#recommendations .like[aria-pressed=true]")
    nora.presses("#undo")
    nora.sees("#status", "Undone.")
    assert not nora.find("#recommendations .like[aria-pressed=true]")
    assert nora.texts("#recommendations .title") == cards


def makes_a_radio(nora):
    nora.presses("#recommendations .open-more")
    nora.presses("#more a[href^='/radio/']")
    nora.sees("h1", "Radio")
    nora.until(lambda: nora.text("#radio-now"), "a song")
    looked_at(nora, "radio")


def befriends(nora, ben):
    goes_by(nora, "#together-link", "Together")
    looked_at(nora, "together")
    nora.submits("main a[href$='/invitations/']")
    nora.submits("#make")
    looked_at(nora, "invitations")
    ben.browser.get(nora.text("#link").strip())
    looked_at(ben, "invitation")
    ben.submits("main a[href*='/accounts/login/']")
    fills(ben, id_login="ben", id_password="earshot-demo")
    ben.submits()
    ben.submits("#accept")
    ben.sees("h1", "are friends")


def saves_a_blend_and_sends_it(nora):
    goes_by(nora, "#together-link", "Together")
    goes_by(nora, "main a[href$='/together/blend/']", "Blend")
    nora.presses("#blend-friends input")
    nora.presses("#blend-go")
    nora.until(lambda: nora.find("#blend-items .tune-card"), "a blend")
    looked_at(nora, "blend")
    nora.presses("#blend-save")
    nora.sees("#status", "is among your playlists")
    goes_by(nora, "#music-link", "My music")
    goes_by(nora, "main a[href$='/music/playlists/']", "Playlists")
    nora.presses("#playlists a")
    nora.sees("h1", "Blend with Ben")
    nora.presses("#playlist-acts .send")
    nora.sees("#status", "has this playlist now.")
    looked_at(nora, "playlist")
