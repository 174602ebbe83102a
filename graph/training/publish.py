"""How a trained model is kept, and takes the place of the served one or waits for being tried. Files lie in `graph.serving.storage`.

Publishing writes a draft, makes it durable, reads it back, and moves it into place and the pointer with it.
"""

from __future__ import annotations

import fcntl
import logging
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from discovery.platform import clock
from graph.models import ModelEvent, ModelVersion, TrainingRun
from graph.selectors import deletions_after
from graph.serving.active_model import active_version, recommenders
from graph.serving.artifact import Artifact, ArtifactError
from graph.serving.eligible import contributions_withdrawn
from graph.serving.lifecycle import TRAINING, WAITING, pointer_hold, version_move
from graph.serving.storage import artifact_store, manifest_hash, sync
from graph.training.lease import Lease, is_live, lease_complete, lease_hold
from graph.training.lineage import lineage_sign
from graph.training.promotion import finite, promotion_refusal

logger = logging.getLogger(__name__)

State = ModelVersion.State

KEPT_RETIRED = 1  # the previous model: another process may be reading it as the pointer moves
STOPPED_KEPT = timedelta(days=30)  # a stopped model's files, for whoever asks what was wrong with it
STAGED = "staged"
DRAFT = ".draft-"
PARTS = ".parts-"  # of the snapshot of a training in several processes: they hold plays


def model_publish(
    *,
    lease: Lease,
    write: Callable[[Path], object],
    data_hash: str,
    ledger_position: int,
    deletion_position: int = 0,
    config: dict[str, Any],
    metrics: dict[str, Any],
) -> ModelVersion:
    """Put a trained model in place of the active one, or among those to be tried, unless its promotion is refused.

    It is tried first (CANDIDATE) where the rollout is staged and the active model may go on serving: not where that learned from what
    was withdrawn or deleted since, or is damaged. ``write`` writes the artifact into the empty directory it is given. The version
    is REJECTED with the reason where promotion is refused, and then no file is kept. Raises LeaseLost, having changed
    nothing, when another worker has taken the run over.
    """
    yardstick = _yardstick()
    refused = promotion_refusal(metrics, yardstick)
    version = ModelVersion(
        data_hash=data_hash, ledger_position=ledger_position, deletion_position=deletion_position,
        config=config, metrics=finite(metrics),
    )  # fmt: skip
    if refused:
        return _refuse(version, refused, lease)
    draft = _of_run(DRAFT, lease)
    draft.mkdir(parents=True, mode=0o700)
    try:
        write(draft)
        _make_durable(draft)
        try:
            Artifact.load(draft)
        except ArtifactError as error:
            return _refuse(version, f"it cannot be read back: {error}", lease)
        version.manifest_hash = manifest_hash(draft)
        version.lineage = lineage_sign(version, draft)
        _swap(version, draft, lease, tried=settings.EARSHOT_ROLLOUT == STAGED and yardstick is not None)
    finally:
        shutil.rmtree(draft, ignore_errors=True)  # it is gone already where it was moved
    leftovers_sweep()
    return version


def parts_of(lease: Lease) -> Path:
    """Where this run's workers find the snapshot; swept like a draft when the run dies."""
    return _of_run(PARTS, lease)


def _of_run(kind: str, lease: Lease) -> Path:
    return Path(settings.ARTIFACT_DIR) / f"{kind}{lease.run_id}-{lease.fence}"


def _refuse(version: ModelVersion, why: str, lease: Lease) -> ModelVersion:
    version.rejected_because, version.lineage = why, lineage_sign(version)
    with transaction.atomic():
        version_move(version, State.REJECTED, who=TRAINING, why=why)
        lease_complete(lease, model_version=version)
    logger.warning("model %s is refused: %s", version.pk, why)
    return version


def _swap(version: ModelVersion, draft: Path, lease: Lease, *, tried: bool) -> None:
    """Files first, pointer last; nobody sweeps in between. ``tried``: the pointer waits until that was done."""
    store = artifact_store()
    with _directory_lock():
        try:
            store.put(version.pk, draft)
            with transaction.atomic():
                lease_hold(lease)
                pointer_hold()
                version_move(version, State.CANDIDATE if tried else State.ACTIVE, who=TRAINING, why=lease.key)
                lease_complete(lease, model_version=version)
        except BaseException:
            store.remove(version.pk)
            raise


def _yardstick() -> dict[str, Any] | None:
    """The active model's metrics, unless it is damaged, or learned from people who have withdrawn or deleted since.

    A model without them is wanted even where it measures worse, and at once.
    """
    version = active_version()
    if (
        version is None
        or version.damaged_at is not None
        or contributions_withdrawn(after=version.ledger_position)
    ):
        return None
    if deletions_after(version.deletion_position):
        return None
    return dict(version.metrics)


def leftovers_sweep() -> list[str]:
    """Remove drafts and parts of runs that died and files that no model to keep needs; returns their names."""
    root = Path(settings.ARTIFACT_DIR)
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _directory_lock():
        found = sorted(path for kind in (DRAFT, PARTS) for path in root.glob(f"{kind}*"))
        drafts = [path for path in found if path.is_dir() and _is_dead(path.name)]
        for path in drafts:
            shutil.rmtree(path)
        known = set(ModelVersion.objects.values_list("pk", flat=True))
        return [*(path.name for path in drafts), *artifact_store().sweep(kept=_kept(), known=known)]


def _is_dead(name: str) -> bool:
    """Whether nobody works on this draft, or these parts, any more."""
    run, _, fence = name.removeprefix(DRAFT).removeprefix(PARTS).partition("-")
    owner = TrainingRun.objects.filter(pk=run, fence=fence).first()
    return owner is None or not is_live(owner)


def _kept() -> set[uuid.UUID]:
    """Whose files stay: what serves, is tried or waits for it, the one that served before, and for a while what was stopped."""
    versions = recommenders()
    before = versions.filter(state=State.RETIRED, activated_at__isnull=False).order_by("-activated_at")
    current = versions.filter(state__in=(State.ACTIVE, *WAITING))
    lately = ModelEvent.objects.filter(became=State.STOPPED, at__gt=clock.now() - STOPPED_KEPT).values(
        "model"
    )
    stopped = versions.filter(state=State.STOPPED, pk__in=lately)
    return {
        *current.values_list("pk", flat=True),
        *before.values_list("pk", flat=True)[:KEPT_RETIRED],
        *stopped.values_list("pk", flat=True),
    }


@contextmanager
def _directory_lock() -> Iterator[None]:
    """One publisher or sweeper at a time; the kernel frees it when its holder dies."""
    with (Path(settings.ARTIFACT_DIR) / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_durable(directory: Path) -> None:
    for path in directory.iterdir():
        path.chmod(0o600)
        sync(path)
    sync(directory)
