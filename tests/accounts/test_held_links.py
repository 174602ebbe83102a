"""What a process holds of friendships obeys the very next answer to what anybody commits, and never less than the database."""

import threading
from datetime import timedelta
from itertools import pairwise
from unittest import mock

import numpy as np
import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import held_links, link_log
from accounts.held_links import HeldLinks, everything, links_now
from accounts.link_log import CHANGES_KEPT, link_changes_forget
from accounts.models import Block, Consent, Friendship, LinkChange, Purpose, User
from accounts.pairs import FindableLinks
from discovery.platform import clock
from tests.factories import answered, befriended, blocked, listener

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    """A process that has read nothing yet."""
    monkeypatch.setattr(held_links, "_known", None)
    monkeypatch.setattr(held_links, "_next_reading", 0.0)


@pytest.fixture
def row():
    """Four people in a row, each of whom can be found and knows the next: held."""
    people = [answered(listener(), Purpose.DISCOVERABLE) for _ in range(4)]
    for one, other in pairwise(people):
        befriended(one, other)
    assert isinstance(links_now(), HeldLinks)
    return people


def said(links, *people):
    """What is said of these: their links, and which of them can be found."""
    keys = np.array(sorted(person.pk for person in people), dtype=np.int64)
    whose, whom = links.of(keys)
    return list(zip(whose.tolist(), whom.tolist(), strict=True)), links.findable(keys).tolist()


def known_to(person):
    links = links_now()
    assert isinstance(links, HeldLinks), "answered from memory"
    return links.of(np.array([person.pk]))[1].tolist()


def run(sql, *given):
    with connection.cursor() as cursor:
        cursor.execute(sql, given)


def changed(person, **fields):
    User.objects.filter(pk=person.pk).update(**fields)


WITHDRAWN = "UPDATE accounts_consent SET state = 'WITHDRAWN' WHERE user_id = %s"
ENDS = {
    "withdrawn": lambda _, other: run(WITHDRAWN, other.pk),
    "withdrawn by oneself": lambda one, _: run(WITHDRAWN, one.pk),
    "answer deleted": lambda _, other: run("DELETE FROM accounts_consent WHERE user_id = %s", other.pk),
    "answer of another purpose": lambda _, other: run(
        "UPDATE accounts_consent SET purpose = 'RECORD' WHERE user_id = %s", other.pk
    ),
    "ran out": lambda _, other: run(
        "UPDATE accounts_consent SET valid_until = '2020-01-01' WHERE user_id = %s", other.pk
    ),
    "blocked": blocked,
    "blocked by the other": lambda one, other: blocked(other, one),
    "friendship ended": lambda one, _: run("DELETE FROM accounts_friendship WHERE low_id = %s", one.pk),
    "friendship only asked for": lambda one, _: run(
        "UPDATE accounts_friendship SET state = 'REQUESTED' WHERE low_id = %s", one.pk
    ),
    "inactive": lambda _, other: changed(other, is_active=False),
    "a minor": lambda _, other: changed(other, is_minor=True),
    "gone": lambda _, other: other.delete(),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_a_link_ends_it_with_the_next_answer(row, end):
    one, other = row[:2]
    assert known_to(one) == [other.pk]
    ENDS[end](one, other)
    assert known_to(one) == []
    assert said(links_now(), *row[2:]) == said(FindableLinks(), *row[2:])


def test_what_makes_a_link_makes_it_with_the_next_answer(row):
    new = listener()
    befriended(row[0], new)
    assert known_to(row[0]) == [row[1].pk]
    answered(new, Purpose.DISCOVERABLE)
    assert known_to(row[0]) == [row[1].pk, new.pk]
    block = Block.objects.create(blocker=new, blocked=row[0])
    assert known_to(row[0]) == [row[1].pk]
    block.delete()
    assert known_to(row[0]) == [row[1].pk, new.pk]


def test_a_guardian_who_goes_leaves_a_minor_unfound(row):
    guardian = listener()
    User.objects.filter(pk=row[1].pk).update(is_minor=True, guardian=guardian)
    assert known_to(row[0]) == [row[1].pk]
    guardian.delete()
    assert known_to(row[0]) == []


def test_a_consent_that_ends_by_the_clock_ends_with_no_write(row):
    end = timezone.now() + timedelta(hours=1)
    Consent.objects.filter(user=row[1]).update(valid_until=end)
    assert known_to(row[0]) == [row[1].pk]
    told = LinkChange.objects.count()
    with mock.patch.object(clock, "now", return_value=end - timedelta(seconds=1)):
        assert known_to(row[0]) == [row[1].pk]
    with mock.patch.object(clock, "now", return_value=end):
        assert known_to(row[0]) == []
    assert LinkChange.objects.count() == told


def test_what_is_rolled_back_was_never_so_and_hides_nothing_that_comes_after(row):
    with transaction.atomic():
        ENDS["withdrawn"](*row[:2])
        assert known_to(row[0]) == [], "what a transaction did counts in it"
        transaction.set_rollback(True)
    assert known_to(row[0]) == [row[1].pk]
    ENDS["friendship ended"](*row[:2])
    assert known_to(row[0]) == []


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="one writes at a time")
def test_a_transaction_that_commits_late_is_not_passed_over(row):
    written, may_commit = threading.Event(), threading.Event()

    def late():
        with transaction.atomic():
            ENDS["withdrawn"](*row[:2])
            written.set()
            may_commit.wait(20)
        connection.close()

    writer = threading.Thread(target=late)
    writer.start()
    assert written.wait(20)
    befriended(row[0], row[3])  # a later line of the log, committed before
    assert known_to(row[0]) == [row[1].pk, row[3].pk]
    may_commit.set()
    writer.join()
    assert known_to(row[0]) == [row[3].pk]


