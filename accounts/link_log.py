"""Whose links changed since when: what database triggers wrote down with each change (`LinkChange`).

On PostgreSQL a line bears the number of its transaction, and a reading keeps its snapshot: new is what that snapshot did
not see, so that a transaction which commits late is not passed over, and no writer waits for another as they would for
a counter. SQLite has one writer at a time: new is what comes after the last line, which a random number tells from
another of its place. A log that was cut off, emptied or put back from a copy, or whose triggers are missing, says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connections, router
from django.db.models import Max
from django.utils import timezone

from accounts.models import LinkChange, User

CHANGES_KEPT = timedelta(days=1)
MOST = 500  # people of whom a log tells one by one
TRIGGERS = 16  # four of each of the four tables


@dataclass(frozen=True, slots=True)
class Moment:
    """Where the log stood: its first and last line, and on PostgreSQL what was committed."""

    first: tuple[int, int]
    last: tuple[int, int]
    seen: str = ""


@dataclass(frozen=True, slots=True)
class News:
    """``changed``: whose links did, since another moment; None where that cannot be told one by one."""

    moment: Moment | None  # None: nothing may be held
    changed: frozenset[int] | None


_POSTGRESQL = """
    SELECT
        (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'links\\_told\\_%%' AND tgenabled IN ('O', 'A')
            AND tgrelid IN ('accounts_friendship'::regclass, 'accounts_block'::regclass,
                            'accounts_consent'::regclass, 'accounts_user'::regclass)),
        (SELECT ARRAY[id, mark] FROM accounts_linkchange ORDER BY id LIMIT 1),
        (SELECT ARRAY[id, mark] FROM accounts_linkchange ORDER BY id DESC LIMIT 1),
        (SELECT ARRAY[id, mark] FROM accounts_linkchange WHERE id = %(last)s),
        pg_current_snapshot()::text,
        ARRAY(SELECT person FROM accounts_linkchange
            WHERE mark >= pg_snapshot_xmin(%(seen)s::pg_snapshot)::text::bigint
            AND NOT pg_visible_in_snapshot(mark::text::xid8, %(seen)s::pg_snapshot) LIMIT %(most)s)
    """
_SQLITE = """
    SELECT
        (SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%%\\_links\\_told\\_%%' ESCAPE '\\'),
        (SELECT json_array(id, mark) FROM accounts_linkchange ORDER BY id LIMIT 1),
        (SELECT json_array(id, mark) FROM accounts_linkchange ORDER BY id DESC LIMIT 1),
        (SELECT json_array(id, mark) FROM accounts_linkchange WHERE id = %(last)s),
        '',
        (SELECT json_group_array(person) FROM
            (SELECT person FROM accounts_linkchange WHERE id > %(last)s LIMIT %(most)s))
    """
_NOTHING_SEEN = Moment((0, 0), (0, 0), "1:1:")


def log_read(since: Moment | None) -> News:
    """Where the log stands now, and whose links changed after ``since``. One query."""
    before = since or _NOTHING_SEEN
    connection = connections[router.db_for_read(User)]
    postgresql = connection.vendor == "postgresql"
    asked: dict[str, str | int] = {
        "last": before.last[0], "seen": before.seen, "most": MOST + 1 if since else 0,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRESQL if postgresql else _SQLITE, asked)
        triggers, *lines, seen, people = cursor.fetchone()
    first, last, known = (_line(line) for line in lines)
    if triggers != TRIGGERS or first is None or last is None:
        return News(None, None)
    moment = Moment(first, last, seen)
    changed = people if postgresql else json.loads(people)
    if first != before.first or known != before.last or len(changed) > MOST:
        return News(moment, None)
    return News(moment, frozenset(changed))


def _line(value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    number, mark = json.loads(value) if isinstance(value, str) else value
    return number, mark


def link_changes_forget() -> int:
    """Delete lines older than they are kept, the last one excepted; return how many. Who holds links reads all anew then."""
    old = LinkChange.objects.filter(at__lt=timezone.now() - CHANGES_KEPT).aggregate(last=Max("pk"))["last"]
    newest = LinkChange.objects.aggregate(last=Max("pk"))["last"]
    if old is None:
        return 0
    # By place, so that no line before one that goes stays: who looks at the first sees that some are gone.
    return LinkChange.objects.filter(pk__lte=old, pk__lt=newest).delete()[0]
