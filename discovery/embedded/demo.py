"""The whole product on one machine: ``python -m discovery.embedded.demo`` (``make demo``).

Embedded Redis, migrations, a community (the sample, or a HetRec-2011-shaped folder), training, then
web and worker, with the clock in it, until Ctrl-C. What dies is started again. Running it again finds
what is there and is quick. Nothing of Django is loaded here: this process waits beside what it started.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from discovery.embedded.redis import RedisServer
from discovery.embedded.supervisor import Stopped, Supervisor, stopping_signals
from discovery.platform.errors import ServiceFailed
from discovery.platform.home import BASE_DIR, home_dir
from discovery.platform.private_files import private_umask
from discovery.platform.redis import redis_socket
from discovery.platform.server_bounds import SERVER_BOUNDS
from discovery.platform.tether import tie_to_parent

HOST = "127.0.0.1"
WEB_SECONDS = 60.0
# glibc keeps an arena for each thread and gives little of them back; two are enough for processes that mostly wait.
SMALL = {"MALLOC_ARENA_MAX": "2"}


def main(argv: Sequence[str]) -> int:
    """Exit status: 0 when ended by Ctrl-C or SIGTERM, 1 when something failed, 2 for a wrong argument."""
    arguments = _arguments(argv)
    private_umask()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "discovery.settings")
    os.environ.setdefault("SIGN_UP", "open")
    os.environ.setdefault("ACCOUNT_DAYS_UNTIL_COUNTED", "0")  # all of the sample joined this minute
    os.environ.setdefault("SITE_URL", f"http://localhost:{arguments.port}")
    os.environ.setdefault("LIBRARY_SERVERS", "public,loopback")  # a music server beside it
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a script may read us
    os.chdir(BASE_DIR)
    if arguments.with_parent:
        tie_to_parent(signal.SIGTERM)
    try:
        _check(arguments)
        with (
            stopping_signals(),
            _only_one(home_dir()),
            Supervisor(home_dir() / "log") as supervisor,
        ):
            if "REDIS_URL" not in os.environ:
                supervisor.serve(RedisServer(redis_socket(home_dir()), log=home_dir() / "log" / "redis.log"))
            _run(supervisor, arguments)
    except Stopped as stopped:
        print(f"\n{stopped}: everything has ended.")
    except ServiceFailed as error:
        print(f"\n{error.message}", file=sys.stderr)
        return 1
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description="Earshot with everything it needs.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--data", type=Path, help="a HetRec-2011-shaped folder instead of the sample")
    parser.add_argument("--with-parent", action="store_true", help="end when the parent process ends")
    arguments = parser.parse_args(argv)
    if not 0 < arguments.port < 65536:
        parser.error(f"{arguments.port} is not a port")
    if arguments.data is not None and not arguments.data.is_dir():
        parser.error(f"{arguments.data} is not a folder")
    arguments.data = arguments.data.resolve() if arguments.data else None
    return arguments


def _check(arguments: argparse.Namespace) -> None:
    """Before the long steps: is the port free?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, arguments.port))
        except OSError as error:
            message = (
                f"Port {arguments.port} is taken ({error.strerror}). Choose another: make demo PORT=8001"
            )
            raise ServiceFailed(message) from error


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ServiceFailed(f"A demo is running in {home} already.") from error
        yield


def _run(supervisor: Supervisor, arguments: argparse.Namespace) -> None:
    for name, command in _steps(arguments.data):
        print(f"── {name}")
        supervisor.run(name, _manage(*command))
    url = f"http://localhost:{arguments.port}"
    print("── starting web and worker")
    for name, command in _members(arguments.port).items():
        supervisor.start(name, command, environment=SMALL)
    _wait_for_web(supervisor, arguments.port)
    imported = ["--imported"] if arguments.data else []
    supervisor.run("welcome", _manage("demo_welcome", "--url", url, "--skip-checks", *imported))
    print(f"Logs are in {home_dir() / 'log'}. Ctrl-C ends everything.")
    supervisor.wait()


def _steps(data: Path | None) -> list[tuple[str, list[str]]]:
    if data is None:
        community = ("sample community", ["create_sample_community"])
    else:
        community = (f"import of {data}", ["import_lastfm", str(data), "--assume-consent"])
    # What the checks have to say is said once, by the first.
    return [
        ("migrations", ["migrate", "--verbosity", "0"]),
        (community[0], [*community[1], "--skip-checks"]),
        ("training", ["train_recommender", "--if-needed", "--skip-checks"]),
    ]


def _members(port: int) -> dict[str, list[str]]:
    python = [sys.executable, "-m"]
    worker = ["celery", "-A", "tasks", "--skip-checks", "worker", "--concurrency", "1", "--loglevel", "INFO"]
    return {
        "web": [
            *python,
            "uvicorn",
            "discovery.asgi:application",
            "--host",
            HOST,
            "--port",
            str(port),
            *SERVER_BOUNDS,
        ],
        # There is one worker, so the clock may be in it.
        "worker": [*python, *worker, "--beat", "--schedule", str(home_dir() / "clock")],
    }


def _manage(*command: str) -> list[str]:
    return [sys.executable, "-u", "manage.py", *command]


def _wait_for_web(supervisor: Supervisor, port: int) -> None:
    until = time.monotonic() + WEB_SECONDS
    while time.monotonic() < until:
        supervisor.check()
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/livez", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise ServiceFailed(f"The web process did not answer within {WEB_SECONDS:.0f} s.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
