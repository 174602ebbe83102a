"""How a trained model takes the place of the served one. Files lie in `graph.serving.storage`; the pointer is a row.

Publishing writes a draft, makes it durable, reads it back, and moves it into place and the pointer with it.
"""

from __future__ import annotations

import fcntl
import logging
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from graph.models import ModelVersion, TrainingRun
from graph.selectors import deletions_after
from graph.serving.active_model import active_version
from graph.serving.artifact import Artifact, ArtifactError
from graph.serving.eligible import contributions_withdrawn
from graph.serving.standby import pointer_hold, pointer_move
from graph.serving.storage import artifact_store, manifest_hash, sync
from graph.training.lease import Lease, is_live, lease_complete, lease_hold
from graph.training.promotion import finite, promotion_refusal

logger = logging.getLogger(__name__)

KEPT_RETIRED = 1  # the previous model: another process may be reading it as the pointer moves
DRAFT = ".draft-"


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
    """Put a trained model in place of the active one, unless its promotion is refused.

    ``write`` writes the artifact into the empty directory it is given. The version is REJECTED with
    the reason where promotion is refused, and then no file is kept. Raises LeaseLost, having changed
    nothing, when another worker has taken the run over.
    """
    refused = promotion_refusal(metrics, _yardstick())
    version = ModelVersion(
        data_hash=data_hash, ledger_position=ledger_position, deletion_position=deletion_position,
        config=config, metrics=finite(metrics),
    )  # fmt: skip
    if refused:
        return _refuse(version, refused, lease)
    draft = Path(settings.ARTIFACT_DIR) / f"{DRAFT}{lease.run_id}-{lease.fence}"
    draft.mkdir(parents=True, mode=0o700)
    try:
        write(draft)
        _make_durable(draft)
        try:
            Artifact.load(draft)
        except ArtifactError as error:
            return _refuse(version, f"it cannot be read back: {error}", lease)
        version.manifest_hash = manifest_hash(draft)
        _swap(version, draft, lease)
    finally:
        shutil.rmtree(draft, ignore_errors=True)  # it is gone already where it was moved
    leftovers_sweep()
    return version


def _refuse(version: ModelVersion, why: str, lease: Lease) -> ModelVersion:
    version.state, version.rejected_because = ModelVersion.State.REJECTED, why
    with transaction.atomic():
        version.save(force_insert=True)
        lease_complete(lease, model_version=version)
    logger.warning("model %s is refused: %s", version.pk, why)
    return version


def _swap(version: ModelVersion, draft: Path, lease: Lease) -> None:
    """Files first, pointer last; nobody sweeps in between."""
    store = artifact_store()
    with _directory_lock():
        try:
            store.put(version.pk, draft)
            with transaction.atomic():
                lease_hold(lease)
                pointer_hold()
                version.state = ModelVersion.State.RETIRED  # one is active at a time
                version.save(force_insert=True)
                pointer_move(version, leaving=ModelVersion.State.RETIRED)
                lease_complete(lease, model_version=version)
        except BaseException:
            store.remove(version.pk)
            raise


def _yardstick() -> dict[str, Any] | None:
    """The active model's metrics, unless it learned from people who have withdrawn or deleted since.

    A model without them is wanted even where it measures worse.
    """
    version = active_version()
    if version is None or contributions_withdrawn(after=version.ledger_position):
        return None
    if deletions_after(version.deletion_position):
        return None
    return dict(version.metrics)


def leftovers_sweep() -> list[str]:
    """Remove drafts of runs that died and files that no model to keep needs; returns their names."""
    root = Path(settings.ARTIFACT_DIR)
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _directory_lock():
        drafts = [path for path in sorted(root.glob(f"{DRAFT}*")) if path.is_dir() and _is_dead(path.name)]
        for path in drafts:
            shutil.rmtree(path)
        known = set(ModelVersion.objects.values_list("pk", flat=True))
        return [*(path.name for path in drafts), *artifact_store().sweep(kept=_kept(), known=known)]


def _is_dead(name: str) -> bool:
    """Whether nobody works on this draft any more."""
    run, _, fence = name.removeprefix(DRAFT).partition("-")
    owner = TrainingRun.objects.filter(pk=run, fence=fence).first()
    return owner is None or not is_live(owner)


def _kept() -> set[uuid.UUID]:
    retired = ModelVersion.objects.filter(state=ModelVersion.State.RETIRED).order_by("-activated_at")
    current = ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE)
    return {*current.values_list("pk", flat=True), *retired.values_list("pk", flat=True)[:KEPT_RETIRED]}


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
