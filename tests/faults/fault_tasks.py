"""Pool processes that are killed, and messages that come twice at once: what was asked for is done, once.

Not part of the suite: ``make faults`` (about eight minutes), which also runs those of the suite in which the worker itself is killed: test_training.py (in the middle
of an epoch), test_privacy.py (at each state of an erasure), test_histories.py and test_export.py in tests/tasks.
"""

import json
import os
import signal
import threading
from dataclasses import asdict
from datetime import timedelta

import psutil
import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from discovery.models import Erasure
from discovery.platform.redis import QUEUES
from discovery.privacy.erasure import erasure_request
from discovery.privacy.export import data_export_request
from graph.ml.config import RecommenderConfig
from graph.models import FriendNews, History, Listen, ModelVersion
from graph.sample.community import sample_community_create
from graph.services.history import history_request
from graph.services.uploads import upload_store
from tasks import training
from tasks.celery import app
from tasks.errands import errand_send
from tests import factories
from tests.discovery.realtime.sockets import Subscriber
from tests.faults.queues import A_ROUND, built, pause, resume, waiting, working
from tests.graph.formats.files import extended
from tests.privacy.test_erasure import published
from tests.processes import wait_for
from tests.tasks import test_histories as import_
from tests.tasks import test_privacy as erasing
from tests.tasks.test_training import ended, progress_of, run_of

pytestmark = [pytest.mark.worker, pytest.mark.timeout(600)]
PLAYS = 300
NEWS = 15
TWO = ("one", "other")
# A message is another's after three seconds; whose time is over is looked for every ten, and not only every hundred.
IMPATIENT = """
from kombu.transport.redis import QoS
from tasks.celery import app
app.conf.broker_transport_options = {"visibility_timeout": 3}
looked = QoS.restore_visible
QoS.restore_visible = lambda self, start=0, num=10, interval=1: looked(self, start, num, 1)
"""


def history_of(user):
    begin = timezone.now() - timedelta(days=30)
    rows = [
        extended(
            ts=(begin + timedelta(minutes=5 * number)).isoformat(),
            spotify_track_uri=f"spotify:track:{number % 50}",
            master_metadata_track_name=f"Song {number % 50}",
        )
        for number in range(PLAYS)
    ]
    return history_request(user=user, upload=upload_store(user=user, pieces=[json.dumps(rows).encode()]))


def test_one_message_comes_to_two_workers_at_once(installation):
    """An export, an erasure, an import; a training is below."""
    for name in TWO:
        installation.worker(name, clock=False).until(name, working, what="a sign of life")
        pause(installation.children[name])
    ada, ben, eve = (factories.sharer(name) for name in ("ada", "ben", "eve"))
    factories.listens(ben, factories.track(), 3)
    export, history = data_export_request(user=ada), history_of(eve)
    erasure = erasure_request(user=ben, confirm="ben")
    for task, row in (
        ("tasks.privacy.export_build", export),
        ("tasks.privacy.erasure_advance", erasure),
        ("tasks.histories.history_read", history),
    ):
        errand_send(task, str(row.pk))
    assert (waiting("privacy"), waiting("imports")) == (4, 2)
    for name in TWO:
        resume(installation.children[name])
    wait_for(lambda: built(export), seconds=A_ROUND, what="the export")
    wait_for(lambda: History.objects.get().state == "DONE", seconds=A_ROUND, what="the import")
    wait_for(lambda: Erasure.objects.get().receipt, seconds=A_ROUND, what="the receipt")
    wait_for(lambda: not any(map(waiting, QUEUES)), seconds=30, what="every message to be taken")
    assert [path.name for path in export.path.parent.glob("*.zip")] == [export.path.name]
    history.refresh_from_db()
    assert (history.rows_read, history.stored) == (PLAYS, PLAYS)
    assert Listen.objects.filter(user=eve).count() == PLAYS
    assert Erasure.objects.get().receipt["deleted"]["graph.Listen.user"] == 3


def test_a_training_longer_than_the_brokers_patience_runs_once(installation):
    sample_community_create(listeners=120, now=timezone.now())
    for name in TWO:
        installation.worker(name, clock=False, program=IMPATIENT).until(name, working, what="a sign of life")
    training.train.delay(key="long", config=asdict(RecommenderConfig()))
    installation.until(TWO[0], lambda: ended("long"), what="the training")
    run = run_of("long")
    assert (run.state, run.fence, run.error) == ("DONE", 1, "")
    took = (run.ended_at - run.started_at).total_seconds()
    assert took > 6, f"{took:.1f} s is no longer than the broker waits"
    assert ModelVersion.objects.count() == 1
    logs = [installation.log(name) for name in TWO]
    received = sum(log.count("Task tasks.training.train[") for log in logs)
    refused = sum(log.count("long is done or in other hands") for log in logs)
    print(
        f"{took:.0f} s of training, {received} lines of its message, {refused} deliveries that left at once"
    )
    assert refused >= 1, "it was delivered again"


def test_a_pool_process_killed_in_a_training_is_followed_by_one_that_ends_it(installation):
    sample_community_create(listeners=120, now=timezone.now())
    installation.worker(TRAINING_LEASE_SECONDS="3").until("worker", working, what="a sign of life")
    training.train.delay(key="killed")
    installation.until("worker", lambda: 0.1 < progress_of("killed") < 0.95, what="the middle of it")
    os.kill(int(run_of("killed").holder.rpartition(":")[2]), signal.SIGKILL)
    installation.until("worker", lambda: ended("killed"), what="the rerun", seconds=A_ROUND + 120)
    run = run_of("killed")
    assert (run.state, run.fence, run.error) == ("DONE", 2, "")
    assert ModelVersion.objects.count() == 1


