"""Who trains: a claim in the database with a heartbeat and a fencing token.

Messages are delivered at least once, so the same run may be started twice, and a worker may be
killed or come back to life late. The first to claim a key works; a second one leaves; when the
heartbeat stops, the next one takes over with a higher fence, and an older fence publishes nothing.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import OperationalError, connection, transaction

from discovery.platform import clock
from discovery.platform.errors import LeaseLost
from discovery.platform.events import TRAINING, publish
from graph.models import ModelVersion, TrainingRun

logger = logging.getLogger(__name__)

RUNS_KEPT = timedelta(days=365)  # after their end
MOST_TAKEOVERS = 5  # a run that kills its worker each time must not come back for ever


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to work on one run, as long as nobody holds a higher fence."""

    run_id: int
    key: str
    fence: int


def lease_claim(*, key: str, holder: str) -> Lease | None:
    """Claim the run ``key``; None when it is done, or when somebody is alive and on it."""
    now = clock.now()
    with transaction.atomic():
        run, created = TrainingRun.objects.select_for_update().get_or_create(
            key=key, defaults={"holder": holder, "heartbeat_at": now}
        )
        if created:
            TrainingRun.objects.filter(pk=run.pk).update(started_at=now)  # not by this machine's clock
            return Lease(run_id=run.pk, key=key, fence=run.fence)
        if run.state == TrainingRun.State.DONE or is_live(run):
            return None
        if run.state == TrainingRun.State.RUNNING and run.fence >= MOST_TAKEOVERS:
            run.state, run.ended_at = TrainingRun.State.FAILED, now
            run.error = f"given up: its worker died {run.fence} times"
            run.save(update_fields=["state", "ended_at", "error"])
            return None
        _take_over(run, holder)
    return Lease(run_id=run.pk, key=key, fence=run.fence)


def _take_over(run: TrainingRun, holder: str) -> None:
    now = clock.now()
    run.state, run.holder, run.fence = TrainingRun.State.RUNNING, holder, run.fence + 1
    run.heartbeat_at = run.started_at = now
    run.ended_at, run.progress, run.step, run.error = None, 0.0, "", ""
    run.save()


def is_live(run: TrainingRun) -> bool:
    """Whether somebody works on it: it beat lately, and is within the time that Celery grants."""
    now = clock.now()
    return (
        run.state == TrainingRun.State.RUNNING
        and run.heartbeat_at > now - timedelta(seconds=settings.TRAINING_LEASE_SECONDS)
        and run.started_at > now - timedelta(seconds=settings.TRAINING_SECONDS)
    )


def lease_beat(lease: Lease, *, progress: float, step: str) -> None:
    """Say that we live and how far we are. Raises LeaseLost when the run is another's by now."""
    ours = TrainingRun.objects.filter(
        pk=lease.run_id, fence=lease.fence, state=TrainingRun.State.RUNNING
    ).update(heartbeat_at=clock.now(), progress=progress, step=step[:80])
    if not ours:
        raise LeaseLost(f"{lease.key} is no longer ours (fence {lease.fence})")
    publish([TRAINING], {"run": lease.run_id})


def lease_hold(lease: Lease) -> TrainingRun:
    """The run, locked until the transaction ends, so that nobody takes it over meanwhile."""
    run = TrainingRun.objects.select_for_update().get(pk=lease.run_id)
    if run.fence != lease.fence or run.state != TrainingRun.State.RUNNING:
        raise LeaseLost(f"{lease.key} is no longer ours (fence {lease.fence}, now {run.fence})")
    return run


def lease_complete(lease: Lease, *, model_version: ModelVersion) -> None:
    """Close the run with what came of it; inside the transaction that publishes."""
    run = lease_hold(lease)
    run.state, run.model_version, run.progress = TrainingRun.State.DONE, model_version, 1.0
    run.step, run.ended_at = "", clock.now()
    run.save()
    transaction.on_commit(lambda: publish([TRAINING], {"run": run.pk}))


def lease_fail(lease: Lease, *, error: str) -> None:
    """Close the run without a model, unless it is another's by now."""
    TrainingRun.objects.filter(pk=lease.run_id, fence=lease.fence, state=TrainingRun.State.RUNNING).update(
        state=TrainingRun.State.FAILED, error=error, ended_at=clock.now()
    )


class Heartbeat:
    """Beats from a thread of its own, because training may be silent for longer than a lease lasts.

    ``with Heartbeat(lease) as heart: … heart.report(0.5, "fitting") …``; ``report`` raises
    LeaseLost once another worker has taken the run over.
    """

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._progress, self._step = 0.0, ""
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat {lease.key}", daemon=True)

    def report(self, progress: float, step: str) -> None:
        if self._lost.is_set():
            raise LeaseLost(f"{self._lease.key} was taken over")
        self._progress, self._step = progress, step

    def _beat(self) -> None:
        try:
            while not self._ended.wait(settings.TRAINING_LEASE_SECONDS / 6):
                try:
                    lease_beat(self._lease, progress=self._progress, step=self._step)
                except OperationalError:  # a busy or restarting database: the lease has time for that
                    logger.warning("no heartbeat for %s", self._lease.key, exc_info=True)
                    connection.close()
                except LeaseLost:
                    self._lost.set()
                    return
        finally:
            connection.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()


def runs_forget() -> int:
    """Delete runs that ended longer ago than they are kept; return how many."""
    return TrainingRun.objects.filter(ended_at__lt=clock.now() - RUNS_KEPT).delete()[0]
