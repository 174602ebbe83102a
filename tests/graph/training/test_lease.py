"""One run, one worker: whoever claims first, unless it stops beating."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from discovery.platform.errors import LeaseLost
from graph.models import TrainingRun
from graph.training.lease import MOST_TAKEOVERS, Heartbeat, lease_beat, lease_claim, lease_fail, lease_hold
from tests.processes import wait_for

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def silence(key, *, seconds=3600):
    TrainingRun.objects.filter(key=key).update(heartbeat_at=timezone.now() - timedelta(seconds=seconds))


def test_a_live_run_is_not_claimed_twice():
    first = lease_claim(key="daily", holder="a")
    assert first.fence == 1
    assert lease_claim(key="daily", holder="b") is None
    assert TrainingRun.objects.get().holder == "a"
    assert lease_claim(key="another", holder="b") is not None


def test_a_silent_run_is_taken_over_and_its_first_worker_can_do_nothing_more():
    first = lease_claim(key="daily", holder="a")
    silence("daily")
    second = lease_claim(key="daily", holder="b")
    assert second.fence == 2
    with pytest.raises(LeaseLost):
        lease_beat(first, progress=0.9, step="late")
    with pytest.raises(LeaseLost), transaction.atomic():
        lease_hold(first)
    lease_fail(first, error="late")
    run = TrainingRun.objects.get()
    assert (run.state, run.holder, run.progress, run.error) == ("RUNNING", "b", 0.0, "")
    lease_beat(second, progress=0.5, step="fitting")
    assert TrainingRun.objects.get().progress == 0.5


def test_a_run_that_beats_longer_than_celery_lets_it_live_is_dead(settings):
    lease_claim(key="daily", holder="a")
    TrainingRun.objects.update(started_at=timezone.now() - timedelta(seconds=settings.TRAINING_SECONDS + 1))
    assert lease_claim(key="daily", holder="b").fence == 2


def test_a_finished_run_stays_finished_and_a_failed_one_may_be_tried_again():
    lease = lease_claim(key="daily", holder="a")
    lease_fail(lease, error="disk full")
    assert lease_claim(key="daily", holder="b").fence == 2
    TrainingRun.objects.update(state=TrainingRun.State.DONE)
    silence("daily")
    assert lease_claim(key="daily", holder="c") is None


def test_a_run_that_kills_its_workers_is_given_up():
    for fence in range(1, MOST_TAKEOVERS + 1):
        assert lease_claim(key="daily", holder="a").fence == fence
        silence("daily")
    assert lease_claim(key="daily", holder="a") is None
    run = TrainingRun.objects.get()
    assert (run.state, run.error) == ("FAILED", "given up: its worker died 5 times")


@pytest.mark.django_db(transaction=True)
def test_the_heart_beats_and_notices_when_the_run_is_lost(settings):
    settings.TRAINING_LEASE_SECONDS = 0.3
    lease = lease_claim(key="daily", holder="a")
    silence("daily")
    with Heartbeat(lease) as heart:
        heart.report(0.25, "fitting")
        wait_for(lambda: TrainingRun.objects.get().progress == 0.25)
        assert lease_claim(key="daily", holder="b") is None
        TrainingRun.objects.update(fence=2)
        wait_for(heart._lost.is_set)
        with pytest.raises(LeaseLost):
            heart.report(0.5, "fitting")
