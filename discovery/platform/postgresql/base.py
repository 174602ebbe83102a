"""Django's PostgreSQL with a pool that notices at once when the server has ended all its connections.

Django's own would try the broken ones in turn, with a pause behind each that doubles: after a restart of the server the first
requests would wait for seconds, and some be refused. Imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """With the ``OPTIONS["pool"]`` of `web_process.connections_keep`."""

    _connection_pools: ClassVar[dict[str, ConnectionPool[Any]]] = base.DatabaseWrapper._connection_pools  # type: ignore[attr-defined]  # noqa: SLF001
    _configure_connection: Callable[[Connection[Any]], None]  # neither is in the stubs

    @property
    def pool(self) -> ConnectionPool[Any] | None:
        """All requests' own, made with the first one; it opens nothing yet."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if options and self.alias not in self._connection_pools:
            made: ConnectionPool[Any] = ConnectionPool(
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


def _check(pool: ConnectionPool[Any], connection: Connection[Any]) -> None:
    """Raises what says that it is broken; whatever else lies idle has most likely gone with it, and is looked at, too."""
    try:
        ConnectionPool.check_connection(connection)
    except OperationalError:
        pool.check()
        raise
