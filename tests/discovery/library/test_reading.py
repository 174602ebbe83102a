"""How a library is read: page by page, by albums where that is the way, again after a killed worker, and fast."""

import time

import pytest

from accounts.intake import deliberate
from discovery.library import reading, subsonic
from discovery.library.accounts import (
    MOST_ATTEMPTS,
    libraries_refresh,
    libraries_waiting,
    library_claim,
    library_refresh,
    server_of,
)
from discovery.library.reading import library_read
from discovery.library.subsonic import PAGE, Refused, SongTold, Subsonic, refusal, told_in
from discovery.platform.errors import Refusal
from discovery.platform.secrets import sealed
from graph.models import Artist, LibraryAccount, LibrarySong, Standing, Tagging, Track
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def told(number, **changed):
    values = {
        "id": f"s{number}", "title": f"Song {number}", "artist": f"Band {number % 200}", "artists": [], "album": f"Album {number // 10}",
        "mbid": "", "isrc": None, "duration": 200, "genre": f"genre {number % 20}", "moods": [], "bpm": None, "year": 1960 + number % 60, "cover": "c",
    }  # fmt: skip
    return SongTold(**{**values, **changed})


class Made(Subsonic):
    """A server that holds these songs; ``by_album``: and finds none where nothing is asked for."""

    songs_there, by_album, breaks_at, refuses = (), False, None, ""
    asked: tuple[int, ...] = ()

    def __init__(self, _server):
        pass

    def __exit__(self, *_):
        pass

    def songs(self, offset):
        type(self).asked = (*self.asked, offset)
        if self.refuses:
            raise refusal(self.refuses)
        if self.breaks_at == offset:
            raise KeyboardInterrupt  # the worker is killed
        return [] if self.by_album else list(self.songs_there[offset : offset + PAGE])

    def songs_by_album(self):
        for begin in range(0, len(self.songs_there), 10):
            yield list(self.songs_there[begin : begin + 10])


@pytest.fixture
def server(monkeypatch):
    class Server(Made):
        pass

    monkeypatch.setattr(reading, "Subsonic", Server)
    return Server


def library(user, **fields):
    with deliberate(user).write():
        secret = sealed(
            [user.pk, "http://music.example", "word", False], purpose="library secret", key=_key()
        )
        return LibraryAccount.objects.create(
            user=user,
            url="http://music.example",
            username=user.username,
            secret=secret,
            name="music",
            **fields,
        )


def _key():
    from django.conf import settings

    return settings.SIGNING_KEY


@pytest.fixture
def ada():
    return factories.sharer("ada")


def test_two_thousand_songs_in_seconds(ada, server):
    server.songs_there = [told(number) for number in range(2_000)]
    began = time.monotonic()
    account = library_read(account_id=library(ada).pk)
    assert time.monotonic() - began < 20
    assert (account.state, LibrarySong.objects.count(), Track.objects.count()) == ("READY", 2_000, 2_000)
    assert Artist.objects.count() == 200
    assert set(Track.objects.values_list("standing", flat=True)) == {Standing.LISTENERS}
    assert not Tagging.objects.exists(), "what one person's server says is no word of the catalog"


def test_read_again_nothing_is_new_and_rows_stay(ada, server):
    server.songs_there = [told(number) for number in range(7)]
    account = library_read(account_id=library(ada).pk)
    before = set(LibrarySong.objects.values_list("pk", flat=True))
    server.songs_there[3] = told(3, title="Other", genre="new")
    library_refresh(user=ada, library_id=account.pk)
    library_read(account_id=account.pk)
    assert set(LibrarySong.objects.values_list("pk", flat=True)) == before
    assert LibrarySong.objects.get(song="s3").track.title == "Other"
    assert libraries_refresh() == 1


def test_by_albums_where_nothing_is_found_without_words(ada, server):
    server.songs_there, server.by_album = [told(number) for number in range(35)], True
    account = library_read(account_id=library(ada).pk)
    assert (account.state, LibrarySong.objects.count()) == ("READY", 35)


@pytest.mark.parametrize(
    ("code", "state", "songs"), [("LIBRARY_FAILED", "READY", 5), ("LIBRARY_WRONG_PASSWORD", "FAILED", 0)]
)
def test_by_albums_where_the_server_cannot_search(ada, server, code, state, songs):
    server.songs_there, server.refuses = [told(number) for number in range(5)], code
    account = library_read(account_id=library(ada).pk)
    assert (account.state, LibrarySong.objects.count()) == (state, songs)


