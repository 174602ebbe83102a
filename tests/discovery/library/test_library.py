"""A listener connects a real music server: it is read, heard, seen by them alone, and given playlists."""

import json
import logging
import zipfile

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from discovery.library import tries
from discovery.library.reading import library_read
from discovery.models import DataExport
from discovery.platform.graphql.node import global_id, node_id
from discovery.privacy.export import data_export_build
from graph.models import LibraryAccount, LibrarySong, Listen, Naming, Playlist, PlaylistEntry, Track
from graph.services.standing import catalog_sweep
from tests import factories
from tests.api.client import App
from tests.discovery.library.sounds import Song, songs_write

pytestmark = pytest.mark.django_db

CONNECT = """mutation($url: String!, $username: String!, $password: String!, $key: String) {
  connectLibrary(url: $url, username: $username, password: $password, idempotencyKey: $key) {
    ... on Library { id name state } ... on OperationInfo { messages { code message field } } } }"""
LIBRARIES = "{ viewer { libraries { id name url username state songs error message readAt } } }"
SEARCH = """query($text: String!) { search(text: $text) { edges { node {
  ... on Track { id title cover durationMs artist { name cover } play { kind url cover library } } ... on Artist { name } } } } }"""


def connected(app, server, **changed):
    told = {"url": server.url, "username": server.name, "password": server.password, **changed}
    return app.data(CONNECT, **told)["connectLibrary"]


def read(answer):
    library_read(account_id=node_id(answer["id"], "Library", field="id"))


def found(app, text):
    nodes = [edge["node"] for edge in app.data(SEARCH, text=text)["search"]["edges"]]
    return [node for node in nodes if "title" in node]


@pytest.fixture
def ada():
    return factories.sharer("ada")


@pytest.fixture
def app(ada, music_server):
    """Ada's, with the library connected and read."""
    app = App(ada)
    read(connected(app, music_server))
    return app


def body(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_it_is_connected_read_and_shown_to_its_owner(app, ada, music_server):
    (library,) = app.data(LIBRARIES)["viewer"]["libraries"]
    assert (library["state"], library["songs"], library["error"]) == ("READY", 3, None)
    assert library["name"] == f"127.0.0.1:{music_server.port}"
    assert library["readAt"]
    (track,) = found(app, "harbor")
    assert (track["title"], track["artist"]["name"], track["durationMs"]) == ("Harbor", "Ada Lark", 40_000)
    (link,) = track["play"]
    assert (link["kind"], link["library"]) == ("STREAM", library["name"])
    assert link["url"].startswith("/library/stream/")
    assert track["cover"] == link["cover"]
    assert not Listen.reports.exists(), "that somebody has a song is no play"
    song = LibrarySong.objects.get(track__title="Harbor")
    assert (song.genre, song.year, song.user_id) == ("Folk", 1999, ada.pk)


def test_connected_again_it_is_the_same_and_once_with_one_key(ada, music_server):
    app = App(ada)
    first = connected(app, music_server, key="k")
    assert connected(app, music_server, key="k", password="other") == first
    assert connected(app, music_server)["id"] == first["id"]
    assert LibraryAccount.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"password": "wrong"}, "LIBRARY_WRONG_PASSWORD"),
        ({"username": "nobody"}, "LIBRARY_WRONG_PASSWORD"),
        ({"url": "http://127.0.0.1:1"}, "LIBRARY_UNREACHABLE"),
        ({"url": "ftp://127.0.0.1"}, "INVALID_URL"),
        ({"url": "http://user:word@127.0.0.1"}, "INVALID_URL"),
        ({"password": ""}, "INVALID"),
    ],
)
def test_what_is_refused_has_a_code_and_leaves_nothing(ada, music_server, changed, code, caplog):
    caplog.set_level(logging.DEBUG)
    answer = connected(App(ada), music_server, **changed)
    (message,) = answer["messages"]
    assert message["code"] == code
    assert not LibraryAccount.objects.exists()
    assert "p=enc" not in caplog.text + message["message"]


