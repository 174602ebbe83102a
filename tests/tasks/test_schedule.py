"""The clock names tasks that exist, and the broker's figures agree with one another."""

from datetime import timedelta

import pytest
from django.utils import timezone

from graph.models import TrainingRun
from graph.training import run as training
from graph.training.lease import lease_claim
from tasks.celery import app
from tests.graph.training.test_publish import publish, withdraw


@pytest.fixture(autouse=True)
def _tasks(db):
    """As a worker begins: with Django's checks, one of which asks what was published."""
    app.loader.import_default_modules()


def test_every_scheduled_task_exists():
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("tasks.training.train", "training"),
        ("tasks.training.train_today", "training"),
        ("tasks.histories.history_read", "imports"),
        ("tasks.libraries.library_read", "imports"),
        ("tasks.engagement.engagement_measure", "imports"),
        ("tasks.privacy.export_build", "privacy"),
        ("tasks.privacy.privacy_expire", "privacy"),
        ("tasks.outbox.news_deliver", "serving"),
        ("tasks.models.model_verify", "serving"),
    ],
)
def test_each_task_has_its_queue_and_training_one_of_its_own(task, queue):
    assert task in app.tasks
    assert app.amqp.router.route({}, task)["queue"].name == queue
    others = {
        name for name in app.tasks if name.startswith("tasks.") and not name.startswith("tasks.training.")
    }
    assert "training" not in {app.amqp.router.route({}, name)["queue"].name for name in others}


def test_a_plain_worker_serves_all_queues():
    assert set(app.amqp.queues) == {"serving", "imports", "privacy", "training"}


def test_what_comes_every_minute_does_not_pile_up():
    for name, entry in app.conf.beat_schedule.items():
        if isinstance(entry["schedule"], float):
            assert entry["options"]["expires"] <= entry["schedule"], name


def test_a_message_is_handed_to_another_worker_only_after_the_first_one_was_stopped():
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    longest = app.conf.broker_transport_options["visibility_timeout"]
    assert app.conf.task_soft_time_limit < app.conf.task_time_limit < longest


def test_only_json_is_accepted():
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"


@pytest.mark.django_db
@pytest.mark.usefixtures("artifact_dir")
class TestRunDue:
    def test_nothing_is_due_without_a_model_or_without_a_withdrawal_after_it(self):
        withdraw(1, ago=timedelta(hours=5))
        assert training.run_due() is None
        publish(position=1)
        assert training.run_due() is None

    def test_withdrawals_wait_for_the_fixed_time_all_together(self, monkeypatch):
        now = timezone.now().replace(hour=12, minute=0)
        monkeypatch.setattr(training.timezone, "now", lambda: now)
        publish(position=1)
        withdraw(2, ago=timedelta(hours=8))  # after a quarter to four
        assert training.run_due() is None
        withdraw(3, ago=timedelta(hours=9))
        assert training.run_due() == f"withdrawal:{now:%Y-%m-%d}T03:47"

    def test_the_last_fixed_time_may_be_yesterdays(self, monkeypatch):
        now = timezone.now().replace(hour=1, minute=0)
        monkeypatch.setattr(training.timezone, "now", lambda: now)
        publish(position=1)
        withdraw(2, ago=timedelta(hours=9))
        assert training.run_due() is None
        withdraw(3, ago=timedelta(hours=10))
        assert training.run_due() == f"withdrawal:{now - timedelta(days=1):%Y-%m-%d}T15:47"

    def test_a_model_without_them_ends_it(self):
        publish(position=1)
        withdraw(2, ago=timedelta(days=1))
        assert training.run_due() is not None
        publish(position=2)
        assert training.run_due() is None


@pytest.mark.django_db
def test_only_runs_that_nobody_watches_are_taken_up_again():
    for key in ("daily:2026-01-01", f"{training.BY_HAND}1", "alive"):
        lease_claim(key=key, holder="a")
    TrainingRun.objects.exclude(key="alive").update(heartbeat_at=timezone.now() - timedelta(hours=1))
    assert training.runs_abandoned() == ["daily:2026-01-01"]
