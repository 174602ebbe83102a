"""How a model is born: claim, snapshot, fit, evaluate, promotion, publish. The command and the task call this."""

from __future__ import annotations

import os
import shlex
import socket
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from django.conf import settings
from django.utils import timezone

from discovery.platform.errors import ModelUnavailable, TrainingFailed
from graph import snapshot
from graph.ml.progress import Progress, silent, within
from graph.models import ModelVersion, TrainingRun
from graph.selectors import deletions_after
from graph.services.standing import standing_refresh
from graph.services.tags import tags_refresh
from graph.serving.active_model import active, active_version, recommenders
from graph.serving.artifact import VIEWS
from graph.serving.eligible import contributions_withdrawn
from graph.serving.lifecycle import WAITING
from graph.serving.standby import damage_untrained
from graph.training import publish
from graph.training.communities import communities_refresh
from graph.training.drawn import drawn, drawn_seed
from graph.training.lease import Heartbeat, Lease, is_live, lease_claim, lease_fail
from graph.training.lineage import lineage_of
from graph.training.promotion import not_measured
from graph.training.training_edges import edges_write

if TYPE_CHECKING:
    from graph.ml.coarse import Steps
    from graph.ml.config import RecommenderConfig
    from graph.ml.sources import FitSources
    from graph.ml.train import FittedRecommender

State = ModelVersion.State
BY_HAND = "manual:"  # how the keys of foreground runs begin

# When (UTC) what was withdrawn until then is trained away, all of it together: a model after each single withdrawal
# would differ from the one before by what that person had played. The day's own training comes before the first.
FIXED_TIMES = (time(3, 47), time(15, 47))


def holder_name() -> str:
    """Host and process, for people who look at a run."""
    return f"{socket.gethostname()}:{os.getpid()}"


def train_and_publish(
    *,
    key: str,
    holder: str,
    config: RecommenderConfig | None = None,
    workers: int | None = None,
    progress: Progress = silent,
) -> ModelVersion | None:
    """Train on what is permitted now and publish the result, as ACTIVE, CANDIDATE or REJECTED.

    In so many ``workers``, or in as many as EARSHOT_TRAINING_WORKERS says; one is this process.

    None, at once, when the run ``key`` is done or somebody alive is on it. Where plays teach nothing, the model is
    of the catalog and its tags alone. Raises TrainingFailed when there is no catalog either, and LeaseLost when the
    run was taken over.
    """
    lease = lease_claim(key=key, holder=holder)
    if lease is None:
        return None
    try:
        publish.leftovers_sweep()
        with Heartbeat(lease) as heart:

            def report(fraction: float, step: str) -> None:
                heart.report(fraction, step)
                progress(fraction, step)

            return _train(lease, config, workers or settings.EARSHOT_TRAINING_WORKERS, report)
    except BaseException as error:
        lease_fail(lease, error=f"{type(error).__name__}: {error}")
        raise


NOTHING_PLAYED = "Nobody has granted that their plays train models, or there are no plays"


def snapshot_to_learn_from() -> snapshot.GraphSnapshot:
    """What is permitted now. Raises TrainingFailed where that holds no plays."""
    taken = snapshot.take()
    if not _is_played(taken):
        raise TrainingFailed(f"{NOTHING_PLAYED}.")
    return taken


def _is_played(taken: snapshot.GraphSnapshot) -> bool:
    return len(taken.artist_plays.user) > 0 or len(taken.track_plays.user) > 0


def _train(lease: Lease, config: RecommenderConfig | None, workers: int, report: Progress) -> ModelVersion:
    # Only here is torch loaded: a worker that waits, or a process that asks about a run, stays small.
    from graph.ml.config import RecommenderConfig
    from graph.ml.evaluate import evaluate_blends
    from graph.ml.export import write_artifact
    from graph.ml.train import fit

    config = config or RecommenderConfig()
    report(0.0, "taking the snapshot")
    standing_refresh()  # first: what has become everybody's by now, this very model may show to everybody
    taken = snapshot.take()
    if not _is_played(taken) and not len(taken.artists):
        raise TrainingFailed(f"{NOTHING_PLAYED}; and the catalog is empty.")
    learned = drawn(taken)
    # What other installations added up is not in the parts that workers read.
    with _who_fits(lease, 1 if learned.elsewhere else workers) as sources:
        measured, blends = evaluate_blends(
            learned, config, sources=sources, progress=within(report, 0.02, 0.5, "measuring")
        )
        fitted = fit(
            learned, replace(config, seed=drawn_seed(taken)), before=_steps_before(), blends=blends,
            sources=sources, progress=within(report, 0.5, 0.97, "fitting"),
        )  # fmt: skip
    report(0.97, "finding communities")
    communities_refresh(learned)
    tags_refresh()
    report(0.98, "publishing")
    sizes = {
        "users": len(taken.users),
        "artist_plays": len(taken.artist_plays.user),
        "track_plays": len(taken.track_plays.user),
    }
    metrics = {**measured.to_dict(), "data": sizes, "learned": _learned_from_plays(fitted)}
    metrics["not_measured"] = not_measured(metrics)

    def write(directory: Path) -> None:
        edges = edges_write(learned, directory)
        told = {
            "metrics": metrics,
            "run": lease.key,
            "training_edges": edges,
            "elsewhere": digests_elsewhere(taken),
        }
        write_artifact(fitted, directory, told)

    version = publish.model_publish(
        lease=lease,
        write=write,
        data_hash=taken.content_hash,
        ledger_position=taken.ledger_position,
        deletion_position=taken.deletion_position,
        config=asdict(config),
        metrics=metrics,
    )
    report(1.0, "refused" if version.state == State.REJECTED else "published")
    return version


