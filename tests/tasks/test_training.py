"""Training in a real worker, as it goes wrong in real life: killed, delivered twice, never learned."""

import os
import signal
from dataclasses import asdict

import pytest
from django.utils import timezone

from graph.ml.config import RecommenderConfig
from graph.models import ModelVersion, TrainingRun
from graph.sample.community import sample_community_create
from graph.serving import active_model
from tasks import training
from tests.processes import survivors, tree_of

pytestmark = [pytest.mark.worker, pytest.mark.timeout(900)]


@pytest.fixture
def community(transactional_db, settings, monkeypatch):
    settings.TRAINING_LEASE_SECONDS = 3
    monkeypatch.setattr(active_model, "_served", None)
    sample_community_create(listeners=120, now=timezone.now())


def run_of(key):
    return TrainingRun.objects.filter(key=key).first()


def progress_of(key):
    run = run_of(key)
    return run.progress if run else 0.0


def ended(key):
    run = run_of(key)
    return run is not None and run.state != TrainingRun.State.RUNNING


def files(artifact_dir):
    return sorted(path.name for path in artifact_dir.iterdir() if path.name != ".lock")


@pytest.mark.long
def test_a_killed_training_leaves_the_old_model_serving_and_is_taken_up_again(
    community, start_worker, artifact_dir
):
    first = start_worker()
    training.train.delay(key="first")
    first.until(lambda: ended("first"), what="the first training")
    assert (run_of("first").state, run_of("first").error) == ("DONE", "")
    old = active_model.active().version
    assert old == run_of("first").model_version

    training.train.delay(key="second")
    first.until(lambda: 0.3 < progress_of("second") < 0.95, what="half of the second training")
    tree = tree_of(first.pid)
    assert len(tree) >= 2, "the worker and the process that trains"
    os.kill(first.pid, signal.SIGKILL)
    assert survivors(tree) == []
    assert active_model.active().version == old
    assert run_of("second").state == "RUNNING"

    second = start_worker()
    second.until(lambda: training.training.runs_abandoned() == ["second"], what="the lease to run out")
    training.train_when_due()  # what the clock does every minute
    second.until(lambda: ended("second"), what="the rerun")
    run = run_of("second")
    assert (run.state, run.fence, run.error) == ("DONE", 2, "")
    assert active_model.active().version == run.model_version != old
    assert files(artifact_dir) == sorted([str(old.pk), str(run.model_version.pk)])

    training.train.delay(key="second")  # delivered once more
    training.train.delay(key="random", config=asdict(RecommenderConfig(untrained=True)))
    second.until(lambda: ended("random"), what="the training of nothing")
    assert run_of("second").model_version == run.model_version
    assert ModelVersion.objects.count() == 3, "the second delivery trained nothing"
    refused = run_of("random").model_version
    assert refused.state == ModelVersion.State.REJECTED
    assert "of the most popular items" in refused.rejected_because
    assert active_model.active().version == run.model_version
    assert files(artifact_dir) == sorted([str(old.pk), str(run.model_version.pk)])


def test_training_without_anything_to_learn_from_is_reported(start_worker, artifact_dir):
    worker = start_worker()
    training.train.delay(key="empty")
    worker.until(lambda: ended("empty"), what="the refusal")
    assert run_of("empty").state == "FAILED"
    assert "Nobody has granted" in run_of("empty").error
    assert active_model.active() is None
    assert files(artifact_dir) == []
