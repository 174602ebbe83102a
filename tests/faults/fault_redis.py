"""Redis is away for minutes, or full: pages and the API answer, what is allowed holds at once, and what was asked is done later.

About five minutes, of which EARSHOT_OUTAGE (180) seconds are the outage: long enough for every retry, sign of life, pause and
round of the clock to come around several times.
"""

import os
import time

import httpx
import pytest
import redis
from django.utils import timezone

from accounts.models import Consent
from discovery.models import DataExport, Erasure
from discovery.platform import pulse
from discovery.platform.redis import QUEUES
from graph.models import Listen
from tests import factories
from tests.faults.installation import CONSENT, DISCOVER, PLAYS, QUICK, play
from tests.processes import wait_for

pytestmark = [pytest.mark.worker, pytest.mark.timeout(900)]
OUTAGE = float(os.environ.get("EARSHOT_OUTAGE", "180"))
EXPORT = 'mutation { requestDataExport(password: "correct horse") { __typename ... on OperationInfo { messages { code } } } }'
ERASE = """mutation ($me: String!) { requestErasure(confirm: $me, password: "correct horse") {
  __typename ... on OperationInfo { messages { code } } } }"""
RADIO = """mutation ($seed: ID) { startRadio(seedId: $seed) {
  __typename ... on OperationInfo { messages { code } } } }"""
A_ROUND = 150


@pytest.fixture
def people(transactional_db):
    """Ada, who sees what Ben plays; Eve, who leaves; a track."""
    ada, ben, eve = (factories.sharer(name) for name in ("ada", "ben", "eve"))
    factories.befriended(ada, ben)
    factories.listens(ben, factories.track(), at=timezone.now())
    for user in (ada, ben, eve):
        user.set_password("correct horse")
        user.save()
    return ada, ben, eve


def signs():
    try:
        return pulse.pulse_missing([*QUEUES, pulse.CLOCK]) == []
    except redis.RedisError:
        return False


def one_round(installation, ada, ben, number, track):
    """Everything that is asked all the time, while Redis is in trouble; returns the longest answer."""
    discovered = installation.ask(ada, DISCOVER)
    assert discovered.data["viewer"]["discover"]["degraded"], "soft: there is no model yet, and it says so"
    granted = bool(number % 2)
    set_ = installation.ask(ben, CONSENT, purpose="SOCIAL_OUT", granted=granted)
    assert set_.typename == "ConsentChange"
    assert installation.seen(ada) == int(granted), "the very next request knows"
    assert Consent.objects.get(user=ben, purpose="SOCIAL_OUT").state == (
        "GRANTED" if granted else "WITHDRAWN"
    )
    stored = installation.ask(ada, PLAYS, input=[play(track, number, timezone.now())])
    assert stored.data["recordListens"]["stored"] == 1, stored.body
    radio = installation.ask(ada, RADIO)
    assert (radio.status, radio.codes) == (200, set()), radio.body
    page = httpx.get(f"{installation.address()}/accounts/login/", timeout=30)
    assert page.status_code == 200
    login = httpx.post(
        f"{installation.address()}/accounts/login/", data={"login": "ada", "password": "wrong"}, timeout=30
    )
    assert login.status_code < 500
    return max(answer.seconds for answer in (discovered, set_, stored, radio))


def test_redis_is_away_for_minutes(installation, own_redis, people):
    ada, ben, eve = people
    track = factories.track("Meanwhile")
    installation.web().worker()
    wait_for(signs, seconds=120, what="a sign of life")
    assert installation.get("/readyz").status == 200
    own_redis.child.kill()
    own_redis.child.wait()
    time.sleep(1.5)  # for what is ready is looked at once a second
    until, number, slowest = time.monotonic() + OUTAGE, 0, 0.0
    while time.monotonic() < until:
        slowest = max(slowest, one_round(installation, ada, ben, number, track))
        assert installation.get("/livez").status == 200
        ready = installation.get("/readyz")
        assert (ready.status, ready.body["components"]["redis"]["ok"]) == (503, False)
        if number == 0:
            assert installation.ask(ben, EXPORT).typename == "DataExport"
            erased = installation.ask(eve, ERASE, me=eve.username)
            assert erased.typename == "Erasure", erased.body
            assert installation.ask(eve, DISCOVER).status == 401, "closed at once"
        number += 1
        time.sleep(2)
    print(f"{number} rounds without Redis in {OUTAGE:.0f} s, the slowest answer {slowest:.2f} s")
    assert slowest < QUICK
    last_said = (number - 1) % 2
    installation.ensure_alive("web", "worker")
    own_redis.start()
    back = time.monotonic()
    wait_for(signs, seconds=A_ROUND, what="the worker to find Redis again")
    print(f"signs of life {time.monotonic() - back:.1f} s after Redis")
    assert installation.seen(ada) == last_said
    wait_for(
        lambda: DataExport.objects.filter(user=ben, state="READY").exists(), seconds=A_ROUND, what="export"
    )
    wait_for(lambda: Erasure.objects.get().state == "CLOSED", seconds=A_ROUND, what="erasure")
    print(f"export and erasure done {time.monotonic() - back:.1f} s after Redis")
    assert Listen.objects.filter(user=ada, track__title="Meanwhile").count() == number
    assert not type(eve).objects.filter(pk=eve.pk).exists()
    assert DataExport.objects.filter(user=ben).count() == 1
    assert installation.get("/readyz").status == 200


def test_redis_is_full(installation, own_redis, people):
    ada, ben, _eve = people
    track = factories.track("Meanwhile")
    installation.web().worker()
    wait_for(signs, seconds=120, what="a sign of life")
    with redis.Redis.from_url(own_redis.url) as there:
        there.config_set("maxmemory-policy", "noeviction")
        there.config_set("maxmemory", "1")
        with pytest.raises(redis.OutOfMemoryError):
            there.set("filler", "x")
        slowest = max(one_round(installation, ada, ben, number, track) for number in range(6))
        print(f"6 rounds with a full Redis, the slowest answer {slowest:.2f} s")
        assert slowest < QUICK
        assert installation.ask(ben, EXPORT).typename == "DataExport"
        time.sleep(pulse.KEPT_SECONDS + 5)
        ready = installation.get("/readyz")
        print("readyz says", {name: each["detail"] for name, each in ready.body["components"].items()})
        assert ready.status == 503
        one_round(installation, ada, ben, 7, track)
        installation.ensure_alive("web", "worker")
        there.config_set("maxmemory", "0")
    wait_for(signs, seconds=A_ROUND, what="a sign of life")
    wait_for(
        lambda: DataExport.objects.filter(user=ben, state="READY").exists(), seconds=A_ROUND, what="export"
    )
    assert installation.seen(ada) == 1
    assert Listen.objects.filter(user=ada, track__title="Meanwhile").count() == 7