class TestTries:
    def codes(self, app, server, times, **changed):
        answers = [connected(app, server, **changed) for _ in range(times)]
        return [answer["messages"][0]["code"] if "messages" in answer else "ok" for answer in answers]

    def test_of_one_person_are_so_many_right_or_wrong(self, ada, music_server):
        app = App(ada)
        assert self.codes(app, music_server, 1) == ["ok"]
        assert set(self.codes(app, music_server, 9, password="wrong")) == {"LIBRARY_WRONG_PASSWORD"}
        assert self.codes(app, music_server, 1) == ["LIMIT_EXCEEDED"]
        assert self.codes(App(factories.sharer("ben")), music_server, 1) == ["ok"], "nobody else is kept out"

    def test_for_one_account_are_so_many_wrong_ones_whoever_makes_them(self, music_server, monkeypatch):
        monkeypatch.setattr(tries, "ACCOUNT", "2/1h/key")
        ada, ben = App(factories.sharer("ada")), App(factories.sharer("ben"))
        assert self.codes(ada, music_server, 3) == ["ok"] * 3
        assert self.codes(ada, music_server, 1, password="wrong") == ["LIBRARY_WRONG_PASSWORD"]
        assert self.codes(ben, music_server, 2, password="wrong", url=f"{music_server.url}/rest/") == [
            "LIBRARY_WRONG_PASSWORD",
            "LIMIT_EXCEEDED",
        ]
        assert self.codes(ben, music_server, 1, username="other") == ["LIBRARY_WRONG_PASSWORD"]

    def test_what_is_no_address_is_none(self, ada, music_server):
        assert set(self.codes(App(ada), music_server, 11, url="ftp://127.0.0.1")) == {"INVALID_URL"}


def test_no_password_stands_in_a_row_an_answer_or_a_log(app, music_server, caplog):
    caplog.set_level(logging.DEBUG)
    secret = music_server.password
    hexed = secret.encode().hex()
    (track,) = found(app, "harbor")
    body(app.client.get(track["play"][0]["url"], headers=app.headers))
    rows = [str(value) for row in LibraryAccount.objects.values() for value in row.values()]
    told = "".join([*rows, str(app.data(LIBRARIES)), str(track), caplog.text])
    assert secret not in told
    assert hexed not in told
    assert LibraryAccount.objects.get().secret not in str(app.data(LIBRARIES))


def test_an_export_holds_the_songs_and_no_password(app, ada, music_server, settings, tmp_path):
    settings.EXPORT_DIR = tmp_path
    export = data_export_build(export_id=str(DataExport.objects.create(user=ada).pk))
    with zipfile.ZipFile(export.path) as file:
        files = {name: file.read(name).decode() for name in file.namelist()}
    songs = [json.loads(line) for line in files["library_songs.jsonl"].splitlines()]
    assert {song["title"] for song in songs} == {"Harbor", "Lantern", "Static & <Bloom>"}
    (library,) = map(json.loads, files["libraries.jsonl"].splitlines())
    assert (library["url"], library["username"]) == (music_server.url, music_server.name)
    told = "".join(files.values())
    assert LibraryAccount.objects.get().secret not in told
    assert music_server.password not in told


def test_it_is_heard_whole_and_in_parts(app, music_server):
    (track,) = found(app, "harbor")
    url = track["play"][0]["url"]
    whole = app.client.get(url, headers=app.headers)
    sound = body(whole)
    file = next(music_server.music.rglob("00000.flac")).read_bytes()
    assert (whole.status_code, whole["Content-Type"], sound) == (200, "audio/flac", file)
    assert whole["X-Content-Type-Options"] == "nosniff"
    assert whole["Cache-Control"].startswith("private")
    part = app.client.get(url, headers=app.headers | {"Range": "bytes=100-199"})
    assert (part.status_code, body(part)) == (206, file[100:200])
    assert part["Content-Range"] == f"bytes 100-199/{len(file)}"
    beyond = app.client.get(url, headers=app.headers | {"Range": f"bytes={len(file) + 9}-"})
    assert beyond.status_code in {416, 502}
    assert not Listen.reports.exists()


