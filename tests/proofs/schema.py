"""What a database is made of, so that two of them can be compared.

schema(connection) → kind of fact → the facts, as text; the order of a table's columns is none: every INSERT names its own
"""

import re
from collections.abc import Iterator

# A table that was renamed keeps the names that PostgreSQL and Django made for what belongs to it (discovery 0006).
RENAMED = ("discovery_roomword", "discovery_roomvote")
MADE_FOR_IT = re.compile(r"(discovery_roomvote_[a-z_]+_)[0-9a-f]{8}(?![0-9a-f])")

POSTGRESQL = {
    "columns": """
        SELECT table_name, column_name, udt_name, character_maximum_length, numeric_precision, is_nullable, column_default,
            is_identity, identity_generation, is_generated, collation_name
        FROM information_schema.columns WHERE table_schema = 'public'
        """,
    "constraints": """
        SELECT conrelid::regclass, conname, contype, condeferrable, condeferred, convalidated, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        """,
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": "SELECT pg_get_triggerdef(oid), tgenabled FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "relations": "SELECT relname, relkind, reloptions FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    "types": "SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype <> 'c' AND typelem = 0",
    "extensions": "SELECT extname, extversion FROM pg_extension",
    "applied": "SELECT app, name FROM django_migrations",
}
SQLITE = {
    "tables": "SELECT name, sql FROM sqlite_master WHERE type = 'table'",
    "indexes": "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index'",
    "triggers": "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'",
    "views": "SELECT name, sql FROM sqlite_master WHERE type = 'view'",
    "applied": "SELECT app, name FROM django_migrations",
}


def schema(connection) -> dict[str, set[str]]:
    asked = {"postgresql": POSTGRESQL, "sqlite": SQLITE}[connection.vendor]
    found = {}
    with connection.cursor() as cursor:
        for kind, question in asked.items():
            cursor.execute(question)
            rows = cursor.fetchall()
            lines = (line for row in rows for line in _lines(kind, row))
            found[kind] = {_told(line) for line in lines}
    return found


def differences(one: dict[str, set[str]], other: dict[str, set[str]]) -> list[str]:
    """One line a fact that stands in one of them alone."""
    return [
        f"{sign} {kind}: {fact}"
        for kind in one
        for sign, facts in (("-", one[kind] - other[kind]), ("+", other[kind] - one[kind]))
        for fact in sorted(facts)
    ]


def _lines(kind: str, row: tuple[object, ...]) -> Iterator[str]:
    if kind != "tables":
        yield " ".join(str(each) for each in row)
        return
    name, sql = (str(each) for each in row)
    head, _, body = sql.partition("(")
    yield f"{name}: {head}"
    yield from (f"{name}: {part}" for part in _parts(body.rpartition(")")[0]))


def _parts(body: str) -> Iterator[str]:
    """Columns and constraints of a table: what commas outside of parentheses and of words part."""
    depth, begun, quoted = 0, 0, ""
    for place, letter in enumerate(body):
        if quoted or letter in "'\"":
            quoted = "" if letter == quoted else quoted or letter
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == "," and not depth:
            yield body[begun:place]
            begun = place + 1
    yield body[begun:]


def _told(line: str) -> str:
    return MADE_FOR_IT.sub(r"\1HASH", " ".join(line.split()).replace(*RENAMED))
