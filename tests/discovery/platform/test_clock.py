"""The database's clock counts where a machine's own is off, and no more than that is made of it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts import policies
from accounts.services.private_session import private_session_start
from discovery.platform import clock
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def off(monkeypatch):
    """``off(seconds)``: this machine's clock is ahead by so much, and it has asked the database."""
    monkeypatch.setattr(clock, "_heard", None)
    real = timezone.now

    def off(seconds):
        monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(seconds=seconds))
        monkeypatch.setattr(clock, "_heard", None)
        clock._opened(connection=connection)
        return real

    return off


@pytest.mark.parametrize("seconds", [3_600, -3_600])
def test_a_machine_that_is_off_goes_by_the_database(off, seconds):
    real = off(seconds)
    assert abs(clock.now() - real()) < timedelta(seconds=1)
    assert abs(clock.clock_skew() - timedelta(seconds=seconds)) < timedelta(seconds=1)


def test_one_that_is_near_goes_by_itself(off):
    real = off(1)
    assert clock.clock_skew() is None
    assert clock.now() - real() > timedelta(seconds=0.9)


def test_nothing_is_asked_twice_within_a_minute(monkeypatch):
    asked = []

    class Database:
        vendor = "postgresql"

        def __init__(self):
            self.connection = self

        def execute(self, sql):
            asked.append(sql)
            return self

        def fetchone(self):
            return (timezone.now(),)

    monkeypatch.setattr(clock, "_heard", None)
    clock._opened(connection=Database())
    clock._opened(connection=Database())
    assert len(asked) == 1
    up = clock._up()
    monkeypatch.setattr(clock, "_up", lambda: up + clock.EVERY_SECONDS)
    clock._opened(connection=Database())
    assert len(asked) == 2


def test_a_private_session_lasts_as_long_wherever_it_is_looked_at(off):
    ada = private_session_start(user=factories.sharer("ada"))
    off(7 * 3_600)
    assert policies.in_private_session(ada)
    assert ada.private_until < timezone.now()
