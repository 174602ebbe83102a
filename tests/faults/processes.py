"""Real processes of one installation on the test's own database: workers with or without the clock, and web."""

import os
import signal
import sys
import time

import httpx
import redis
from django.conf import settings
from django.db import connection

from discovery.embedded.process import child_start, child_stop, last_lines
from discovery.models import DataExport
from discovery.platform import pulse
from discovery.platform.redis import QUEUES
from tasks.celery import app
from tests.deploy.installation import free_port
from tests.processes import tree_of, wait_for

A_ROUND = 150  # seconds: the clock asks once a minute


class Process:
    """One of them; its log is shown where it does not do what is expected."""

    def __init__(self, command, log, environment):
        self.log = log
        self.child = child_start([sys.executable, *command], log=log, environment=environment)

    @property
    def pid(self):
        return self.child.pid

    def poll(self):
        return self.child.poll()

    def until(self, condition, *, what, seconds=180):
        def found():
            assert self.poll() is None, "it ended"
            return condition()

        try:
            return wait_for(found, seconds=seconds, what=what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{last_lines(self.log, 60)}") from error

    def kill(self):
        """Outright, with all that descends from it."""
        resume(self)
        child_stop(self.child, signal_number=signal.SIGKILL)


class Web(Process):
    """Answers on a port of its own."""

    def __init__(self, command, log, environment):
        self.port = free_port()
        super().__init__([*command, "--port", str(self.port)], log, environment)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)
        self.until(self.lives, what="the web process")

    def lives(self):
        try:
            return self.client.get("/livez").status_code == 200
        except httpx.TransportError:
            return False

    def ask(self, token, query, **variables):
        """The data of an answer without errors."""
        answer = self.client.post(
            "/graphql/",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 200, answer.text
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"]

    def kill(self):
        self.client.close()
        super().kill()


class Installation:
    """Starts processes, and ends those that still run."""

    def __init__(self, redis_url, home):
        there = connection.settings_dict
        self.home, self.started = home, []
        self.environment = {
            "DATABASE_URL": f"postgres://{there['USER']}@/{there['HOST']}/{there['NAME']}",
            "REDIS_URL": redis_url,
            "ARTIFACT_DIR": str(settings.ARTIFACT_DIR),
            "EARSHOT_HOME": str(home),
            "SECRET_KEY": settings.SECRET_KEY,
            "SIGNING_KEY": settings.SIGNING_KEY,
            "OMP_NUM_THREADS": "1",
        }

    def worker(self, *, clock=False, program="from tasks.celery import app", options=(), **environment):
        """A worker with one pool process; ``program`` makes the application, for settings that no variable has."""
        number = len(self.started)
        words = [
            "worker",
            "--concurrency",
            "1",
            "--loglevel",
            "INFO",
            "--hostname",
            f"w{number}@here",
            *options,
        ]
        if clock:
            words += ["--beat", "--schedule", str(self.home / f"clock{number}")]
        return self._start(Process, ["-c", f"{program}\napp.start({words!r})"], "worker", environment)

    def web(self, **environment):
        said = {"LOG_LEVEL": "WARNING", **environment}
        return self._start(Web, ["-m", "uvicorn", "discovery.asgi:application"], "web", said)

    def _start(self, kind, command, name, environment):
        log = self.home / f"{name}{len(self.started)}.log"
        self.started.append(kind(command, log, {**os.environ, **self.environment, **environment}))
        return self.started[-1]

    def end(self):
        for process in self.started:
            process.kill()


def broker_set(url):
    """For what this process sends from here on: connections to another broker are kept in a pool."""
    app.conf.broker_url = url
    app._pool = app.amqp._producer_pool = None


def pause(process):
    """What is asked for from here on stays in its queue: the worker's last wish for a message runs out after a second."""
    for each in tree_of(process.pid):
        each.suspend()
    time.sleep(2)


def resume(process):
    if process.poll() is None:
        for each in tree_of(process.pid):
            each.resume()


def alive():
    """Whether there is a worker for every queue, and the clock."""
    return working([*QUEUES, pulse.CLOCK])


def working(names=QUEUES):
    try:
        return pulse.pulse_missing(names) == []
    except redis.RedisError:
        return False


def waiting(queue="privacy"):
    """How many messages nobody has taken yet."""
    return pulse.client().llen(queue)


def built(export):
    return DataExport.objects.get(pk=export.pk).state == DataExport.State.READY