def test_a_picture_of_the_librarys_own_or_drawn(app):
    (track,) = found(app, "static")
    picture = app.client.get(track["cover"], headers=app.headers)
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/png")
    assert body(picture).startswith(b"\x89PNG")
    other = factories.track("<script>alert(1)</script>", by=factories.artist("<b> & <i>"))
    answer = App().data(SEARCH, text="alert")["search"]["edges"][0]["node"]
    assert answer["play"] == []
    drawn = Client().get(answer["cover"])
    assert (drawn.status_code, drawn["Content-Type"]) == (200, "image/svg+xml")
    assert b"script" not in drawn.content
    assert drawn["Content-Security-Policy"].startswith("default-src 'none'")
    assert Client().get("/covers/nonsense.svg").status_code == 404
    assert other.title not in answer["cover"]


def test_another_person_sees_and_hears_nothing(app, music_server):
    (track,) = found(app, "harbor")
    friend = factories.sharer("ben")
    factories.befriended(friend, LibraryAccount.objects.get().user)
    ben = App(friend)
    assert found(ben, "harbor") == []
    assert found(App(), "harbor") == []
    assert ben.data("query($id: ID!) { node(id: $id) { id } }", id=track["id"])["node"] is None
    assert ben.data(LIBRARIES)["viewer"]["libraries"] == []
    for stranger in (ben, App()):
        for url in (track["play"][0]["url"], track["cover"]):
            assert stranger.client.get(url, headers=stranger.headers).status_code == 404
    read(connected(ben, music_server))  # with an account of his own, the same music
    (his,) = found(ben, "harbor")
    assert his["id"] == track["id"]
    assert his["play"][0]["url"] != track["play"][0]["url"]


def test_whose_device_ended_hears_nothing_more(ada, music_server):
    ada.set_password("fair winds 7")
    ada.save()
    app = App(ada)
    read(connected(app, music_server))
    (track,) = found(app, "lantern")
    browser = Client()
    assert browser.login(username="ada", password="fair winds 7")
    assert browser.get(track["play"][0]["url"]).status_code == 200
    browser.logout()
    assert browser.get(track["play"][0]["url"]).status_code == 404
    assert app.client.get(track["play"][0]["url"], headers={"Authorization": "Bearer x"}).status_code == 401


def test_a_server_that_is_down_is_said_to_be(app, music_server):
    (track,) = found(app, "lantern")
    (library,) = app.data(LIBRARIES)["viewer"]["libraries"]
    music_server.stop()
    answer = app.client.get(track["play"][0]["url"], headers=app.headers)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (
        502,
        "LIBRARY_UNREACHABLE",
    )
    app.data("mutation($id: ID!) { refreshLibrary(id: $id) { ... on Library { state } } }", id=library["id"])
    read(library)
    (library,) = app.data(LIBRARIES)["viewer"]["libraries"]
    assert (library["state"], library["error"], library["songs"]) == ("FAILED", "LIBRARY_UNREACHABLE", 3)
    assert library["message"] == "The music server does not answer."


def test_a_song_that_goes_there_goes_here_and_what_nobody_else_has_with_it(app, music_server):
    songs_write(music_server.music, [Song("Passing", "Only Here")])
    path = next((music_server.music / "Only Here").rglob("*.wav"))
    music_server.scan()
    (library,) = app.data(LIBRARIES)["viewer"]["libraries"]
    refresh = "mutation($id: ID!) { refreshLibrary(id: $id) { ... on Library { state } } }"
    app.data(refresh, id=library["id"])
    read(library)
    assert len(found(app, "passing")) == 1
    path.unlink()
    music_server.scan()
    app.data(refresh, id=library["id"])
    read(library)
    assert found(app, "passing") == []
    catalog_sweep()
    assert not Track.objects.filter(title="Passing").exists()
    assert not Naming.objects.filter(title="Passing").exists()
    assert len(found(app, "harbor")) == 1


