"""What a process that answers requests does for itself before it loads the rest."""

from __future__ import annotations

import gc
import os
import resource
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest
from django.http.response import HttpResponseBase

MOST_FILES = 65_536
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

_held: dict[str, sqlite3.Connection] = {}


def one_thread() -> None:
    """One thread for arithmetic, where nothing else was said; asked for before numpy is loaded.

    An answer's sums are small: threads that wait for each other cost more than they save.
    """
    for name, number in ONE_THREAD.items():
        os.environ.setdefault(name, number)


def quick_turns() -> None:
    """Threads take turns ten times as often as they would, so that the one that takes messages waits less for those that work."""
    sys.setswitchinterval(0.0005)


def files_many() -> None:
    """As many open files as the system lets: the usual 1,024 are fewer than the requests and sockets that are let in, and
    without a free one neither health is answered nor the database asked.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def loading() -> None:
    """Until all is loaded there is no garbage to look for."""
    gc.disable()


def loaded() -> None:
    """What was loaded stays: the collector need not go through it again and again, for which everything would stand still."""
    gc.collect()
    gc.freeze()
    gc.enable()


def sqlite_hold_open() -> None:
    """From the first query on, keep a SQLite file open beside the requests' own connections, while the process lives.

    Each request closes its connection, and whoever closes the last one writes the whole log back into the file: with
    every answer that wrote anything, where nobody else is there. PostgreSQL needs nothing of it.
    """
    connection_created.connect(_hold, dispatch_uid="hold the SQLite file open")


def connections_keep(most: int) -> None:
    """Have requests share at most ``most`` connections to PostgreSQL, instead of each opening one of its own.

    Called before the first query. A connection that is new costs the server more than most answers do. One that broke is
    noticed before a request has it; while the server is away a request hears so in less than three seconds, and none is
    made ahead of being asked for, so that the first request after an outage gets one at once.
    """
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.postgresql":
        database["ENGINE"] = "discovery.platform.postgresql"
        database["OPTIONS"]["pool"] = {
            "min_size": 0,
            "max_size": most,
            "max_idle": 60.0,  # seconds
            "timeout": 1.5,
            "reconnect_timeout": 1.0,
        }


def connections_return(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware around all that asks the database: a request's connection is free again once its answer is made.

    Django gives it back when the answer is sent. Whoever reads slowly has no place by then, and a few of them would have
    kept every connection from all others; where sending fails it would have been given back by nobody.
    """

    def answered(request: HttpRequest) -> HttpResponseBase:
        try:
            return get_response(request)
        finally:
            if "pool" in settings.DATABASES["default"].get("OPTIONS", {}):
                close_old_connections()

    return answered


def _hold(connection: BaseDatabaseWrapper, **_: Any) -> None:
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or name in _held:
        return
    _held[name] = sqlite3.connect(name, uri=name.startswith("file:"), check_same_thread=False)
    _held[name].execute("SELECT 1 FROM sqlite_master").fetchone()  # only now is it open
