"""The database's clock counts where a machine's own is off, and no more than that is made of it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts import policies
from accounts.models import Consent, Purpose
from accounts.services.consent import consent_set
from accounts.services.private_session import private_session_start
from discovery.platform import clock
from discovery.privacy.withdrawals_kept import withdrawals_read
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


@pytest.mark.usefixtures("redis_url")
def test_a_no_is_later_than_the_yes_before_it_on_whichever_machine_it_was_said(
    off, settings, django_capture_on_commit_callbacks
):
    """Else a restore would take the yes for one that came after it."""
    ada, moments = factories.listener("ada"), []
    for ahead, granted in ((3_600, True), (0, False), (3_600, True), (-3_600, False)):
        off(ahead)
        with django_capture_on_commit_callbacks(execute=True):
            consent_set(user=ada, purpose=Purpose.CONTRIBUTE, granted=granted)
        moments.append(Consent.objects.get(user=ada, purpose=Purpose.CONTRIBUTE).changed_at)
    assert moments == sorted(moments)
    assert len(withdrawals_read(settings.WITHDRAWALS)[0]) == 2, "each is written down at once"