# -- a pool process is killed, and its worker lives


@pytest.fixture
def pool(installation):
    """A worker with the clock beside it, and a way to kill the one process that works for it."""
    installation.worker(clock=False).until("worker", working, what="a sign of life")
    installation.clock()
    worker = psutil.Process(installation.children["worker"].pid)

    def kill():
        (process,) = worker.children()
        process.kill()
        process.wait(20)
        return process.pid

    yield kill
    assert worker.is_running(), "the worker itself goes on"
    installation.ensure_alive("worker", "beat")


def test_a_pool_process_killed_in_an_import_is_followed_by_one_that_goes_on(installation, pool):
    ada = factories.sharer("ada")
    with transaction.atomic(), connection.cursor() as cursor:
        history = history_request_now(ada)
        cursor.execute("LOCK TABLE graph_historyrow IN ACCESS EXCLUSIVE MODE")
        installation.until("worker", import_.waits, what="a first verdict")
        pool()
        cursor.execute(f"SELECT pg_terminate_backend(pid, 20000) {import_.WAITING}")
    history.refresh_from_db()
    half = history.rows_read
    assert (history.state, 0 < half < import_.PLAYS) == ("RUNNING", True)
    assert Listen.objects.filter(user=ada).count() == half
    installation.until(
        "worker", lambda: History.objects.get().state == "DONE", what="its end", seconds=A_ROUND
    )
    history.refresh_from_db()
    assert (history.rows_read, history.stored, history.skipped) == (import_.PLAYS, import_.PLAYS - 2, 2)
    assert Listen.objects.filter(user=ada).count() == import_.PLAYS - 2
    assert sum(row.last - row.first + 1 for row in history.rows.all()) == 2
    print(f"killed at row {half} of {import_.PLAYS}; every play is there once")


def history_request_now(user):
    """Committed, and asked for, whatever transaction this is in."""
    made = []

    def request():
        made.append(history_request(user=user, upload=upload_store(user=user, pieces=[import_.content()])))
        connection.close()

    thread = threading.Thread(target=request)
    thread.start()
    thread.join()
    return made[0]


@pytest.mark.parametrize("state", ["PURGED", "RETRAINED", "CLOSED"])
def test_a_pool_process_killed_in_an_erasure_is_followed_by_one_that_ends_it(installation, pool, state):
    """As it is about to note that a step is done."""
    ada = erasing.person()
    trained()
    if state != "PURGED":  # which no model has to wait for
        erasure = erasure_request(user=ada, confirm=ada.username)
        installation.until("worker", lambda: state_of(erasure) == "PURGED", what="a first step")
    with erasing.every_state_held() as lock:
        lock("lock", state)
        if state == "PURGED":
            erasure = erasure_request(user=ada, confirm=ada.username)
        else:
            trained()
            errand_send("tasks.privacy.erasure_advance", str(erasure.pk))
        installation.until("worker", lambda: erasing.waits_for(state), what=f"the step to {state}")
        before = state_of(erasure)
        pool()
        erasing.hang_up(state)
        assert state_of(erasure) == before, "nothing of a step is half done"
        assert User.objects.filter(pk=ada.pk).exists() == (state == "PURGED")
        lock("unlock", state)
    if state == "PURGED":
        installation.until("worker", lambda: state_of(erasure) == "PURGED", what="the step", seconds=A_ROUND)
        trained()
    installation.until("worker", lambda: state_of(erasure) == "CLOSED", what="its end", seconds=A_ROUND)
    receipt = Erasure.objects.get().receipt
    assert receipt["deleted"]["graph.Listen.user"] == 6
    assert receipt["cleanModel"]["trainingEdges"]["inBoth"] == 0
    assert not User.objects.filter(pk=ada.pk).exists()


def trained():
    """Whole, as a worker sees it that looks meanwhile."""
    with transaction.atomic():
        published()


def state_of(erasure):
    return Erasure.objects.get(pk=erasure.pk).state


# -- news of a process that died before it told them


def test_news_that_two_workers_are_asked_for_at_once_are_told_once_and_in_order(installation):
    installation.web()
    for name in TWO:
        installation.worker(name, clock=False).until(name, working, what="a sign of life")
        pause(installation.children[name])
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    factories.befriended(ada, ben)
    heard = Subscriber(installation.ports["web"], installation.token(ada))
    heard.subscribe("subscription { friendActivity { item { ... on Track { title } } } }")
    lately = timezone.now() - timedelta(minutes=5)
    titles = [f"Song {number}" for number in range(NEWS)]
    for number, title in enumerate(titles):
        (play,) = factories.listens(ben, factories.track(title), at=lately + timedelta(seconds=number))
        FriendNews.objects.create(user=ben, listens=[play.pk])
    for _ in TWO:
        app.send_task("tasks.outbox.news_deliver")
    assert waiting("serving") == 2
    for name in TWO:
        resume(installation.children[name])
    told = [heard.data()["item"]["title"] for _ in titles]
    assert told == titles
    assert heard.silent(seconds=3), "and none again"
    wait_for(lambda: not FriendNews.objects.exists(), seconds=10, what="an empty outbox")
    taken = [installation.log(name).count("tasks.outbox.news_deliver") for name in TWO]
    print(f"{len(told)} told once each, in order; lines of the message in the two logs: {taken}")
    assert all(taken), "each worker had one"
