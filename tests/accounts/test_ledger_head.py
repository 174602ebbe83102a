"""Signed heads of the ledger: what was rewritten, cut or removed is caught and named, whatever was done to the database."""

import copy
import json
import stat
import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from accounts.models import Consent, ConsentEvent, LedgerHead, Purpose
from accounts.services import audit, ledger_head
from accounts.services.consent import consent_set, consents_grant_many
from accounts.services.ledger import event_hash
from accounts.services.ledger_head import ledger_head_publish, ledger_head_publish_due
from accounts.signatures import public_key_text, signed, verify
from tests.accounts.test_ledger import Unguarded
from tests.factories import listener

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
LEDGER = "accounts_consentevent"


@pytest.fixture
def publish(django_capture_on_commit_callbacks):
    def publish():
        with django_capture_on_commit_callbacks(execute=True):
            return ledger_head_publish()

    return publish


@pytest.fixture
def published(publish):
    """Three chains under two heads, and a line after them."""
    ada, ben, cleo = (listener(name) for name in ("ada", "ben", "cleo"))
    for granted in (True, False):
        consent_set(user=ada, purpose=Purpose.SELF, granted=granted)
    consents_grant_many(users=[ben], purposes=(Purpose.SELF, Purpose.RECORD))
    publish()
    consent_set(user=cleo, purpose=Purpose.SELF, granted=True)
    heads = [LedgerHead.objects.get(number=1), publish()]
    consent_set(user=ada, purpose=Purpose.NAMED, granted=True)
    return heads


def of(name):
    from accounts.models import User

    return ConsentEvent.objects.filter(subject=User.objects.get(username=name).pseudonym).order_by("pk")


def problems(**options):
    """Without what the projection says of it: it can be made anew, too."""
    return [problem for problem in audit.ledger_verify(**options) if "projection" not in problem]


def rewrite(event, **values):
    """With all hashes after it, as somebody would who hides it."""
    chain = list(ConsentEvent.objects.filter(subject=event.subject, pk__gte=event.pk).order_by("pk"))
    with Unguarded() as cursor:
        previous = event.previous_hash
        for line in chain:
            for name, value in values.items() if line.pk == event.pk else ():
                setattr(line, name, value)
            line.previous_hash = previous
            previous = line.hash = event_hash(line)
            cursor.execute(
                f"UPDATE {LEDGER} SET channel = %s, previous_hash = %s, hash = %s WHERE id = %s",  # noqa: S608
                [line.channel, line.previous_hash, line.hash, line.pk],
            )


def test_heads_are_chained_signed_stored_beside_the_data_and_true(published, ledger_heads):
    first, second = published
    assert (first.number, second.number, second.document["chains"], second.document["lines"]) == (1, 2, 3, 5)
    assert second.document["previousHead"] == first.hash
    verify(second.document, public_key_text(settings.SIGNING_KEY))
    assert [json.loads(line) for line in ledger_heads.read_text().splitlines()] == [
        first.document,
        second.document,
    ]
    assert stat.S_IMODE(ledger_heads.stat().st_mode) == 0o600
    assert list(audit.ledger_verify()) == []
    call_command("ledger_verify", head=[ledger_heads])


def test_a_line_rewritten_with_its_hashes_is_caught(published):
    rewrite(of("ada").first(), channel="forged")
    (first, second) = problems()
    assert "head 1 says, between positions 0 and" in first
    assert "a line was rewritten" in first
    assert "head 2" in second


def test_only_heads_over_it_speak_of_a_line(published):
    rewrite(of("ada").last(), channel="forged")  # no head covers it yet
    assert problems() == []
    rewrite(of("cleo").first(), channel="forged")
    (problem,) = problems()
    assert (
        f"between positions {published[0].position} and {published[1].position}: a line was rewritten"
        in problem
    )


@pytest.mark.parametrize(("whose", "word"), [("ben", "lines were removed"), ("cleo", "a chain was removed")])
def test_a_chain_cut_at_its_end_or_removed_is_caught(published, whose, word):
    last = of(whose).last()
    with Unguarded() as cursor:
        cursor.execute(f"DELETE FROM {LEDGER} WHERE id = %s", [last.pk])  # noqa: S608
    Consent.objects.filter(
        user__username=whose, purpose=last.purpose
    ).delete()  # the projection is forged with it
    assert any(word in problem for problem in audit.ledger_verify())
    with pytest.raises(CommandError, match="problems found"):
        call_command("ledger_verify")


@pytest.mark.parametrize("where", ["database", "file", "both"])
def test_a_head_that_is_gone_is_caught(published, where, ledger_heads):
    first, second = published
    copies = [dict(second.document)]
    if where != "file":
        with Unguarded() as cursor:
            cursor.execute("DELETE FROM accounts_ledgerhead WHERE number = 2")
    if where != "database":
        ledger_heads.write_text(json.dumps(first.document) + "\n")
    told = problems() if where != "both" else problems(heads=copies)
    expected = {
        "database": f"head 2 of {ledger_heads} was removed from the database",
        "file": f"head 2 is missing from {ledger_heads}",
        "both": "head 2 of the copy was removed from the database",
    }
    assert told == [expected[where]]


