"""Heads of the ledger: one signed statement of where every chain stands, published daily, each naming the one before.

A head is kept in the database, as a line of ``LEDGER_HEADS`` beside the data, and served to everybody; receipts name
it. Whoever keeps a copy can show a rewritten, cut or removed chain, whatever was done to the database.

The root is the SHA-256 of the sorted leaves, one a chain: SHA-256 of "chain:length:last hash", where a chain is
known by the SHA-256 of its subject.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import ConsentEvent, LedgerHead, LedgerTombstone
from accounts.signatures import canonical, signed

PATIENCE = "30s"  # for what is being written; then the next hour's try has it
EVERY = timedelta(hours=23)  # the clock asks hourly; a head is a day's

Line = tuple[int, str, str]  # position, chain, hash


class Chains:
    """The chains up to a line: how long each is, and with which hash it ends."""

    def __init__(self) -> None:
        self._ends: dict[str, tuple[int, str]] = {}
        self.lines = self.position = 0

    def add(self, position: int, chain: str, line_hash: str) -> None:
        length = self._ends.get(chain, (0, ""))[0]
        self._ends[chain] = length + 1, line_hash
        self.lines += 1
        self.position = position

    def facts(self) -> dict[str, Any]:
        """What a head says of them."""
        leaves = (f"{chain}:{length}:{last}" for chain, (length, last) in self._ends.items())
        return {"lines": self.lines, "chains": len(self._ends), "root": root_of(leaves)}


def root_of(leaves: Iterable[str]) -> str:
    hashed = sorted(hashlib.sha256(leaf.encode()).hexdigest() for leaf in leaves)
    return hashlib.sha256("".join(hashed).encode()).hexdigest()


def chain_of(subject: UUID) -> str:
    return hashlib.sha256(str(subject).encode()).hexdigest()


def head_hash(document: Mapping[str, Any]) -> str:
    """By which the next head, and receipts, name this one."""
    return hashlib.sha256(canonical(document)).hexdigest()


def removed_root(up_to: int) -> str:
    """Over what is left of the lines that were removed up to a head; empty where none was."""
    rows = LedgerTombstone.objects.filter(head__lte=up_to).values_list("chain", "position", "hash")
    leaves = [f"{chain}:{position}:{line_hash}" for chain, position, line_hash in rows.iterator()]
    return root_of(leaves) if leaves else ""


@transaction.atomic
def ledger_head_publish() -> LedgerHead:
    """Sign where every chain stands now; return the head. The file is brought up to date once it is stored.

    Raises django.db.OperationalError where somebody writes into the ledger for longer than ``PATIENCE``.
    """
    ledger_lock()
    before = ledger_head_newest()
    number = before.number + 1 if before else 1
    chains = Chains()
    for line in _skeleton():
        chains.add(*line)
    now = timezone.now()
    document = signed(
        {
            "type": "LedgerHead",
            "number": number,
            "publishedAt": now.isoformat(timespec="microseconds"),
            "position": chains.position,
            **chains.facts(),
            "removed": removed_root(number),
            "previousHead": before.hash if before else "",
        },
        settings.SIGNING_KEY,
    )
    head = LedgerHead.objects.create(
        number=number, position=chains.position, hash=head_hash(document), document=document, published_at=now
    )
    transaction.on_commit(_file_complete)
    return head


def ledger_head_publish_due() -> LedgerHead | None:
    """The day's head, where there is something to sign and it is not there yet."""
    newest = ledger_head_newest()
    if newest is not None and newest.published_at > timezone.now() - EVERY:
        return None
    return ledger_head_publish() if ConsentEvent.objects.exists() else None


def ledger_head_newest() -> LedgerHead | None:
    return LedgerHead.objects.order_by("-number").first()


def ledger_lock() -> None:
    """Have this transaction see every line with a position up to the last: those being written are waited for.

    Positions are given before a line is committed, so without it a head could miss an earlier line.
    """
    if connection.vendor == "postgresql":
        table = connection.ops.quote_name(ConsentEvent._meta.db_table)  # noqa: SLF001  # Django documents it
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


def heads_read(path: Path) -> list[dict[str, Any]]:
    """The heads in a file: one a line, or a single one. Raises OSError and ValueError."""
    text = path.read_text(encoding="utf-8")
    try:
        whole = json.loads(text)
    except ValueError:
        whole = [json.loads(line) for line in text.splitlines() if line.strip()]
    heads = whole if isinstance(whole, list) else [whole]
    if not all(isinstance(head, dict) and isinstance(head.get("number"), int) for head in heads):
        raise ValueError(f"{path} holds something that is no head")
    return heads


def _skeleton() -> Iterator[Line]:
    """Every line there ever was, in order, as its place, chain and hash."""
    rows = ConsentEvent.objects.order_by("pk").values_list("pk", "subject", "hash").iterator()
    there = ((position, chain_of(subject), line_hash) for position, subject, line_hash in rows)
    gone = LedgerTombstone.objects.order_by("position").values_list("position", "chain", "hash").iterator()
    return heapq.merge(there, gone)


def _file_complete() -> None:
    """Append the heads that the file does not hold yet; it is for its owner's eyes, and only ever grows."""
    path = Path(settings.LEDGER_HEADS)
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {head["number"] for head in heads_read(path)} if path.exists() and path.stat().st_size else set()
    missing = (
        LedgerHead.objects.exclude(number__in=known).order_by("number").values_list("document", flat=True)
    )
    lines = "".join(f"{json.dumps(document, sort_keys=True)}\n" for document in missing)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
