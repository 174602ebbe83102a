import sys
from contextlib import contextmanager, suppress

import httpx
import pytest

from discovery.embedded.process import child_start, child_stop, last_lines
from tests.discovery.library.server import NAME, PASSWORD
from tests.discovery.library.sounds import Song, songs_write
from tests.discovery.realtime.conftest import answers, free_port
from tests.processes import wait_for

SONGS = [
    Song("Harbor", "Ada Lark", genre="Folk", year=1999, seconds=40, form="flac"),
    Song("Lantern", "Ada Lark", genre="Folk", year=1999),
    Song("Static & <Bloom>", "The Copper Engines", genre="Rock", year=2011),
]


class MusicServer:
    """A real one; ``stop`` and ``start`` are a restart at the same address."""

    name, password = NAME, PASSWORD

    def __init__(self, home):
        self.home, self.port, self.child = home, free_port(), None
        self.music = home / "music"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        command = [sys.executable, "-m", "tests.discovery.library.server", str(self.home), str(self.port)]
        self.child = child_start(command, log=self.home / "server.log")
        wait_for(lambda: answers(self.port), what=f"a music server:\n{last_lines(self.home / 'server.log')}")

    def stop(self):
        if self.child is not None:
            child_stop(self.child)
            self.child = None

    def scan(self):
        httpx.get(f"{self.url}/scan", timeout=30)

    def ask(self, method, **values):
        told = {"u": NAME, "p": PASSWORD, "c": "test", "v": "1.12.0", "f": "json", **values}
        return httpx.get(f"{self.url}/rest/{method}.view", params=told, timeout=30).json()[
            "subsonic-response"
        ]


@contextmanager
def serving(home, songs):
    """A music server with these songs."""
    pytest.importorskip("supysonic", reason="supysonic is not installed")
    songs_write(home / "music", songs)
    server = MusicServer(home)
    try:
        server.start()
        yield server
    finally:
        with suppress(ProcessLookupError):
            server.stop()


@pytest.fixture(scope="module")
def _music_server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("supysonic"), SONGS) as server:
        yield server


@pytest.fixture
def music_server(_music_server, settings):
    """A real music server on this machine, which the operator allows."""
    settings.LIBRARY_SERVERS = ["loopback"]
    if _music_server.child is None:
        _music_server.start()
    return _music_server
