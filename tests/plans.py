"""How a database would answer a question: which tables it reads from end to end."""

import json
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


def read_whole(sql, params) -> set[str]:
    """Tables of which this reads every row, whatever the database knows of their sizes.

    PostgreSQL reads small tables whole because that is quicker: it is asked what it would do if that were dear.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            tables = {short: name for name, short in _NAMED.findall(sql)}
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            lines = [re.match(r"SCAN (\w+)", row[3]) for row in cursor.fetchall()]
            return {tables.get(line[1], line[1]) for line in lines if line}
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        (told,) = cursor.fetchone()
        cursor.execute("SET LOCAL enable_seqscan = on")
    return set(_whole(told if isinstance(told, list) else json.loads(told)))


def _whole(plan) -> Iterator[str]:
    if isinstance(plan, list):
        for each in plan:
            yield from _whole(each)
    elif isinstance(plan, dict):
        alone = plan.get("Node Type", "").startswith("Index") and not plan.get("Index Cond")
        if plan.get("Node Type") == "Seq Scan" or (alone and "Relation Name" in plan):
            yield plan["Relation Name"]
        for each in plan.values():
            yield from _whole(each)