def test_disconnected_it_is_forgotten(app):
    (library,) = app.data(LIBRARIES)["viewer"]["libraries"]
    (track,) = found(app, "harbor")
    forget = """mutation($id: ID!) { disconnectLibrary(id: $id) {
      ... on DisconnectedLibrary { libraryId } ... on OperationInfo { messages { code } } } }"""
    stranger = App(factories.sharer("ben")).data(forget, id=library["id"])
    assert stranger["disconnectLibrary"]["messages"][0]["code"] == "NOT_FOUND"
    app.data(forget, id=library["id"])
    assert found(app, "harbor") == []
    assert app.client.get(track["play"][0]["url"], headers=app.headers).status_code == 404
    catalog_sweep()
    assert not Track.objects.exists()


def test_a_playlist_is_handed_over_and_made_anew(app, ada, music_server):
    (library,) = app.data(LIBRARIES)["viewer"]["libraries"]
    playlist = Playlist.objects.create(owner=ada, title="Evening ☾")
    held = [Track.objects.get(title=title) for title in ("Lantern", "Harbor")]
    for position, track in enumerate([*held, factories.track("Elsewhere")]):
        PlaylistEntry.objects.create(playlist=playlist, track=track, position=position, added_by=ada)
    send = """mutation($playlistId: ID!, $libraryId: ID!, $key: String) {
      sendPlaylist(playlistId: $playlistId, libraryId: $libraryId, idempotencyKey: $key) {
      ... on SentPlaylist { sent missing } ... on OperationInfo { messages { code } } } }"""
    ids = {
        "playlistId": app.data("{ viewer { playlists { edges { node { id cover } } } } }")["viewer"][
            "playlists"
        ]["edges"][0]["node"]["id"]
    }
    assert app.data(send, **ids, libraryId=library["id"])["sendPlaylist"] == {"sent": 2, "missing": 1}
    (there,) = music_server.ask("getPlaylists")["playlists"]["playlist"]
    entries = music_server.ask("getPlaylist", id=there["id"])["playlist"]["entry"]
    assert (there["name"], [entry["title"] for entry in entries]) == ("Evening ☾", ["Lantern", "Harbor"])
    PlaylistEntry.objects.filter(playlist=playlist, track=held[0]).delete()
    assert app.data(send, **ids, libraryId=library["id"])["sendPlaylist"] == {"sent": 1, "missing": 1}
    (there,) = music_server.ask("getPlaylists")["playlists"]["playlist"]
    assert there["songCount"] == 1
    once = app.data(send, **ids, libraryId=library["id"], key="k")["sendPlaylist"]
    music_server.ask("deletePlaylist", id=there["id"])
    assert app.data(send, **ids, libraryId=library["id"], key="k")["sendPlaylist"] == once
    assert not music_server.ask("getPlaylists")["playlists"].get("playlist"), "a repeated call does nothing"
    stranger = App(factories.sharer("ben")).data(send, **ids, libraryId=library["id"])["sendPlaylist"]
    assert stranger["messages"][0]["code"] == "NOT_FOUND"


def test_where_many_tracks_are_played_is_asked_once(app, ada):
    playlists = {}
    for number in (1, 3):
        playlists[number] = Playlist.objects.create(owner=ada, title=f"{number}")
        for position, track in enumerate(Track.objects.order_by("pk")[:number]):
            PlaylistEntry.objects.create(
                playlist=playlists[number], track=track, position=position, added_by=ada
            )
    query = """query($id: ID!) { node(id: $id) { ... on Playlist { cover entries { edges { node { position track {
      cover play { url } artist { cover } } } } } } } }"""

    def queries(playlist):
        with CaptureQueriesContext(connection) as captured:
            node = app.data(query, id=global_id("Playlist", playlist.pk))["node"]
        return [len(edge["node"]["track"]["play"]) for edge in node["entries"]["edges"]], len(captured)

    queries(playlists[1])  # what is remembered of the library is read
    one, few = queries(playlists[1])
    three, many = queries(playlists[3])
    assert (one, three) == ([1], [1, 1, 1])
    assert many == few


def test_with_its_person_a_library_goes_and_what_it_brought(app, ada):
    ben = factories.sharer("ben")
    factories.listens(ben, Track.objects.get(title="Lantern"))
    ada.delete()
    catalog_sweep()
    assert not LibraryAccount.objects.exists()
    assert not LibrarySong.objects.exists()
    assert set(Track.objects.values_list("title", flat=True)) == {"Lantern"}