def test_after_a_killed_worker_it_goes_on_behind_what_was_stored(ada, server, settings):
    settings.TRAINING_LEASE_SECONDS = 0
    server.songs_there = [told(number) for number in range(PAGE + 3)]
    server.breaks_at = PAGE
    account = library(ada)
    with pytest.raises(KeyboardInterrupt):
        library_read(account_id=account.pk)
    assert LibrarySong.objects.count() == PAGE
    assert libraries_waiting() == [str(account.pk)]
    server.breaks_at, server.asked = None, ()
    library_read(account_id=account.pk)
    assert server.asked[0] == PAGE
    assert LibrarySong.objects.count() == PAGE + 3
    assert libraries_waiting() == []
    assert library_read(account_id=account.pk) is None


def test_one_that_kills_its_workers_ends(ada, settings):
    settings.TRAINING_LEASE_SECONDS = 0
    account = library(ada)
    for _ in range(MOST_ATTEMPTS):
        assert library_claim(account_id=account.pk) is not None
    assert library_claim(account_id=account.pk) is None
    account.refresh_from_db()
    assert (account.state, account.error) == ("FAILED", "GIVEN_UP")


def test_what_is_no_song_is_left_out(ada, server):
    server.songs_there = [
        told(0), told(1, title=None), told(2, artist=7), told(3, title="bad \x00"), told(4, duration="x"), told(5, artists=[None, {}]),
    ]  # fmt: skip
    library_read(account_id=library(ada).pk)
    assert set(LibrarySong.objects.values_list("song", flat=True)) == {"s0", "s4", "s5"}


def test_a_library_that_is_too_large_keeps_what_was_read(ada, server, monkeypatch):
    monkeypatch.setattr(reading, "MOST_SONGS", PAGE)
    server.songs_there = [told(number) for number in range(PAGE + 1)]
    account = library_read(account_id=library(ada).pk)
    assert (account.state, account.error, LibrarySong.objects.count()) == (
        "FAILED",
        "LIBRARY_TOO_LARGE",
        PAGE,
    )


def test_in_a_private_session_nothing_says_when(ada, server):
    from accounts.services.private_session import private_session_start

    private_session_start(user=ada)
    server.songs_there = [told(0)]
    account = library_read(account_id=library(ada).pk)
    assert (account.state, account.read_at) == ("READY", None)


def test_a_secret_is_of_one_row_alone(ada):
    account = library(ada)
    assert server_of(account).password == "word"
    other = library(factories.sharer("ben"))
    other.secret = account.secret
    account.url = "http://elsewhere.example"
    for row in (other, account):
        with pytest.raises(Refusal) as refused:
            server_of(row)
        assert refused.value.specific_code == "LIBRARY_WRONG_PASSWORD"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"subsonic-response": 3}', b"[" * 100_000, b"\xff"]
)
def test_what_is_no_answer_is_no_server(body):
    with pytest.raises(Refusal) as refused:
        told_in(body)
    assert refused.value.specific_code == "LIBRARY_NO_SERVER"


@pytest.mark.parametrize(
    ("number", "code"),
    [(0, "LIBRARY_FAILED"), (10, "LIBRARY_FAILED"), (20, "LIBRARY_INCOMPATIBLE"), (40, "LIBRARY_WRONG_PASSWORD"),
     (50, "LIBRARY_NOT_PERMITTED"), (60, "LIBRARY_FAILED"), (70, "LIBRARY_NOT_FOUND"), ("x", "LIBRARY_FAILED")],
)  # fmt: skip
def test_errors_of_the_protocol_have_codes(number, code):
    from discovery.library.subsonic import refusal_of

    with pytest.raises(Refused) as told_:
        told_in(
            f'{{"subsonic-response": {{"status": "failed", "error": {{"code": "{number}"}}}}}}'.encode()
            if number == "x"
            else f'{{"subsonic-response": {{"status": "failed", "error": {{"code": {number}}}}}}}'.encode()
        )
    assert refusal_of(told_.value).specific_code == code
    assert refusal(code).message


def test_what_else_a_server_says_of_a_song_is_kept_where_it_is_sound():
    said = {
        "id": "1",
        "title": "Harbor",
        "artist": "Ada Lark",
        "moods": ["Calm", "", 7, ["x"], "a" * 300],
        "bpm": 96,
    }
    told = subsonic._song(said, "1")
    assert (told.moods, told.bpm) == (["Calm", "7"], 96)
    for nonsense in (
        {"moods": "Calm", "bpm": "96"},
        {"moods": None, "bpm": 9_999},
        {"moods": {"a": 1}, "bpm": True},
    ):
        told = subsonic._song(said | nonsense, "1")
        assert (told.moods, told.bpm) == ([], None)
