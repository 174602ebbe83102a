"""What an operator may know of listening as a whole, asked of a snapshot's Parquet by DuckDB, in part where memory is short.

A snapshot holds plays of contributors alone (CONTRIBUTE: "enter counts"). Nothing leaves that stands on fewer than
``SMALLEST_AGGREGATE`` people; people are told in whole steps of that number and shares to two places, so that two reports
do not tell of one person by their difference.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import duckdb
from django.conf import settings

from accounts.policies import SMALLEST_AGGREGATE
from graph.partitions import Partitions, write_partitions
from graph.snapshot import GraphSnapshot

MEMORY = "1GB"  # that DuckDB may hold; more goes to the folder of the plays
TOLD_TAGS = 20
PLACES = 2  # of a share
KINDS = ("artist", "track")
REACH = "CREATE TEMP TABLE reach AS SELECT item, count(*) AS listeners FROM plays GROUP BY item"
ACTIVITY = """
    SELECT step, count(*) FROM
        (SELECT CAST(floor(log2(count(*))) AS INTEGER) AS step FROM plays GROUP BY "user")
    GROUP BY step ORDER BY step"""
GINI = """
    SELECT 2 * sum(place * listeners) / (count(*) * sum(listeners)) - (count(*) + 1) / count(*)
    FROM (SELECT listeners, row_number() OVER (ORDER BY listeners) AS place FROM reach)"""
TOP = """
    SELECT sum(listeners) FILTER (place <= ceil(whole / 100.0)) / sum(listeners)
    FROM (SELECT listeners, row_number() OVER (ORDER BY listeners DESC) AS place, count(*) OVER () AS whole FROM reach)"""
TAIL = """
    SELECT count(*), count(DISTINCT "user") FROM plays JOIN reach USING (item) WHERE listeners < ?"""
TAGGED = """
    SELECT said.tag, count(DISTINCT plays."user") AS people FROM plays JOIN said USING (item)
    GROUP BY said.tag HAVING people >= ? ORDER BY people DESC, said.tag LIMIT ?"""


class TooFewPeople(Exception):
    """Fewer people than an aggregate may stand on."""


def analyze(taken: GraphSnapshot, kind: str, *, least: int = SMALLEST_AGGREGATE) -> dict[str, Any]:
    """`ask` of a snapshot that is written for it, and removed whatever happens. Raises TooFewPeople."""
    root = Path(settings.ARTIFACT_DIR)
    root.mkdir(parents=True, exist_ok=True)
    # Named as a training's parts are: what a killed process leaves is swept with the next training.
    with tempfile.TemporaryDirectory(prefix=".parts-", dir=root) as made:
        directory = Path(made) / "parts"
        write_partitions(taken, directory)
        return ask(directory, kind, least=least)


def ask(
    directory: Path, kind: str, *, least: int = SMALLEST_AGGREGATE, memory: str = MEMORY
) -> dict[str, Any]:
    """The report on plays of a ``kind`` ("artist" or "track") in written partitions. Raises TooFewPeople."""
    about = Partitions(directory).about
    with tempfile.TemporaryDirectory(prefix=".spilled-", dir=directory) as spilled, duckdb.connect() as asked:
        asked.execute(f"SET memory_limit = '{memory}'")
        asked.execute(f"SET temp_directory = '{spilled}'")  # owner's alone, as the plays are
        asked.execute("SET threads = 1")
        asked.read_parquet(str(directory / f"{kind}_plays" / "*.parquet")).create_view("plays")
        asked.read_parquet(str(directory / f"catalog_{kind}_tags.parquet")).create_view("said")
        people, pairs = _row(asked, 'SELECT count(DISTINCT "user"), count(*) FROM plays')
        if people < least:
            raise TooFewPeople(f"Fewer than {least} people.")
        asked.execute(REACH)
        return {
            "kind": kind,
            "floor": least,
            "ledger_position": about.ledger_position,
            "listeners": _whole_steps(people, least),
            "activity": _activity(asked, least),
            **_concentration(asked, about.sizes[f"{kind}s"], pairs, least),
            "tags": _tags(asked, people, least),
        }


def _row(asked: duckdb.DuckDBPyConnection, query: str, values: tuple[int, ...] = ()) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = asked.execute(query, values).fetchone()
    if row is None:
        raise LookupError(query)
    return row


def _whole_steps(people: int, least: int) -> int:
    return people - people % least


def _activity(asked: duckdb.DuckDBPyConnection, least: int) -> list[dict[str, int]]:
    """How many people heard so many different items or more, up to the next entry's; each entry ``least`` people at least."""
    merged: list[list[int]] = []
    for step, people in asked.execute(ACTIVITY).fetchall():
        if merged and merged[-1][1] < least:
            merged[-1][1] += people
        else:
            merged.append([2**step, people])
    if len(merged) > 1 and merged[-1][1] < least:
        _, rest = merged.pop()
        merged[-1][1] += rest
    return [{"items_from": items, "listeners": _whole_steps(people, least)} for items, people in merged]


def _concentration(
    asked: duckdb.DuckDBPyConnection, catalog: int, pairs: int, least: int
) -> dict[str, float | None]:
    """How listeners spread over items. An item counts once for each of its listeners, so that nobody's replays show."""
    (known,) = _row(asked, "SELECT count(*) FROM reach WHERE listeners >= ?", (least,))
    rare, rare_people = _row(asked, TAIL, (least,))
    return {
        "gini": round(_row(asked, GINI)[0], PLACES),
        "share_of_top_percent": round(_row(asked, TOP)[0], PLACES) if known else None,
        "share_of_rare_items": round(rare / pairs, PLACES) if rare_people >= least else None,
        "coverage": round(known / catalog, PLACES),
    }


def _tags(asked: duckdb.DuckDBPyConnection, people: int, least: int) -> list[dict[str, float]]:
    """The catalog's words by the share of people who hear what carries them; row numbers of the snapshot's tags."""
    told = asked.execute(TAGGED, (least, TOLD_TAGS)).fetchall()
    whole = _whole_steps(
        people, least
    )  # both in steps: one person who does not hear a word does not show either
    return [
        {"tag": tag, "share_of_listeners": round(_whole_steps(heard, least) / whole, PLACES)}
        for tag, heard in told
    ]
