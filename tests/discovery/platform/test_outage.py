"""A database that is away is told as 503 with a code, wherever a request was then; every other fault of ours is none of that."""

import json

import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError
from psycopg.errors import QueryCanceled

from accounts.middleware import bearer
from discovery.platform.outage import database_away
from discovery.protocols import listenbrainz
from discovery.recommend import feed
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db
AWAY, BROKEN = OperationalError("the connection is closed"), ProgrammingError("no such column")
DISCOVER = "{ viewer { discover { degraded } } }"


def raising(error):
    def raises(*_args, **_named):
        raise error

    return raises


@pytest.fixture
def ada():
    app = App(factories.sharer("ada"))
    app.client.raise_request_exception = False
    return app


@pytest.mark.parametrize("place", [(bearer, "valid_token"), (feed, "for_you")])
def test_503_wherever_it_is_noticed(ada, monkeypatch, place):
    monkeypatch.setattr(*place, raising(AWAY))
    told = ada.post({"query": DISCOVER}, **{"Accept-Language": "de"})
    (error,) = told.json()["errors"]
    assert (told.status_code, error["extensions"]["code"]) == (503, "UNAVAILABLE")
    assert int(told["Retry-After"]) > 0
    assert "Datenbank" in error["message"]
    assert "closed" not in told.content.decode()


@pytest.mark.parametrize(("place", "status"), [((bearer, "valid_token"), 500), ((feed, "for_you"), 200)])
def test_a_fault_of_ours_is_no_outage(ada, monkeypatch, place, status):
    monkeypatch.setattr(*place, raising(BROKEN))
    told = ada.post({"query": DISCOVER})
    assert told.status_code == status
    assert "UNAVAILABLE" not in told.content.decode()


def test_players_hear_it_in_their_own_words(monkeypatch):
    app = App()
    app.client.raise_request_exception = False
    monkeypatch.setattr(listenbrainz, "by_header", raising(AWAY))
    told = app.client.get("/1/validate-token", headers={"Authorization": "Token x"})
    assert (told.status_code, json.loads(told.content)["code"]) == (503, 503)


def test_what_is_no_outage():
    slow = OperationalError("canceling statement")
    slow.__cause__ = QueryCanceled()
    assert [database_away(error) for error in (AWAY, InterfaceError(), slow, BROKEN, None)] == [
        True, True, False, False, False,
    ]  # fmt: skip
