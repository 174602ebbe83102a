"""A playlist as a file: for whoever may see it now, and read again as it was."""

import pytest

from accounts.models import DeviceScope
from accounts.services.token import token_create
from discovery.platform.graphql.node import global_id
from discovery.protocols import references
from graph.models import Playlist, PlaylistCollaborator, PlaylistEntry
from tests import factories
from tests.graph.formats.files import whats

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return factories.sharer("ada")


@pytest.fixture
def path(ada):
    playlist = Playlist.objects.create(owner=ada, title="Mine & <yours>")
    for position, title in enumerate(["Quiet Rivers", "Tide", "Quiet Rivers"]):
        track = factories.track(title, by=factories.artist("Nerloo Choir"), album="A & B", isrc="")
        PlaylistEntry.objects.create(playlist=playlist, track=track, position=position)
    return f"/playlists/{global_id('Playlist', playlist.pk)}"


@pytest.mark.parametrize("form", ["jspf", "xspf"])
def test_it_is_read_again_as_it_was(ada, path, client, tmp_path, form):
    client.force_login(ada)
    answer = client.get(f"{path}.{form}")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    (listed,) = whats(tmp_path / "x", answer.content)
    assert (listed.title, len(listed.tracks)) == ("Mine & <yours>", 3)
    assert {(track.artist, track.album, track.duration_ms) for track in listed.tracks} == {
        ("Nerloo Choir", "A & B", 200_000)
    }
    assert [track.title for track in listed.tracks] == ["Quiet Rivers", "Tide", "Quiet Rivers"]


def test_a_friend_it_is_shared_with_has_it_and_nobody_else(ada, path, client):
    ben, stranger = factories.sharer("ben"), factories.sharer("zoe")
    factories.befriended(ada, ben)
    assert client.get(f"{path}.jspf").status_code == 401
    client.force_login(stranger)
    hidden = client.get(f"{path}.jspf")
    absent = client.get(f"/playlists/{global_id('Playlist', 4711)}.jspf")
    other = client.get(f"/playlists/{global_id('Track', 1)}.jspf")
    assert (
        (hidden.status_code, hidden.content)
        == (absent.status_code, absent.content)
        == (other.status_code, other.content)
    )
    assert hidden.status_code == 404
    client.force_login(ben)
    assert client.get(f"{path}.jspf").status_code == 404
    PlaylistCollaborator.objects.create(playlist=Playlist.objects.get(), user=ben, role="VIEWER")
    assert b"Quiet Rivers" in client.get(f"{path}.jspf").content


def test_what_a_player_knows_it_by_leads_to_its_page(ada, path, client):
    word = references.reference(references.PLAYLIST, Playlist.objects.get().pk)
    assert client.get(f"/playlist/{word}")["Location"] == f"/accounts/login/?next=/playlist/{word}"
    client.force_login(ada)
    assert client.get(f"/playlist/{word}/")["Location"] == f"/music{path}/"
    mine, other = (references.reference(references.MIX, key) for key in (ada.pk, ada.pk + 1))
    assert client.get(f"/playlist/{mine}")["Location"] == "/music/mix/"
    for nowhere in (other, "nonsense"):
        assert client.get(f"/playlist/{nowhere}").status_code == 404


def test_a_token_needs_the_scope(ada, path, client):
    for scope, status in ((DeviceScope.PLAYS_READ, 403), (DeviceScope.PLAYLISTS, 200)):
        _device, secret = token_create(user=ada, name="app", scopes=[scope])
        assert client.get(f"{path}.xspf", headers={"Authorization": f"Bearer {secret}"}).status_code == status
