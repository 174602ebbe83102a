"""What a music server may send through: sound, and pictures that can do nothing; however long, a piece at a time."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from accounts.services.token import token_issue
from discovery.library import views
from graph.libraries import song_word
from graph.models import LibrarySong
from tests import factories
from tests.discovery.library.test_reading import library, told

pytestmark = pytest.mark.django_db

LONG = 40 << 20


@pytest.fixture
def liar(settings):
    """A server that sends what ``liar.sends`` says, whatever it is asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            kind, body, status, more = self.server.sends
            self.send_response(status)
            self.send_header("Content-Type", kind)
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()
            for piece in body:
                try:
                    self.wfile.write(piece)
                except OSError:  # nobody wants more
                    return
                self.server.sent += len(piece)

        def log_message(self, *_):
            pass

    settings.LIBRARY_SERVERS = ["loopback"]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.sent = 0
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def ask(liar, monkeypatch):
    """What a signed-in owner is answered, and what came of the body."""
    from discovery.library import accounts
    from discovery.library.reading import _words
    from graph.ingest.catalog import namings_get_or_create

    ada = factories.sharer("ada")
    account = library(ada)
    server = accounts.Server(f"http://127.0.0.1:{liar.server_port}", "ada", "word")
    monkeypatch.setattr(views, "server_of", lambda _account: server)
    words = _words(told(1))
    naming = namings_get_or_create([words])[words.digest]
    song = LibrarySong.objects.create(
        account=account, user=ada, naming=naming, track_id=naming.track_id, song="1", cover="c"
    )
    word = song_word(ada, song.pk)
    token = token_issue(user=ada)

    def ask(place, sends, *, read=None):
        liar.sends = sends

        async def asked():
            answer = await AsyncClient().get(
                f"/library/{place}/{word}", headers={"authorization": f"Bearer {token}"}
            )
            body = b""
            if answer.streaming:
                async for piece in answer.streaming_content:
                    body += piece[:1000]  # of each, so that the test itself holds little
                    if read is not None and len(body) >= read:
                        break
            answer.close()
            return answer, body

        return async_to_sync(asked)()

    return ask


def sends(kind, *body, status=200, **more):
    return kind, body, status, more


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("stream", "text/html"), ("stream", "image/svg+xml"), ("stream", "application/javascript"), ("stream", "video/mp4"),
        ("cover", "text/html"), ("cover", "image/svg+xml"), ("cover", "audio/mpeg"), ("cover", ""),
    ],
)  # fmt: skip
def test_nothing_but_sound_and_plain_pictures_gets_through(ask, place, kind):
    answer, _body = ask(place, sends(kind, b"<script>alert(1)</script>"))
    assert answer.status_code == 502
    assert answer.json()["errors"][0]["extensions"]["code"] == "LIBRARY_NO_SERVER"
    assert b"script" not in answer.content


def test_no_other_header_of_the_server_gets_through(ask):
    more = {
        "Set-Cookie": "sessionid=x",
        "Access-Control-Allow-Origin": "*",
        "Location": "http://elsewhere",
        "X-Other": "y",
    }
    answer, body = ask("stream", sends("audio/mpeg", b"sound", **more))
    assert (answer.status_code, body) == (200, b"sound")
    assert not answer.cookies
    assert {"Access-Control-Allow-Origin", "Location", "X-Other"}.isdisjoint(answer.headers)
    assert answer["Cache-Control"] == "private, no-store"


def test_a_redirect_is_not_followed(ask):
    answer, _body = ask("stream", sends("audio/mpeg", status=302, Location="http://127.0.0.1:1/inside"))
    assert answer.status_code == 502


def test_an_error_of_the_protocol_is_told_by_its_code(ask):
    body = b'{"subsonic-response": {"status": "failed", "error": {"code": 70, "message": "secret words"}}}'
    answer, _body = ask("stream", sends("application/json", body))
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (
        404,
        "LIBRARY_NOT_FOUND",
    )
    assert b"secret words" not in answer.content


def test_a_long_sound_is_read_as_it_is_wanted(ask, liar):
    piece = bytes(1 << 20)
    answer, body = ask("stream", sends("audio/flac", *[piece] * (LONG >> 20)), read=3_000)
    assert answer.status_code == 200
    assert len(body) >= 3_000
    asyncio.run(asyncio.sleep(0.2))
    assert liar.sent < LONG // 2, "nobody heard it, so nobody asked for it"


def test_a_picture_has_an_end(ask, monkeypatch):
    monkeypatch.setattr(views, "LARGEST_PICTURE", 100_000)
    _answer, body = ask("cover", sends("image/png", *[bytes(10_000)] * 50))
    assert len(body) < 50_000
