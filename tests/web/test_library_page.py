"""A music server at a real browser: connected, read, given a playlist, let go."""

import pytest

from graph.models import LibraryAccount
from tests.discovery.library.conftest import serving
from tests.discovery.library.sounds import Song

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

SONGS = [Song("Quiet Rivers", "Nerloo Choir"), Song("Northern Stairs", "Nerloo Choir")]


@pytest.fixture
def server(tmp_path):
    with serving(tmp_path / "supysonic", SONGS) as running:
        yield running


def connects(person, server, password):
    person.types("#library-url", server.url)
    person.types("#library-username", server.name)
    person.types("#library-password", password)
    person.presses("#connect-library button")


def test_a_server_is_connected_read_given_a_playlist_and_let_go(world, visit, server):
    person = visit()
    person.opens("/me/")
    person.sees("#libraries", "None yet.")
    connects(person, server, "wrong")
    person.sees("#status", "does not know this name with this password")
    person.browser.refresh()
    connects(person, server, server.password)
    person.sees("#status", "is connected.")
    person.sees("#libraries", "2 songs.")
    assert person.violations("light", "dark") == []
    person.looks("libraries")

    person.opens("/music/playlists/")
    person.types("#playlist-title", "Stairs and rivers")
    person.presses("#make-playlist button")
    person.presses("#playlists a")
    person.types("#add-text", "Quiet")
    person.presses("#add-hits li button:not(.play)")
    person.sees("#entries", "Quiet Rivers")
    assert person.find("#entries .play")
    person.presses("#playlist-acts .send")
    person.sees("#status", "has this playlist now.")
    (there,) = server.ask("getPlaylists")["playlists"]["playlist"]
    assert (there["name"], there["songCount"]) == ("Stairs and rivers", 1)

    person.opens("/me/")
    person.presses('#libraries button[aria-label*="Disconnect"]')
    person.sees("#libraries", "None yet.")
    assert not LibraryAccount.objects.exists()
    assert person.complaints() == []
