"""Django's SQLite whose connections go from one request to the next, instead of each opening one of its own.

A connection that is new reads what tables there are before it answers anything, and has every statement to prepare: that costs a
request more than its own questions. What is handed on has no statement open and no transaction: whoever gets it sees what
is in the file now. Imports nothing of ours.
"""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from threading import Lock
from typing import Any, ClassVar
from weakref import WeakSet

from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.base import SQLiteCursorWrapper

File = tuple[int, int, int]  # the process, and the file's device and inode
IDLE = 8  # connections that lie idle at most; each may keep 2 MB of the file in memory


class DatabaseWrapper(base.DatabaseWrapper):
    """Opens what nobody has laid aside, and lays aside what it does not need any more."""

    _aside: ClassVar[dict[File, deque[sqlite3.Connection]]] = {}
    _turn: ClassVar[Lock] = Lock()

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._file: File | None = None
        self._cursors: WeakSet[SQLiteCursorWrapper] = WeakSet()

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        """One that was laid aside for the file that has this name now, else a new one."""
        self._file = _file(conn_params["database"])
        with self._turn:
            waiting = self._aside.get(self._file) if self._file else None
            laid = waiting.pop() if waiting else None
        if laid is not None:
            return laid
        made: sqlite3.Connection = super().get_new_connection(conn_params)
        self._file = _file(conn_params["database"])  # it may be there only now
        return made

    def create_cursor(self, name: str | None = None) -> SQLiteCursorWrapper:
        """A cursor that is known until it is gone: an open statement of it holds the file as it was when it began."""
        cursor: SQLiteCursorWrapper = super().create_cursor(name)
        self._cursors.add(cursor)
        return cursor

    def is_usable(self) -> bool:
        """Not after an error: a new one is opened then."""
        return not self.errors_occurred

    def _close(self) -> None:
        if not self._laid_aside():
            super()._close()  # type: ignore[misc]  # the stubs do not know of it

    def _laid_aside(self) -> bool:
        """Whether the connection waits for the next; what failed or is in the middle of something is closed, and what is one too many."""
        if self.connection is None or self._file is None or self.errors_occurred or self.in_atomic_block:
            return False
        try:
            for cursor in list(self._cursors):
                cursor.close()
            if self.connection.in_transaction:
                self.connection.rollback()
        except sqlite3.Error:
            return False
        with self._turn:
            waiting = self._aside.setdefault(self._file, deque())
            if len(waiting) >= IDLE:
                return False
            waiting.append(self.connection)
        return True


def _file(name: str) -> File | None:
    """The file of this name; None for what is none, as a database in memory."""
    try:
        there = os.stat(name)  # noqa: PTH116  # a name as the settings give it
    except OSError:
        return None
    return os.getpid(), there.st_dev, there.st_ino
