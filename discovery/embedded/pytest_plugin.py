"""Gives the test suite a real PostgreSQL and Redis, and says at the end what ran against which.

Loaded with ``-p``, so that it is here before Django reads its settings. One pair of servers serves
all pytest-xdist workers; each worker gets databases of its own in them. DATABASE_URL and REDIS_URL,
where they are set, name servers to use instead.
"""

from __future__ import annotations

import functools
import gc
import os
import sqlite3
import sys
from collections import Counter
from collections.abc import Generator
from typing import Any

import environ
import psycopg
import pytest
import redis

from discovery.embedded.postgres import PostgresServer
from discovery.embedded.redis import RedisServer
from discovery.embedded.scratch import ScratchFolder

RAN_AGAINST = "ran_against"  # a test's user property: [service, number of tests]
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}

services = pytest.StashKey["Services"]()


class Services:
    """The servers of one session and their names, such as "PostgreSQL 18.4 (embedded)"."""

    def __init__(self) -> None:
        self._scratch = ScratchFolder("earshot-tests-")
        self.home = self._scratch.path
        self.postgres: PostgresServer | None = None
        self.redis: RedisServer | None = None

    def start(self) -> None:
        os.environ.setdefault("EARSHOT_HOME", str(self.home))
        for unbounded in ("RATE_ADDRESS", "RATE_VIEWER"):  # a suite asks more often than anybody
            os.environ.setdefault(unbounded, "")
        # Each worker and each process that a test starts would compile all of the code anew.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        sys.dont_write_bytecode = False
        if "DATABASE_URL" not in os.environ:
            self.postgres = PostgresServer()
            self.postgres.start()
            os.environ["DATABASE_URL"] = self.postgres.url
            os.environ["EARSHOT_TEST_EMBEDDED_DATABASE"] = "1"
        if "REDIS_URL" not in os.environ:
            self.redis = RedisServer(self.home / "redis.sock")
            self.redis.start()
            os.environ["REDIS_URL"] = self.redis.url
            os.environ["EARSHOT_TEST_EMBEDDED_REDIS"] = "1"

    def stop(self) -> None:
        if self.redis is not None:
            self.redis.stop()
        if self.postgres is not None:
            self.postgres.stop()
        self._scratch.remove()


@functools.cache
def database_name() -> str:
    """The database behind DATABASE_URL, with its version."""
    config = environ.Env.db_url_config(os.environ["DATABASE_URL"])
    if config["ENGINE"] == "django.db.backends.sqlite3":
        return f"SQLite {sqlite3.sqlite_version}"
    where = {"host": config["HOST"], "port": config["PORT"], "user": config["USER"]}
    with psycopg.connect(password=config["PASSWORD"], dbname=config["NAME"], **where) as connection:
        version = connection.info.parameter_status("server_version")
    return f"PostgreSQL {version}" + _embedded("DATABASE")


@functools.cache
def redis_name() -> str:
    """The Redis behind REDIS_URL, with its version."""
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        return f"Redis {client.info('server')['redis_version']}" + _embedded("REDIS")


def _embedded(service: str) -> str:
    return " (embedded)" if os.environ.get(f"EARSHOT_TEST_EMBEDDED_{service}") else ""


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """A wrapper, because it runs before pytest-django's own hook, which reads the settings."""
    gc.disable()  # until all is loaded
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    asked_nothing = {"--help", "-h", "--version", "-V", "--fixtures", "--markers"} & set(
        early_config.invocation_params.args
    )
    if worker is not None and os.environ.get("EARSHOT_TEST_EMBEDDED_REDIS"):
        os.environ["REDIS_URL"] += f"?db={1 + int(worker.removeprefix('gw'))}"
    elif worker is None and not asked_nothing:
        started = early_config.stash[services] = Services()
        try:
            started.start()
        except BaseException:
            started.stop()
            raise
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """What was loaded stays: to go through it again and again was a seventh of what the suite took."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    if started := config.stash.get(services, None):
        started.stop()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note on each test's report what it runs against; the report reaches the controlling process."""
    fixtures = set(getattr(item, "fixturenames", ()))
    if DATABASE_FIXTURES & fixtures or item.get_closest_marker("django_db"):
        item.user_properties.append((RAN_AGAINST, [database_name(), 1]))
    if "redis_url" in fixtures:
        item.user_properties.append((RAN_AGAINST, [redis_name(), 1]))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    counts: Counter[str] = Counter()
    for outcome in ("passed", "failed", "xfailed", "xpassed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, value in report.user_properties if report.when == "call" else []:
                if name == RAN_AGAINST:
                    counts[value[0]] += value[1]
    terminalreporter.section("what ran against which database")
    for name, count in sorted(counts.items()):
        terminalreporter.write_line(f"{name}: {count} tests")
    if not counts:
        terminalreporter.write_line("no test needed a database")