@pytest.mark.parametrize("key", ["ours", "another"])
def test_a_rewritten_head_is_caught(published, key, ledger_heads):
    first, _ = published
    rewrite(of("ada").first(), channel="forged")
    forged = {**first.document, "root": "0" * 64}
    forged = signed(forged, settings.SIGNING_KEY if key == "ours" else "ab" * 32)
    with Unguarded() as cursor:
        cursor.execute("UPDATE accounts_ledgerhead SET document = %s WHERE number = 1", [json.dumps(forged)])
    told = problems()
    assert any("head 2 does not follow the one before it" in problem for problem in told)
    assert any(f"head 1 of {ledger_heads} is another one than in the database" in problem for problem in told)
    assert any("head 1 was rewritten. It was signed with another key" in problem for problem in told) == (
        key == "another"
    )


def test_a_copy_kept_elsewhere_is_enough(published, tmp_path, ledger_heads, capsys):
    """Whoever owns the machine can make everything on it anew; not the copies that others keep."""
    elsewhere = tmp_path / "copy.json"
    elsewhere.write_text(json.dumps(published[1].document))
    with Unguarded() as cursor:
        cursor.execute("DELETE FROM accounts_ledgerhead")
    ledger_heads.unlink()
    rewrite(of("ben").first(), channel="forged")
    assert problems() == []
    with pytest.raises(CommandError):
        call_command("ledger_verify", head=[elsewhere])
    assert "a line was rewritten" in capsys.readouterr().err


def test_a_head_that_never_was_cannot_be_claimed(published, tmp_path):
    """The negative: a copy by somebody else accuses nobody of a rewritten ledger, only of itself."""
    forged = signed({**copy.deepcopy(published[1].document), "lines": 99}, "ab" * 32)
    told = problems(heads=[forged])
    assert any("another key" in problem for problem in told)
    assert not any("the ledger is not what" in problem for problem in told)
    assert not any("another key" in problem for problem in problems(heads=[published[1].document]))


def test_the_clock_publishes_once_a_day(publish):
    assert ledger_head_publish_due() is None, "there is nothing to sign"
    consent_set(user=listener(), purpose=Purpose.SELF, granted=True)
    assert ledger_head_publish_due().number == 1
    assert ledger_head_publish_due() is None
    with Unguarded() as cursor:
        cursor.execute(
            "UPDATE accounts_ledgerhead SET published_at = %s", [timezone.now() - timedelta(days=1)]
        )
    assert ledger_head_publish_due().number == 2


def test_a_file_that_missed_a_head_has_it_with_the_next(published, publish, ledger_heads):
    ledger_heads.write_text("")
    publish()
    assert len(ledger_heads.read_text().splitlines()) == 3
    assert list(audit.ledger_verify()) == []


@pytest.mark.django_db(transaction=True)
def test_a_head_waits_for_lines_that_are_being_written(monkeypatch):
    """Their positions are given already: a head that did not wait would miss them for ever."""
    if connection.vendor != "postgresql":
        pytest.skip("on SQLite writers queue up by themselves")
    monkeypatch.setattr(ledger_head, "PATIENCE", "200ms")
    user, begun, over = listener(), threading.Event(), threading.Event()

    def write():
        with transaction.atomic():
            consent_set(user=user, purpose=Purpose.SELF, granted=True)
            begun.set()
            over.wait(20)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert begun.wait(20)
        with pytest.raises(OperationalError):
            ledger_head_publish()
    finally:
        over.set()
        writer.join()
    assert ledger_head_publish().document["lines"] == 1
    assert list(audit.ledger_verify()) == []


@pytest.mark.parametrize("same", ["id", "event_id", "hash", "idempotency_key", "number"])
def test_nothing_is_replaced(published, same):
    """REPLACE deletes what stands in its way without asking the DELETE triggers."""
    table, key = ("accounts_ledgerhead", "number") if same == "number" else (LEDGER, "event_id")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY id LIMIT 1")  # noqa: S608
        columns = [column.name if hasattr(column, "name") else column[0] for column in cursor.description]
        row = dict(zip(columns, cursor.fetchone(), strict=True))
    fresh = {"id": 10**6, "event_id": "0" * 32, "hash": "f" * 64, "idempotency_key": "fresh", "number": 99}
    row |= {name: value for name, value in fresh.items() if name in row and name != same}
    if "document" in row:
        row["document"] = "{}"
    names, places = ", ".join(row), ", ".join(["%s"] * len(row))
    if connection.vendor == "sqlite":
        statement = f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({places})"  # noqa: S608
    else:
        change = "channel = 'x'" if table == LEDGER else "position = 0"
        on = "subject, idempotency_key" if same == "idempotency_key" else same
        statement = (
            f"INSERT INTO {table} ({names}) VALUES ({places}) ON CONFLICT ({on}) DO UPDATE SET {change}"  # noqa: S608
        )
    count = ConsentEvent.objects.count()
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, list(row.values()))
    assert ConsentEvent.objects.count() == count
    assert key in row


@pytest.mark.parametrize("table", [LEDGER, "accounts_ledgerhead", "accounts_ledgertombstone"])
def test_tables_are_not_emptied(published, table):
    statement = f"TRUNCATE {table}" if connection.vendor == "postgresql" else f"DELETE FROM {table}"  # noqa: S608
    if connection.vendor == "sqlite" and table.endswith("tombstone"):
        pytest.skip("there is nothing in it to delete, and SQLite knows no TRUNCATE")
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
