"""Publishing whole or not at all, and serving what the pointer says."""

import shutil
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ConsentActor, ConsentEvent, ConsentState, Purpose
from discovery.platform.errors import LeaseLost, ModelUnavailable
from graph.models import ModelVersion, TrainingRun
from graph.serving import active_model
from graph.serving.artifact import MANIFEST, TENSORS
from graph.training.lease import lease_claim
from graph.training.publish import leftovers_sweep, model_publish, parts_of
from tests.graph.small_artifact import write_small_artifact
from tests.graph.training.test_promotion import measured

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


@pytest.fixture(autouse=True)
def _fresh_process(artifact_dir, monkeypatch):
    monkeypatch.setattr(active_model, "_served", None)


def publish(*, ndcg=0.2, prior=0.0, write=None, lease=None, position=0, deletions=0):
    return model_publish(
        lease=lease or lease_claim(key=str(uuid.uuid4()), holder="test"),
        write=write or (lambda directory: write_small_artifact(directory, prior=prior)),
        data_hash="0" * 64,
        ledger_position=position,
        deletion_position=deletions,
        config={"seed": 7},
        metrics=measured(ndcg),
    )


def files(artifact_dir):
    return sorted(path.name for path in artifact_dir.iterdir() if path.name != ".lock")


def withdraw(position, *, ago=timedelta(0)):
    return ConsentEvent.objects.create(
        pk=position,
        subject=uuid.uuid4(),
        purpose=Purpose.CONTRIBUTE,
        dpv_iri="https://example.org/purpose",
        prior_state=ConsentState.GRANTED,
        new_state=ConsentState.WITHDRAWN,
        policy_version="1",
        policy_hash="0" * 64,
        actor=ConsentActor.USER,
        channel="test",
        occurred_at=timezone.now() - ago,
        idempotency_key=str(position),
        hash=f"{position:064d}",
    )


def test_nothing_is_served_before_anything_is_published():
    assert active_model.active() is None


def test_a_published_model_is_served_from_the_next_call_on(artifact_dir, django_assert_num_queries):
    first = publish(prior=1.5)
    assert (first.state, files(artifact_dir)) == ("ACTIVE", [str(first.pk)])
    assert active_model.active().artifact.index("ARTIST").prior[0] == 1.5
    second = publish(prior=2.5)
    served = active_model.active()
    assert (served.version.pk, served.artifact.index("ARTIST").prior[0]) == (second.pk, 2.5)
    first.refresh_from_db()
    assert first.state == "RETIRED"
    with django_assert_num_queries(1):
        assert active_model.active() is served


def test_the_run_is_done_with_its_model():
    version = publish()
    run = TrainingRun.objects.get()
    assert (run.state, run.model_version, run.progress) == ("DONE", version, 1.0)


def test_files_of_the_active_and_the_previous_model_are_kept(artifact_dir):
    versions = [publish() for _ in range(4)]
    assert files(artifact_dir) == sorted(str(version.pk) for version in versions[-2:])


def test_a_refused_model_leaves_the_reason_and_no_file(artifact_dir):
    served = publish(ndcg=0.2)
    refused = publish(ndcg=0.05, write=lambda _: pytest.fail("a refused model must not be written"))
    assert refused.state == "REJECTED"
    assert (
        "not above the 0.1000 of the most popular" in ModelVersion.objects.get(pk=refused.pk).rejected_because
    )
    assert (active_model.active().version, files(artifact_dir)) == (served, [str(served.pk)])


def test_nan_is_refused_and_can_be_stored():
    refused = publish(ndcg=float("nan"))
    refused.refresh_from_db()
    assert (refused.state, refused.metrics["items"]["ARTIST"]["ndcg"]) == ("REJECTED", "nan")


def test_a_clean_model_replaces_one_that_knows_withdrawn_plays_even_if_it_measures_worse():
    publish(ndcg=0.3, position=1)
    assert publish(ndcg=0.2, position=1).state == "REJECTED"
    withdraw(2)
    assert publish(ndcg=0.2, position=2).state == "ACTIVE"


def test_a_write_that_fails_changes_nothing(artifact_dir):
    served = publish()

    def half(directory):
        (directory / TENSORS).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        publish(write=half)
    assert (active_model.active().version, files(artifact_dir)) == (served, [str(served.pk)])


def test_a_worker_that_lost_its_lease_cannot_publish(artifact_dir):
    served = publish()
    late = lease_claim(key="late", holder="a")
    TrainingRun.objects.filter(key="late").update(fence=2)
    with pytest.raises(LeaseLost):
        publish(lease=late)
    with pytest.raises(LeaseLost):
        publish(lease=late, ndcg=0.01)
    assert (active_model.active().version, files(artifact_dir)) == (served, [str(served.pk)])
    assert ModelVersion.objects.get() == served


def test_leftovers_of_dead_runs_are_swept_and_nothing_else(artifact_dir):
    served = publish()
    alive = lease_claim(key="alive", holder="a")
    dead = lease_claim(key="dead", holder="a")
    TrainingRun.objects.filter(key="dead").update(state="FAILED")
    drafts = {lease: f".draft-{lease.run_id}-{lease.fence}" for lease in (alive, dead)}
    parts = {lease: parts_of(lease).name for lease in (alive, dead)}
    stray = str(uuid.uuid4())
    for name in (*drafts.values(), *parts.values(), ".draft-999-1", stray, "notes"):
        (artifact_dir / name).mkdir()
    (artifact_dir / parts[dead] / "plays.parquet").touch()
    assert leftovers_sweep() == sorted([drafts[dead], parts[dead], ".draft-999-1", stray])
    assert files(artifact_dir) == sorted([drafts[alive], parts[alive], "notes", str(served.pk)])


@pytest.mark.parametrize("name", [MANIFEST, TENSORS])
def test_a_damaged_model_is_said_to_be_unavailable(artifact_dir, name):
    version = publish()
    path = artifact_dir / str(version.pk) / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelUnavailable, match=str(version.pk)):
        active_model.active()


def test_missing_files_are_said_to_be_unavailable(artifact_dir):
    shutil.rmtree(artifact_dir / str(publish().pk))
    with pytest.raises(ModelUnavailable):
        active_model.active()
