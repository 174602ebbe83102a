"""An installation of real processes that a test may maim: the web process as systemd starts it, workers, the clock."""

import json
import os
import shlex
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from django.db import connection

from accounts.services.token import token_issue
from discovery.embedded.process import child_start, child_stop, last_lines
from tests.processes import tree_of, wait_for

ROOT = Path(__file__).parents[2]
APP = "from tasks.celery import app"
QUICK = 3.0  # seconds in which whoever asks is told something, whatever is away
DISCOVER = "{ viewer { discover(first: 5) { degraded edges { node { __typename } } } } }"
ACTIVITY = "{ viewer { activity(first: 50) { edges { node { __typename } } } } }"
CONSENT = """mutation ($purpose: Purpose!, $granted: Boolean!) {
  setConsent(purpose: $purpose, granted: $granted) { __typename ... on OperationInfo { messages { code } } } }"""
PLAYS = """mutation ($input: [ListenInput!]!) {
  recordListens(input: $input) { __typename ... on RecordedListens { stored duplicates refusals { code } } } }"""


@dataclass
class Answer:
    status: int
    body: dict[str, Any]
    headers: httpx.Headers
    seconds: float

    @property
    def codes(self):
        return {error["extensions"]["code"] for error in self.body.get("errors") or []}

    @property
    def data(self):
        assert (self.status, self.codes) == (200, set()), self
        return self.body["data"]

    @property
    def typename(self):
        """Of the one thing that a mutation answers."""
        (told,) = self.data.values()
        return told["__typename"]


def answer_of(response, begun):
    told = response.headers.get("content-type", "").startswith("application/")
    return Answer(
        response.status_code,
        json.loads(response.content) if told else {},
        response.headers,
        time.monotonic() - begun,
    )


@dataclass
class Installation:
    """``environment`` is every process's; ``children`` by name."""

    home: Path
    environment: dict[str, str]
    children: dict[str, Any] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    _tokens: dict[int, str] = field(default_factory=dict)

    # -- processes

    def web(self, name="web", *, prefix=(), **environment):
        """The command of the unit file, on a port of its own; returns when it answers."""
        unit = (ROOT / "deploy/systemd/earshot-web.service").read_text()
        (line,) = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
        _program, *arguments = shlex.split(line)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        arguments[arguments.index("--port") + 1] = str(port)
        self.ports[name] = port
        self._start(name, [*prefix, sys.executable, "-m", "uvicorn", *arguments], environment)
        wait_for(lambda: self._livez(name), seconds=60, what="the web process")
        return self

    def worker(self, name="worker", *, clock=True, prefix=(), arguments=(), program=APP, **environment):
        """With one pool process; ``program`` makes the application, for settings that no variable has."""
        words = [
            "worker",
            "--concurrency",
            "1",
            "--loglevel",
            "INFO",
            "--hostname",
            f"{name}@faults",
            *arguments,
        ]
        if clock:
            words += ["--beat", "--schedule", str(self.home / "clock")]
        self._start(name, [*prefix, sys.executable, "-c", f"{program}\napp.start({words!r})"], environment)
        return self

    def clock(self, *, prefix=(), **environment):
        command = [*prefix, sys.executable, "-m", "celery", "-A", "tasks", "beat", "--pidfile="]
        self._start("beat", [*command, "--schedule", str(self.home / "clock")], environment)
        return self

    def _start(self, name, command, environment):
        everywhere = self.environment | {key: str(value) for key, value in environment.items()}
        self.children[name] = child_start(command, log=self.home / f"{name}.log", environment=everywhere)

    def whole_environment(self):
        """For a program that a test runs to its end."""
        return {**os.environ, **self.environment, "DJANGO_SETTINGS_MODULE": "discovery.settings"}

    def log(self, name):
        return (self.home / f"{name}.log").read_text(errors="replace")

    def end(self):
        for child in self.children.values():
            if child.poll() is None:
                for process in tree_of(child.pid):
                    process.resume()
                child_stop(child, signal_number=signal.SIGKILL)

    def ensure_alive(self, *names):
        for name in names:
            log = last_lines(self.home / f"{name}.log", 60)
            assert self.children[name].poll() is None, f"{name} ended:\n{log}"

    def until(self, name, condition, *, what, seconds=180):
        """Wait for ``condition``; a process that ended meanwhile says why."""

        def found():
            self.ensure_alive(name)
            return condition()

        try:
            return wait_for(found, seconds=seconds, what=what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{last_lines(self.home / f'{name}.log', 60)}") from error

    def memory(self, name="web"):
        """Resident bytes."""
        return psutil.Process(self.children[name].pid).memory_info().rss

    # -- whoever asks

    def address(self, name="web"):
        return f"http://127.0.0.1:{self.ports[name]}"

    def token(self, user):
        if user.pk not in self._tokens:
            self._tokens[user.pk] = token_issue(user=user)
        return self._tokens[user.pk]

    def headers(self, user):
        return {"Authorization": f"Bearer {self.token(user)}"} if user is not None else {}

    def ask(self, user, query, web="web", headers=None, **variables):
        begun = time.monotonic()
        response = httpx.post(
            f"{self.address(web)}/graphql/", json={"query": query, "variables": variables},
            headers=self.headers(user) | (headers or {}), timeout=60,
        )  # fmt: skip
        return answer_of(response, begun)

    def get(self, path, web="web", **options):
        begun = time.monotonic()
        return answer_of(httpx.get(self.address(web) + path, timeout=60, **options), begun)

    def scraped(self, web="web"):
        """What Prometheus would read."""
        return httpx.get(self.address(web) + "/metrics", timeout=60).raise_for_status().text

    def _livez(self, name):
        self.ensure_alive(name)
        try:
            return self.get("/livez", name).status == 200
        except httpx.TransportError:
            return False

    def seen(self, user, web="web"):
        """How much of what friends played ``user`` is told of."""
        return len(self.ask(user, ACTIVITY, web).data["viewer"]["activity"]["edges"])


def play(track, number, at):
    """A play as an app tells it, with a name of its own."""
    named = {"title": track.title, "artist": track.artist.name}
    return {"source": "faults", "sourceId": f"play-{number}", "track": named, "listenedAt": at.isoformat()}


def database_url():
    there = connection.settings_dict
    return f"postgres://{there['USER']}@/{there['HOST']}/{there['NAME']}"