def digests_elsewhere(taken: snapshot.GraphSnapshot) -> list[str]:
    """SHA-256 of the documents of other installations that were learned from."""
    return sorted({digest for sums in taken.elsewhere.values() for digest in sums.digests})


def _who_fits(lease: Lease, workers: int) -> AbstractContextManager[FitSources]:
    """This process, or so many workers: then the snapshot's parts lie on disk until they are done."""
    if workers <= 1:
        from graph.ml.sources import fit_here

        return nullcontext(fit_here)
    from graph.ml.distributed.launch import Workers

    return Workers(publish.parts_of(lease), workers, shlex.split(settings.EARSHOT_TRAINING_TORCHRUN))


def _learned_from_plays(fitted: FittedRecommender) -> dict[str, int]:
    """Of how many items plays taught anything, by view: of the others, and where there are none, the catalog speaks alone."""
    artifact = fitted.artifact()
    indexes = {kind: artifact.index(kind) for kind in VIEWS}
    return {kind: int(index.learned.sum()) for kind, index in indexes.items() if index is not None}


def _steps_before() -> dict[str, Steps]:
    """How popular the active model took each item to be, by view; nothing where it cannot be read or does not say.

    What another installation's model says is no state of ours: taken back, it was never here.
    """
    from graph.ml.coarse import Steps

    try:
        served = active()
    except ModelUnavailable:
        return {}
    steps: dict[str, Steps] = {}
    if served is None or lineage_of(served.version).get("imported"):
        return steps
    for kind in VIEWS:
        index = served.artifact.index(kind)
        if index is not None and index.step is not None:
            steps[kind] = Steps(index.ids, index.step.astype(np.int64))
    return steps


def is_begun(key: str) -> bool:
    """Whether somebody has taken this run, whatever came of it."""
    return TrainingRun.objects.filter(key=key).exists()


def is_up_to_date(config: RecommenderConfig | None = None) -> bool:
    """Whether training now would make again what serves, waits, is tried or was stopped last: same data, same config."""
    from graph.ml.config import RecommenderConfig

    latest = recommenders().filter(state__in=(State.ACTIVE, State.STOPPED, *WAITING)).order_by("-created_at")
    version = latest.first()
    if version is None or version.config != asdict(config or RecommenderConfig()) or active_version() is None:
        return False
    return version.data_hash == snapshot.take().content_hash


def run_due() -> str | None:
    """The key of a training that a damaged model, withdrawals or deletions ask for, or None.

    It names the damaged model, or the fixed time that it is for, so that everything until then is trained away once.
    """
    if (damaged := damage_untrained()) is not None:
        return f"damaged:{damaged.pk}"
    version = active_version()
    if version is None:
        return None
    gone = [event.occurred_at for event in contributions_withdrawn(after=version.ledger_position)]
    gone += [row.deleted_at for row in deletions_after(version.deletion_position)]
    moment = _fixed_time_before(timezone.now())
    return f"withdrawal:{moment:%Y-%m-%dT%H:%M}" if any(at <= moment for at in gone) else None


def _fixed_time_before(now: datetime) -> datetime:
    """The last of `FIXED_TIMES` that has passed."""
    days = (now.astimezone(UTC).date() - timedelta(days=back) for back in (0, 1))
    moments = (datetime.combine(day, at, UTC) for day in days for at in FIXED_TIMES)
    return max(moment for moment in moments if moment <= now)


def runs_abandoned() -> list[str]:
    """Keys of runs whose worker died, to be taken up again; not those that a person started by hand."""
    running = TrainingRun.objects.filter(state=TrainingRun.State.RUNNING).order_by("pk")
    return [run.key for run in running.exclude(key__startswith=BY_HAND) if not is_live(run)]
