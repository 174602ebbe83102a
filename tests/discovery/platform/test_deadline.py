"""A query that takes too long ends with a code, with what it has; a mutation ends what it began."""

import time

import pytest
from django.db import connection

from accounts.models import Device
from discovery.platform.graphql import deadline
from discovery.platform.graphql.execution import EarshotExecution
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db


@pytest.fixture
def slow(monkeypatch):
    """Have each resolver of these fields take so long, in the database where that is said."""
    resolved = EarshotExecution._resolved

    def patched(fields, *, in_database=False):
        def late(self, field, source, info, first):
            if info.field_name in fields:
                if in_database:
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT pg_sleep(5)")
                value = resolved(self, field, source, info, first)
                time.sleep(0.2)
                return value
            return resolved(self, field, source, info, first)

        monkeypatch.setattr(EarshotExecution, "_resolved", late)

    return patched


def codes(answer):
    return {error["path"][-1]: error["extensions"]["code"] for error in answer.get("errors", ())}


def test_what_was_resolved_before_is_answered(settings, slow):
    settings.QUERY_SECONDS = 0.1
    query = "{ policy { version } activeModel { id } later: activeModel { id } }"
    assert codes(App().ask(query)) == {}
    slow(["activeModel"])
    answer = App().ask(query)
    assert answer["data"]["policy"]["version"]
    assert codes(answer) == {"later": "DEADLINE_EXCEEDED"}
    assert answer["data"]["later"] is None


def test_without_a_deadline_nothing_ends(settings, slow):
    settings.QUERY_SECONDS = 0
    slow(["activeModel"])
    assert codes(App().ask("{ activeModel { id } later: activeModel { id } }")) == {}


def test_a_mutation_is_not_ended(settings, slow):
    settings.QUERY_SECONDS = 0.1
    ada = factories.sharer("ada")
    slow(["createDevice", "name"])
    told = App(ada).data(
        'mutation { createDevice(name: "phone", scopes: [DISCOVER]) { ... on Device { name id } } }'
    )
    assert told["createDevice"]["name"] == "phone"
    assert Device.objects.filter(user=ada, name="phone").exists()


@pytest.mark.django_db(transaction=True)
def test_a_statement_of_a_query_takes_no_longer_and_others_as_long_as_they_take(settings, slow):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no such bound")
    settings.QUERY_SECONDS = 0.1
    slow(["activeModel"], in_database=True)
    for _opened in range(2):  # with the connection that is there, and with one that the query opens
        begun = time.monotonic()
        assert codes(App().ask("{ activeModel { id } }")) == {"activeModel": "DEADLINE_EXCEEDED"}
        assert time.monotonic() - begun < 3
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("0",)
        connection.close()


def test_outside_of_a_query_there_is_none():
    deadline.deadline_ensure()
