"""Django's PostgreSQL with a pool that notices at once when the server has ended all its connections, or answers no more.

Django's own would try the broken ones in turn, with a pause behind each that doubles: after a restart of the server the first
requests would wait for seconds, and some be refused. And it would wait for the answer of a server that neither answers nor
refuses, as nobody waits for a new connection. Imports nothing of ours.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from typing import Any, ClassVar

from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError
from psycopg.pq import ExecStatus
from psycopg_pool import ConnectionPool

ANSWER_SECONDS = 1.0  # for a connection to show that somebody is at its other end


class Pool(ConnectionPool[Connection[Any]]):
    """Where connections that lie idle are looked at, nobody waits for an answer."""

    @staticmethod
    def check_connection(connection: Connection[Any]) -> None:
        """Raises OperationalError where the server has said that it ended."""
        if _heard(connection, 0.0):
            connection.pgconn.consume_input()


class DatabaseWrapper(base.DatabaseWrapper):
    """With the ``OPTIONS["pool"]`` of `web_process.connections_keep`."""

    _connection_pools: ClassVar[dict[str, Pool]] = base.DatabaseWrapper._connection_pools  # type: ignore[attr-defined]  # noqa: SLF001
    _configure_connection: Callable[[Connection[Any]], None]  # neither is in the stubs

    @property
    def pool(self) -> Pool | None:
        """All requests' own, made with the first one; it opens nothing yet."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if options and self.alias not in self._connection_pools:
            made = Pool(
                kwargs={
                    **self.get_connection_params(),
                    "autocommit": True,
                },  # Django's habit: it sets it later on
                open=False,
                configure=self._configure_connection,
                check=lambda connection: _check(made, connection),
                **options,
            )
            self._connection_pools.setdefault(self.alias, made)
        return super().pool  # type: ignore[no-any-return]  # the stubs know of no pool


def _check(pool: Pool, connection: Connection[Any]) -> None:
    """Raises what says that it is broken; whatever else lies idle has most likely gone with it, and is looked at, too."""
    try:
        _answers(connection)
    except OperationalError:
        connection.close()
        pool.check()
        raise


def _answers(connection: Connection[Any]) -> None:
    """Ask for nothing, and wait ``ANSWER_SECONDS`` at most. Raises OperationalError."""
    server, until = connection.pgconn, time.monotonic() + ANSWER_SECONDS
    server.send_query(b"")
    while True:
        server.flush()
        if not _heard(connection, until - time.monotonic()):
            raise OperationalError("the server does not answer")
        server.consume_input()
        while not server.is_busy():
            result = server.get_result()
            if result is None:
                return
            if result.status == ExecStatus.FATAL_ERROR:  # its last words
                raise OperationalError(result.error_message.decode(errors="replace"))


def _heard(connection: Connection[Any], seconds: float) -> bool:
    """Whether something comes from the server in this time, its end included."""
    ear = select.poll()
    ear.register(connection.pgconn.socket, select.POLLIN)
    return bool(ear.poll(max(0.0, seconds) * 1_000))
