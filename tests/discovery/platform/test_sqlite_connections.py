"""A SQLite connection that goes to the next request brings nothing of the one before."""

import sqlite3

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "some.sqlite3"
    with sqlite3.connect(file) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE number (n INTEGER)")
        made.executemany("INSERT INTO number VALUES (?)", [(n,) for n in range(1_000)])
    return file


@pytest.fixture
def opened(file):
    """A wrapper of its own with every call, as each request has one."""
    return lambda: ConnectionHandler({"default": {"ENGINE": "discovery.platform.sqlite", "NAME": str(file)}})[
        "default"
    ]


def asked(wrapper, sql="SELECT COUNT(*) FROM number"):
    with wrapper.cursor() as cursor:
        return cursor.execute(sql).fetchone()


def test_the_next_has_the_same_one(opened):
    first, second, third = opened(), opened(), opened()
    assert asked(first) == asked(second) == (1_000,)
    held = {first.connection, second.connection}
    assert len(held) == 2, "nobody has what somebody else has"
    first.close()
    second.close()
    assert asked(third) == (1_000,)
    assert third.connection in held
    assert asked(third, "PRAGMA foreign_keys") == (1,)


def test_it_sees_what_is_there_now_whatever_was_left_open(opened, file):
    first = opened()
    left = first.cursor()
    left.execute("SELECT n FROM number")
    left.fetchone()  # of a thousand: the statement is open, and holds the file as it is
    before = first.connection
    first.close()
    with sqlite3.connect(file) as other:
        other.execute("DELETE FROM number WHERE n > 9")
    second = opened()
    assert asked(second) == (10,)
    assert second.connection is before


def test_what_was_not_committed_is_gone(opened):
    first = opened()
    asked(first)
    first.connection.execute("BEGIN")
    first.connection.execute("DELETE FROM number")
    before = first.connection
    first.close()
    second = opened()
    assert asked(second) == (1_000,)
    assert second.connection is before
    assert not second.connection.in_transaction


def test_in_the_middle_of_a_transaction_it_is_closed(opened):
    first = opened()
    first.ensure_connection()
    first.in_atomic_block = True
    before = first.connection
    first.close()
    with pytest.raises(sqlite3.ProgrammingError):
        before.execute("SELECT 1")


def test_another_file_in_its_place_is_the_one_that_is_read(opened, file, tmp_path):
    first = opened()
    asked(first)
    first.close()
    other = tmp_path / "restored.sqlite3"
    with sqlite3.connect(other) as made:
        made.execute("CREATE TABLE number (n INTEGER)")
    made.close()
    other.replace(file)
    for beside in ("-wal", "-shm"):  # of the file before
        file.with_name(file.name + beside).unlink(missing_ok=True)
    assert asked(opened()) == (0,)


def test_after_an_error_a_new_one_is_opened(opened):
    first = opened()
    with pytest.raises(OperationalError):
        asked(first, "SELECT nothing FROM nowhere")
    before = first.connection
    first.close_if_unusable_or_obsolete()
    assert first.connection is None
    second = opened()
    assert asked(second) == (1_000,)
    assert second.connection is not before


def test_not_more_lie_idle_than_are_wanted(opened, monkeypatch):
    monkeypatch.setattr("discovery.platform.sqlite.base.IDLE", 1)
    several = [opened() for _ in range(3)]
    for wrapper in several:
        asked(wrapper)
    held = [wrapper.connection for wrapper in several]
    for wrapper in several:
        wrapper.close()
    usable = 0
    for each in held:
        try:
            each.execute("SELECT 1")
        except sqlite3.ProgrammingError:
            continue
        usable += 1
    assert usable == 1
