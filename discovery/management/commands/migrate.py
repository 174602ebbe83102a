"""``migrate``, which waits for no lock so long that others wait behind it: it gives up, and tries again.

Whoever waits to change a table keeps everybody waiting who asks for that table after, so that one long question (a backup, an
export) and one migration stop a whole installation. With a bound the web processes of the earlier release answer meanwhile.

A migration that is not atomic waits as long as it takes: an index that is built beside (CONCURRENTLY) keeps nobody waiting, and
would lie there half built where it gave up. `tests/proofs` sees to it that such a one does nothing else.
"""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError, connections
from django.db.migrations import Migration

LOCK_SECONDS = 1.0  # for which those who ask meanwhile are kept waiting, a lock
PAUSE_SECONDS = 4.0  # in which they go on
BOUND = f"{LOCK_SECONDS * 1000:.0f}ms"
TRIES = 150  # ten minutes or more
NOT_TO_BE_HAD = "55P03"  # PostgreSQL's word for a lock that did not come in time


class Command(Migrate):
    """What is applied stays applied: each migration is one transaction, and the next try begins behind the last."""

    _connection: Any = None  # one that has bounds

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        self._connection = connection
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            (before,) = cursor.fetchone()
        try:
            self._until_applied(*args, **options)
        finally:
            self._lock_timeout(before)

    def migration_progress_callback(
        self, action: str, migration: Migration | None = None, fake: bool = False
    ) -> None:
        """Django says here what it is about to apply."""
        if migration is not None and action.endswith("_start") and self._connection is not None:
            self._lock_timeout(BOUND if migration.atomic else "0")
        super().migration_progress_callback(action, migration, fake)

    def _until_applied(self, *args: Any, **options: Any) -> None:
        for left in reversed(range(TRIES)):
            self._lock_timeout(BOUND)
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", None) != NOT_TO_BE_HAD:
                    raise
                if not left:
                    raise CommandError(
                        f"Somebody holds a table that is to be changed, {TRIES} times: end them, and migrate again."
                    ) from error
                self.stderr.write("A table is held by somebody; trying again.")
                time.sleep(PAUSE_SECONDS)
            else:
                return

    def _lock_timeout(self, value: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [value])
