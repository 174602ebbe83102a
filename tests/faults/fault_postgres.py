"""PostgreSQL is started again under requests and a training, and is away for a minute: 503 with a code, and everything goes on after.

About three minutes.
"""

import asyncio
import json
import threading
import time

import httpx
import pytest
import websockets
from django.db import connection
from django.utils import timezone

from accounts.models import Consent
from graph.models import ModelVersion, TrainingRun
from graph.sample.community import sample_community_create
from graph.serving import active_model
from tasks.errands import errand_send
from tests import factories
from tests.faults.installation import CONSENT, DISCOVER, PLAYS, QUICK, play
from tests.processes import wait_for

pytestmark = [pytest.mark.worker, pytest.mark.timeout(900)]
DOWN = 60.0


def asked(condition):
    """A condition of the database's, which may be away."""

    def found():
        try:
            return condition()
        except Exception as error:
            if "OperationalError" not in type(error).__name__:
                raise
            connection.close()
            return None

    return found


def run_of(key):
    return TrainingRun.objects.filter(key=key).first()


def ended(key):
    run = run_of(key)
    return run is not None and run.state != TrainingRun.State.RUNNING


class Asking:
    """Asks without a pause, each time for something else, until the block ends."""

    def __init__(self, installation, user, track):
        self.answers, self._over = [], threading.Event()
        self._arguments = installation, user, track
        self._thread = threading.Thread(target=self._ask)

    def _ask(self):
        installation, user, track = self._arguments
        number = 0
        while not self._over.is_set():
            number += 1
            for query, variables in (
                (DISCOVER, {}),
                (PLAYS, {"input": [play(track, number, timezone.now())]}),
                (CONSENT, {"purpose": "SOCIAL_OUT", "granted": bool(number % 2)}),
            ):
                answer = installation.ask(user, query, **variables)
                self.answers.append((query, variables, answer))
            time.sleep(0.02)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()


def judged(asking):
    """Every answer is good, or says 503 with a code and when to come back; returns how many of each."""
    good = [entry for entry in asking.answers if entry[2].status == 200 and not entry[2].codes]
    refused = [entry for entry in asking.answers if entry not in good]
    for _query, _variables, answer in refused:
        assert (answer.status, answer.codes) == (503, {"UNAVAILABLE"}), answer
        assert int(answer.headers["retry-after"]) > 0
    return good, refused


def acknowledged_is_there(good, user):
    told = [variables["input"][0]["sourceId"] for query, variables, _ in good if query == PLAYS]
    kept = set(user.listens.filter(source="faults").values_list("source_id", flat=True))
    assert set(told) <= kept, "an acknowledged play is gone"
    assert len(kept) == user.listens.filter(source="faults").count()
    return len(told)


def test_postgres_is_started_again_under_a_training_and_requests(installation, postgres, monkeypatch):
    monkeypatch.setattr(active_model, "_served", None)
    sample_community_create(listeners=120, now=timezone.now())
    user, track = factories.sharer("asking"), factories.track("Meanwhile")
    installation.token(user)
    installation.web().worker()
    errand_send("tasks.training.train", "first")
    wait_for(lambda: ended("first"), seconds=180, what="a first training")
    assert run_of("first").state == "DONE", run_of("first").error
    errand_send("tasks.training.train", "second")
    wait_for(
        lambda: (run := run_of("second")) and run.progress > 0.1, seconds=120, what="a second one under way"
    )
    with Asking(installation, user, track) as asking:
        time.sleep(1)
        connection.close()
        postgres.pause()
        time.sleep(2)
        postgres.resume()
        time.sleep(2)
    good, refused = judged(asking)
    stored = acknowledged_is_there(good, user)
    said = [variables["granted"] for query, variables, _ in good if query == CONSENT]
    slowest = max(answer.seconds for *_, answer in asking.answers)
    print(
        f"{len(good)} good answers ({stored} plays, {len(said)} consents), {len(refused)} refused, slowest {slowest:.2f} s"
    )
    assert refused
    assert slowest < 2 * QUICK
    assert asking.answers[-1][2].status == 200, "afterwards it answers"
    assert Consent.objects.get(user=user, purpose="SOCIAL_OUT").state == (
        "GRANTED" if said[-1] else "WITHDRAWN"
    )
    wait_for(asked(lambda: ended("second")), seconds=240, what="the second training, or its rerun")
    run = run_of("second")
    print(f"the training that ran is {run.state} with fence {run.fence} {run.error}")
    assert run.state == "DONE"
    assert ModelVersion.objects.filter(state="ACTIVE").count() == 1
    installation.ensure_alive("web", "worker")


def test_postgres_is_away_for_a_minute(installation, postgres):
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    factories.befriended(ada, ben)
    factories.listens(ben, factories.track(), at=timezone.now())
    installation.web().worker()
    assert installation.seen(ada) == 1
    assert installation.ask(ben, CONSENT, purpose="SOCIAL_OUT", granted=False).typename == "ConsentChange"
    token = installation.token(ada)
    said = threading.Thread(target=lambda: closes.append(asyncio.run(socket_close(installation, token))))
    closes = []
    said.start()
    time.sleep(2)
    connection.close()
    postgres.pause()
    until, slowest, statuses = time.monotonic() + DOWN, 0.0, set()
    time.sleep(1.5)  # what is ready is looked at once a second
    while time.monotonic() < until:
        for query, variables in ((DISCOVER, {}), (CONSENT, {"purpose": "SOCIAL_OUT", "granted": True})):
            answer = installation.ask(ada, query, **variables)
            assert (answer.status, answer.codes) == (503, {"UNAVAILABLE"}), answer
            assert int(answer.headers["retry-after"]) > 0
            slowest = max(slowest, answer.seconds)
        german = installation.ask(ada, DISCOVER, headers={"Accept-Language": "de"})
        assert "Datenbank" in german.body["errors"][0]["message"]
        page = httpx.get(f"{installation.address()}/accounts/login/", timeout=30)
        player = installation.get("/1/validate-token", headers={"Authorization": f"Token {token}"})
        statuses |= {page.status_code, player.status}
        assert installation.get("/livez").status == 200
        ready = installation.get("/readyz")
        assert (ready.status, ready.body["components"]["database"]["ok"]) == (503, False)
        time.sleep(3)
    said.join(timeout=60)
    print(f"slowest answer {slowest:.2f} s; pages and players: {statuses}; the socket closed with {closes}")
    assert slowest < 2 * QUICK
    assert statuses <= {200, 503}, statuses
    assert closes
    assert closes[0] in {1013, 1011}
    postgres.resume()
    back = time.monotonic()
    wait_for(lambda: installation.get("/readyz").status == 200, seconds=30, what="ready again")
    assert installation.seen(ada) == 0, "what was withdrawn before is withdrawn after"
    print(f"ready {time.monotonic() - back:.1f} s after PostgreSQL")
    installation.ensure_alive("web", "worker")
    errand_send("tasks.training.train", "after")
    wait_for(lambda: ended("after"), seconds=120, what="the worker to go on")


async def socket_close(installation, token):
    """Subscribe, and wait until the socket closes: the code it closes with."""
    address = installation.address().replace("http", "ws") + "/graphql/"
    async with websockets.connect(address, subprotocols=["graphql-transport-ws"]) as socket:
        await socket.send(
            json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}})
        )
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        try:
            async with asyncio.timeout(80):
                async for _message in socket:
                    pass
        except websockets.ConnectionClosed:
            pass
        except TimeoutError:
            return None
        return socket.close_code
