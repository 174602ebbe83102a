"""A prepared rule answers as the queryset it was made from, for everybody and at every moment, and keeps no answer."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import policies
from accounts.models import Purpose
from accounts.services.consent import consent_set
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def test_each_person_gets_their_own_answer_and_a_changed_one_with_the_next_question():
    ada, ben = factories.listener(), factories.listener()
    consent_set(user=ada, purpose=Purpose.SELF, granted=True)
    consent_set(user=ben, purpose=Purpose.NAMED, granted=True)
    assert policies.granted_purposes(ada) == {Purpose.SELF}
    assert policies.granted_purposes(ben) == {Purpose.NAMED}
    consent_set(user=ada, purpose=Purpose.SELF, granted=False)
    assert policies.granted_purposes(ada) == frozenset()


def test_the_moment_is_that_of_the_question(monkeypatch):
    ada = factories.listener()
    soon = timezone.now() + timedelta(hours=1)
    consent_set(user=ada, purpose=Purpose.SELF, granted=True, valid_until=soon)
    assert policies.granted_purposes(ada) == {Purpose.SELF}
    monkeypatch.setattr(timezone, "now", lambda: soon)
    assert policies.granted_purposes(ada) == frozenset()


def test_the_statement_is_made_once():
    ada = factories.listener()
    made = []
    rule = policies.Prepared(lambda user, now: made.append(user) or policies._sources_of(user, now))
    with CaptureQueriesContext(connection) as asked:
        assert rule.rows(ada) == rule.rows(ada) == []
    assert (len(made), len(asked)) == (1, 2)
