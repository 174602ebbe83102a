"""A served model whose files are damaged, and a new one of which nobody is told, under web processes and a worker.

Not part of the suite: ``make faults``, which also runs tests/graph/serving/test_healing.py (each kind of damage, what is no number, models that
saw somebody who was erased: refused by the commands and in the admin, and never a stand-in).
"""

import pytest

from discovery.platform.redis import QUEUES
from graph.models import ModelVersion
from graph.serving.storage import artifact_directory
from tasks.celery import app
from tests import factories
from tests.faults.queues import working
from tests.graph.serving.test_healing import bit
from tests.graph.small_artifact import write_artifact
from tests.graph.training.test_publish import publish
from tests.processes import wait_for

pytestmark = [pytest.mark.worker, pytest.mark.timeout(300)]
ASKED = "{ viewer { discover(first: 1) { degraded modelVersion { id } edges { node { __typename } } } } }"


def test_web_serves_on_while_a_flipped_bit_is_found_by_the_worker_and_then_the_model_before(installation):
    ada, track = factories.sharer("ada"), factories.track()
    write = lambda folder: write_artifact(folder, {"TRACK": {track.pk: (1.0,)}})  # noqa: E731
    installation.web()

    def answered():
        return installation.ask(ada, ASKED).data["viewer"]["discover"]

    assert answered()["degraded"], "no model ever: there is an answer, and it says why it is a lesser one"
    before = publish(write=write)
    first = answered()["modelVersion"]
    now = publish(write=write)  # nobody is told: the next request has it
    second = answered()["modelVersion"]
    assert first != second, "bound: one request"
    bit(artifact_directory(now.pk))
    assert answered()["modelVersion"] == second, "from memory"
    installation.worker(clock=False).until("worker", lambda: working(QUEUES), what="a sign of life")
    app.send_task("tasks.models.model_verify")  # as the clock does every hour
    wait_for(
        lambda: ModelVersion.objects.get(pk=before.pk).state == "ACTIVE", seconds=60, what="the one before"
    )
    assert answered()["modelVersion"] == first
    assert ModelVersion.objects.get(pk=now.pk).state == "DAMAGED"
