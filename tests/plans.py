"""How SQLite without statistics would answer a question: which tables it reads, and how.

It says so of a database of any size; PostgreSQL goes by how small a test's tables are.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_NAMED = re.compile(r'"(\w+)" (?:AS )?"?([A-Z]+\d+)"?')


@contextmanager
def questions() -> Iterator[list]:
    """Collects the (SQL, parameters) of what is asked."""
    asked: list = []

    def note(execute, sql, params, many, context):
        if sql.lstrip().startswith("SELECT"):
            asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield asked


def plan(sql, params) -> list[tuple[str, str, str]]:
    """(SCAN or SEARCH, the table, by what) of each step that reads one."""
    tables = {short: name for name, short in _NAMED.findall(sql)}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        steps = [re.match(r"(SCAN|SEARCH) (\w+)(.*)", row[3]) for row in cursor.fetchall()]
    return [(step[1], tables.get(step[2], step[2]), step[3]) for step in steps if step]
