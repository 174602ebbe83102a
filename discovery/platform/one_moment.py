"""Several questions to the database as of one moment: nobody joins, leaves or plays something between the first and the last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def one_moment() -> Iterator[None]:
    """A read transaction in which no query sees more than the first one did, and that blocks no writer.

    Inside a caller's transaction, its isolation is the caller's.
    """
    connection.ensure_connection()
    database: Any = connection  # whose SQLite form alone has a transaction_mode
    outermost = not database.in_atomic_block
    sqlite = outermost and database.vendor == "sqlite"
    if sqlite:
        database.ensure_connection()  # before the first connection there is no mode to change
    usual = database.transaction_mode if sqlite else None
    if sqlite:
        database.transaction_mode = "DEFERRED"
    try:
        with transaction.atomic():
            if outermost and database.vendor == "postgresql":
                with database.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    finally:
        if sqlite:
            database.transaction_mode = usual
