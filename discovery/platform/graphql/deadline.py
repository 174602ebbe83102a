"""A query's deadline: once it is over, no further resolver begins, and no statement of PostgreSQL's takes longer.

A mutation has none: what it began it ends. What a resolver works out by itself is not interrupted.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType
from strawberry.utils.inspect import in_async_context

from discovery.platform.errors import DeadlineExceeded

_until: ContextVar[float | None] = ContextVar("when the query at hand has to be answered", default=None)


class Deadline(SchemaExtension):
    """Sets the deadline of each query, for as long as it is executed."""

    def on_execute(self) -> Iterator[None]:
        query = self.execution_context.operation_type is OperationType.QUERY
        if not (query and settings.QUERY_SECONDS) or in_async_context():
            yield
            return
        token = _until.set(time.monotonic() + settings.QUERY_SECONDS)
        if connection.connection is not None:
            _statements_bound(connection, settings.QUERY_SECONDS)
        try:
            yield
        finally:
            _until.reset(token)
            if connection.connection is not None:
                _statements_bound(connection, 0)


def deadline_ensure() -> None:
    """Raises DeadlineExceeded where the query at hand has run out of time."""
    until = _until.get()
    if until is not None and time.monotonic() > until:
        raise DeadlineExceeded


def connect() -> None:
    """Have a connection that a query opens know its deadline; called once, when the app is ready."""
    connection_created.connect(_opened, dispatch_uid="deadline of a query")


def _opened(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if _until.get() is not None:
        _statements_bound(connection, settings.QUERY_SECONDS)


def _statements_bound(connection: BaseDatabaseWrapper, seconds: float) -> None:
    if connection.vendor == "postgresql":
        with contextlib.suppress(psycopg.Error):  # of a transaction that failed: its end takes it back, too
            connection.connection.execute(f"SET statement_timeout = {int(1_000 * seconds)}")
