"""Pool processes that are killed, and messages that come twice at once: what was asked for is done, once.

Not part of the suite: ``make faults``, which also runs those of the suite in which the worker itself is killed: test_training.py (in the middle
of an epoch), test_privacy.py (at each state of an erasure), test_histories.py and test_export.py in tests/tasks.
"""

import json
import os
import signal
from dataclasses import asdict
from datetime import timedelta

import pytest
from django.utils import timezone

from discovery.models import Erasure
from discovery.platform.redis import QUEUES
from discovery.privacy.erasure import erasure_request
from discovery.privacy.export import data_export_request
from graph.ml.config import RecommenderConfig
from graph.models import History, Listen, ModelVersion, TrainingRun
from graph.sample.community import sample_community_create
from graph.services.history import history_request
from graph.services.uploads import upload_store
from tasks import training
from tasks.errands import errand_send
from tests import factories
from tests.faults.queues import A_ROUND, built, pause, resume, waiting, working
from tests.graph.formats.files import extended
from tests.processes import wait_for

pytestmark = [pytest.mark.worker, pytest.mark.timeout(600)]
PLAYS = 300
TWO = ("one", "other")
# A message is another's after three seconds; whose time is over is looked for every ten, and not only every hundred.
IMPATIENT = """
from kombu.transport.redis import QoS
from tasks.celery import app
app.conf.broker_transport_options = {"visibility_timeout": 3}
looked = QoS.restore_visible
QoS.restore_visible = lambda self, start=0, num=10, interval=1: looked(self, start, num, 1)
"""


def run_of(key):
    return TrainingRun.objects.filter(key=key).first()


def progress_of(key):
    run = run_of(key)
    return run.progress if run else 0.0


def ended(key):
    run = run_of(key)
    return run is not None and run.state != TrainingRun.State.RUNNING


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
