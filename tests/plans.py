"""How SQLite without statistics would answer a question: which tables it reads, and how.

It says so of a database of any size; PostgreSQL goes by how small a test's tables are.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

_STEP = re.compile(r"(SCAN|SEARCH) (\w+)(.*)")
_NAMED = re.compile(r'"(\w+)" (?:AS )?"?([A-Z]+\d+)"?')


@contextmanager
def questions() -> Iterator[list[tuple[str, Any]]]:
    """Collects the (SQL, parameters) of what is asked."""
    asked: list[tuple[str, Any]] = []

    def note(execute, sql, params, many, context):
        if sql.lstrip().startswith("SELECT"):
            asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield asked


def plan(sql, params) -> list[tuple[str, str, str]]:
    """(SCAN or SEARCH, the table, by what) of each step that reads one."""
    tables: dict[str, str] = {short: name for name, short in _NAMED.findall(sql)}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        steps = [_STEP.match(row[3]) for row in cursor.fetchall()]
    told = [(str(step[1]), str(step[2]), str(step[3])) for step in steps if step]
    return [(how, tables.get(table, table), by) for how, table, by in told]