def test_what_a_database_alone_can_do_to_rows_is_noticed(row):
    """SQLite's REPLACE, PostgreSQL's TRUNCATE."""
    consent = Consent.objects.get(user=row[1])
    if connection.vendor == "sqlite":
        run(
            "REPLACE INTO accounts_consent (id, user_id, purpose, state, policy_version, changed_at)"
            " VALUES (%s, %s, 'RECORD', 'GRANTED', 'test', '2026-01-01')", consent.pk, row[3].pk,
        )  # fmt: skip
        assert known_to(row[0]) == []
    else:
        run("TRUNCATE accounts_friendship")
        assert said(links_now(), *row)[0] == []


def test_without_its_triggers_nothing_is_held(row):
    table = "" if connection.vendor == "sqlite" else " ON accounts_block"
    name = "accounts_block_links_told_delete" if connection.vendor == "sqlite" else "links_told_delete"
    with transaction.atomic():
        run(f"DROP TRIGGER {name}{table}")
        assert isinstance(links_now(), FindableLinks)
        transaction.set_rollback(True)
    assert isinstance(links_now(), HeldLinks)


@pytest.mark.parametrize("cut", ["emptied", "forgotten", "put back"])
def test_a_log_that_is_cut_off_is_believed_no_further(row, cut, monkeypatch):
    last = LinkChange.objects.latest("pk")
    if cut == "emptied":
        LinkChange.objects.all().delete()
    elif cut == "forgotten":
        LinkChange.objects.update(at=timezone.now() - 2 * CHANGES_KEPT)
        assert link_changes_forget() > 0
        assert LinkChange.objects.get() == last, "the last one says where the log stands"
    else:  # as a copy from before would be, in which another line has the last one's place
        LinkChange.objects.filter(pk=last.pk).update(mark=1)
    assert isinstance(links_now(), FindableLinks), "everything was read just now"
    monkeypatch.setattr(held_links, "_next_reading", 0.0)
    assert isinstance(links_now(), FindableLinks if cut == "emptied" else HeldLinks)
    ENDS["withdrawn"](*row[:2])
    assert said(links_now(), *row) == said(FindableLinks(), *row)


def test_many_changes_at_once_are_read_anew_but_not_at_every_request(row, monkeypatch):
    monkeypatch.setattr(link_log, "MOST", 1)
    for just_read, ended in ((False, row[:2]), (True, row[2:])):
        monkeypatch.setattr(held_links, "_next_reading", held_links.time.monotonic() + 60 * just_read)
        ENDS["withdrawn"](*ended)
        ENDS["friendship ended"](*ended)
        assert said(links_now(), *row) == said(FindableLinks(), *row)
        assert isinstance(links_now(), FindableLinks if just_read else HeldLinks)


def test_a_key_too_great_for_memory_is_asked_of_the_database(row, monkeypatch):
    monkeypatch.setattr(held_links, "MOST_KEY", row[-1].pk)
    giant = answered(listener(), Purpose.DISCOVERABLE)
    befriended(row[0], giant)
    assert isinstance(links_now(), FindableLinks)
    assert said(links_now(), *row, giant) == said(FindableLinks(), *row, giant)


DEEDS = st.sampled_from(
    ["grant", "withdraw", "date", "befriend", "ask", "end", "block", "unblock", "leave", "return", "age"]
)
ENDINGS = st.tuples(DEEDS, st.integers(0, 5), st.integers(0, 5), st.booleans())


def do(people, deed, one, other):
    first, second = sorted((people[one], people[other]), key=lambda person: person.pk)
    if deed in {"grant", "withdraw", "date"}:
        Consent.objects.update_or_create(
            user=people[one], purpose=Purpose.DISCOVERABLE, friend=None,
            defaults={
                "state": "WITHDRAWN" if deed == "withdraw" else "GRANTED", "policy_version": "test",
                "changed_at": timezone.now(), "valid_until": timezone.now() if deed == "date" else None,
            },
        )  # fmt: skip
    elif deed in {"leave", "return"}:
        User.objects.filter(pk=people[one].pk).update(is_active=deed == "return")
    elif deed == "age":
        User.objects.filter(pk=people[one].pk).update(is_minor=other % 2 == 0)
    elif first == second:
        return
    elif deed in {"befriend", "ask"}:
        Friendship.objects.update_or_create(
            low=first, high=second,
            defaults={"requested_by": first, "state": "ACCEPTED" if deed == "befriend" else "REQUESTED"},
        )  # fmt: skip
    elif deed == "end":
        Friendship.objects.filter(low=first, high=second).delete()
    elif deed == "block":
        Block.objects.get_or_create(blocker=people[one], blocked=people[other])
    else:
        Block.objects.filter(blocker__in=(first, second), blocked__in=(first, second)).delete()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ENDINGS, min_size=1, max_size=12))
def test_memory_and_database_say_the_same_after_whatever_was_done(deeds):
    people = [answered(listener(), Purpose.DISCOVERABLE) for _ in range(6)]
    befriended(people[0], *people[1:4])
    assert said(links_now(), *people) == said(FindableLinks(), *people)
    for deed, one, other, looked in deeds:
        do(people, deed, one, other)
        if looked:
            assert said(links_now(), *people) == said(FindableLinks(), *people)
    links = links_now()
    assert said(links, *people) == said(FindableLinks(), *people) == said(everything(), *people)
    assert isinstance(links, HeldLinks)
