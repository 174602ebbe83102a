"""How often one may ask: counted by all processes together, by each alone without Redis, and said in every protocol."""

import json
import logging
import time

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pyrate_limiter import Rate

from discovery.embedded.redis import RedisServer
from discovery.platform.rates import Own, Rates, rate_of
from tests import factories
from tests.api.client import App


@pytest.fixture
def server(tmp_path):
    with RedisServer(tmp_path / "r.sock", log=tmp_path / "redis.log") as server:
        yield server


def test_a_rate_is_words():
    rate = rate_of("600/m")
    assert rate is not None
    assert (rate.limit, rate.interval, rate.burst) == (600, 60_000, 600)
    assert rate_of("") is None
    for words in ("600", "600/d", "0/m", "-1/m", "m", "６/x"):
        with pytest.raises(ImproperlyConfigured):
            rate_of(words)


def test_all_processes_count_together_and_each_key_alone(server):
    rate, one, other = Rate(3, 3_600_000), Rates(server.url), Rates(server.url)
    assert [one.wait(rate, "a"), other.wait(rate, "a"), one.wait(rate, "a")] == [0, 0, 0]
    assert 1_000 < other.wait(rate, "a") <= 1_200  # a third of an hour
    assert other.wait(rate, "b") == 0


def test_without_redis_each_counts_alone_and_says_so_once(server, caplog):
    rate, one = Rate(2, 3_600_000), Rates(server.url)
    assert one.wait(rate, "a") == 0
    server.stop()
    with caplog.at_level(logging.WARNING, "discovery.platform.rates"):
        assert [one.wait(rate, "a") > 0 for _ in range(4)] == [False, False, True, True]
    assert len([record for record in caplog.records if "counts requests alone" in record.message]) == 1


def test_redis_s_clock_counts_and_not_the_machine_s(server, monkeypatch):
    rate, right, wrong = Rate(2, 60_000), Rates(server.url), Rates(server.url)
    real = time.monotonic_ns
    assert right.wait(rate, "a") == 0
    monkeypatch.setattr(time, "monotonic_ns", lambda: real() + 3_600 * 10**9)  # a machine that was never set
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert wrong.wait(rate, "a") == 0
    monkeypatch.undo()
    assert 0 < right.wait(rate, "a") <= 60
    assert 0 < Rates(server.url).wait(rate, "a") <= 60


def test_a_count_from_a_time_that_is_yet_to_come_is_begun_anew(server):
    rate, one = Rate(2, 60_000), Rates(server.url)
    one._redis_now()
    one._ahead += 3_600_000  # Redis's clock, before somebody set it right
    assert [one.wait(rate, "a") > 0 for _ in range(3)] == [False, False, True]
    one._ahead -= 3_600_000
    assert [one.wait(rate, "a") > 0 for _ in range(3)] == [False, False, True]


def test_what_is_counted_alone_takes_no_more_than_so_much_memory():
    own = Own(most=2)
    first = own.store("a")
    own.store("b")
    assert own.store("a") is first
    own.store("c")
    assert own.store("a") is first
    assert set(own._stores) == {"a", "c"}


PLAYERS = {
    "/1/validate-token": lambda body: json.loads(body)["code"] == 429,
    "/apis/listenbrainz/1/submit-listens": lambda body: json.loads(body)["code"] == 429,
    "/2.0/?format=json": lambda body: json.loads(body)["error"] == 29,
    "/2.0/": lambda body: b'<error code="29">' in body,
    "/submissions/": lambda body: body.startswith(b"FAILED Too many"),
    "/policy/": lambda body: json.loads(body)["errors"][0]["extensions"]["code"] == "RATE_LIMITED",
}


@pytest.mark.django_db
class TestWhoAsksTooOften:
    def test_is_told_when_to_come_back(self, settings, redis_url):
        settings.RATE_VIEWER = "2/h"
        ada, ben = App(factories.sharer("ada")), App(factories.sharer("ben"))
        assert [ada.post({"query": "{ __typename }"}).status_code for _ in range(2)] == [200, 200]
        refused = ada.post({"query": "mutation { withdrawAllConsent { __typename } }"})
        (error,) = refused.json()["errors"]
        assert (refused.status_code, error["extensions"]["code"]) == (429, "RATE_LIMITED")
        assert int(refused["Retry-After"]) == error["extensions"]["retryAfter"] > 1_700
        german = ada.post({"query": "{ __typename }"}, **{"Accept-Language": "de"}).json()["errors"][0]
        assert german["message"].startswith("Zu viele Anfragen")
        assert error["message"].startswith("Too many")
        assert ben.ask("{ __typename }") == {"data": {"__typename": "Query"}}
        assert App().ask("{ __typename }") == {"data": {"__typename": "Query"}}

    def test_is_counted_by_address_before_anything_is_looked_up(
        self, settings, redis_url, django_assert_num_queries
    ):
        settings.RATE_ADDRESS, ada = "2/h", App(factories.sharer("ada"))
        with django_assert_num_queries(3):  # the tokens of those who are let in, and one that is nobody's
            for address, status in (("9.1", 200), ("9.1", 200), ("9.1", 429), ("9.2", 401), ("9.1", 429)):
                headers = ada.headers if status != 401 else {"Authorization": "Bearer nobody"}
                answer = Client().post(
                    "/graphql/", {"query": "{ __typename }"}, content_type="application/json", headers=headers,
                    REMOTE_ADDR=f"10.0.{address}",
                )  # fmt: skip
                assert answer.status_code == status

    def test_and_who_comes_through_a_proxy_by_their_own(self, settings, redis_url):
        settings.RATE_ADDRESS, settings.ALLAUTH_TRUSTED_PROXY_COUNT = "1/h", 1
        told = [
            App().post({"query": "{ __typename }"}, **{"X-Forwarded-For": f"10.3.0.1, {address}"}).status_code
            for address in (
                "10.4.0.1",
                "10.4.0.1",
                "10.4.0.2",
                "2001:db8::1",
                "2001:db8::2",
                "2001:db9::1",
                "?",
            )
        ]
        assert told == [200, 429, 200, 200, 429, 200, 200]

    @pytest.mark.parametrize("path", PLAYERS)
    def test_is_told_in_the_protocol_that_is_spoken(self, settings, redis_url, path):
        settings.RATE_ADDRESS = "1/h"
        client = Client(REMOTE_ADDR=f"10.5.0.{list(PLAYERS).index(path)}")
        first, refused = client.get(path), client.get(path)
        assert first.status_code != 429
        assert refused.status_code == 429
        assert PLAYERS[path](refused.content)
        assert int(refused["Retry-After"]) > 1

    def test_who_watches_over_the_installation_is_not_counted(self, settings, redis_url):
        settings.RATE_ADDRESS = "1/h"
        client = Client(REMOTE_ADDR="10.6.0.1")
        assert {client.get("/livez").status_code for _ in range(3)} == {200}
