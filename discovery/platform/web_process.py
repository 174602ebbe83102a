"""What a process that answers requests does for itself before it loads the rest."""

from __future__ import annotations

import gc
import os
import resource
import sys
from collections.abc import Callable

from django.conf import settings
from django.db import close_old_connections, connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase

MOST_FILES = 65_536
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


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


def connections_keep(most: int) -> None:
    """Have requests share at most ``most`` connections to PostgreSQL, instead of each opening one of its own; SQLite's, too.

    Called before the first request. A connection that is new costs the server more than most answers do. One that broke is
    noticed before a request has it; while the server is away a request hears so in less than three seconds, and none is
    made ahead of being asked for, so that the first request after an outage gets one at once.
    """
    if settings.DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
        pool = {
            "min_size": 0,
            "max_size": most,
            "max_idle": 60.0,  # seconds, as are those that follow
            "timeout": 1.5,
            "reconnect_timeout": 1.0,
        }
        settings.DATABASES["default"]["OPTIONS"]["pool"] = pool
        _engine("discovery.platform.postgresql")
    sqlite_keep()


def sqlite_keep() -> None:
    """Have connections to a SQLite file handed on instead of closed, called before the first request.

    Besides, whoever closes the last one writes the whole log back into the file: as each answer would that wrote
    anything, where nobody else is there.
    """
    if settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
        _engine("discovery.platform.sqlite")


def _engine(name: str) -> None:
    settings.DATABASES["default"]["ENGINE"] = name
    for before in connections.all(initialized_only=True):
        if before.connection is not None:
            before.close()
        del connections[before.alias]


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
            if settings.DATABASES["default"]["ENGINE"].startswith("discovery."):
                close_old_connections()

    return answered
