"""Which model is served. Files lie in ``ARTIFACT_DIR/<model version id>/``; the pointer is a row.

Publishing writes a draft, makes it durable, and moves it into place and the pointer with it. Reading
costs one indexed query a call; the vectors are loaded once a process for each model.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import ConsentEvent, ConsentState, Purpose
from discovery.errors import ModelUnavailable
from graph.artifact import MANIFEST, Artifact, ArtifactError
from graph.edges import EdgesUnknown, Hashes, edges_read
from graph.gate import finite, gate
from graph.lease import Lease, is_live, lease_complete, lease_hold
from graph.models import ModelVersion, TrainingRun

logger = logging.getLogger(__name__)

KEPT_RETIRED = 1  # the previous model: another process may be reading it as the pointer moves
DRAFT = ".draft-"


@dataclass(frozen=True)
class ServedModel:
    """The active model with its vectors in memory."""

    version: ModelVersion
    artifact: Artifact


_served: ServedModel | None = None
_loading = threading.Lock()


def active() -> ServedModel | None:
    """The model to serve now; None when none was published. Raises ModelUnavailable."""
    global _served  # noqa: PLW0603 one model a process, replaced whole
    version = _active_version()
    if version is None:
        return None
    served = _served
    if served is not None and served.version.pk == version.pk:
        return served
    with _loading:
        if _served is None or _served.version.pk != version.pk:
            _served = _load(version)
        return _served


def _active_version() -> ModelVersion | None:
    return ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).order_by().first()


def _load(version: ModelVersion) -> ServedModel:
    try:
        return ServedModel(version, _read(version))
    except ArtifactError as error:
        # The pointer may have moved on twice while we read, and the files with it.
        newer = _active_version()
        if newer is None or newer.pk == version.pk:
            raise ModelUnavailable(f"model {version.pk} cannot be read: {error}") from error
        logger.info("model %s was replaced by %s while it was read", version.pk, newer.pk)
        return _load(newer)


def _read(version: ModelVersion) -> Artifact:
    """The manifest must be the one that was published; it vouches for the rest."""
    directory = artifact_directory(version.pk)
    try:
        found = _manifest_hash(directory)
    except OSError as error:
        raise ArtifactError(str(error)) from error
    if found != version.manifest_hash:
        raise ArtifactError("its manifest is not the published one")
    return Artifact.load(directory)


def training_edges(version: ModelVersion) -> Hashes:
    """Hashes of what a model was trained on. Raises EdgesUnknown where its files do not say so."""
    directory = artifact_directory(version.pk)
    try:
        found = _manifest_hash(directory)
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise EdgesUnknown(str(error)) from error
    if found != version.manifest_hash:
        raise EdgesUnknown(f"the manifest of model {version.pk} is not the published one")
    return edges_read(directory, manifest.get("training_edges", {}))


def artifact_directory(version_id: uuid.UUID) -> Path:
    return Path(settings.ARTIFACT_DIR) / str(version_id)


def _manifest_hash(directory: Path) -> str:
    return hashlib.sha256((directory / MANIFEST).read_bytes()).hexdigest()


def model_publish(
    *,
    lease: Lease,
    write: Callable[[Path], object],
    data_hash: str,
    ledger_position: int,
    config: dict[str, Any],
    metrics: dict[str, Any],
) -> ModelVersion:
    """Put a trained model through the gate, and in place of the active one if it passes.

    ``write`` writes the artifact into the empty directory it is given. The version is REJECTED with
    the reason where the gate refuses, and then no file is kept. Raises LeaseLost, having changed
    nothing, when another worker has taken the run over.
    """
    refused = gate(metrics, _yardstick())
    version = ModelVersion(
        data_hash=data_hash, ledger_position=ledger_position, config=config, metrics=finite(metrics)
    )
    if refused:
        version.state, version.rejected_because = ModelVersion.State.REJECTED, refused
        with transaction.atomic():
            version.save(force_insert=True)
            lease_complete(lease, model_version=version)
        logger.warning("model %s is refused: %s", version.pk, refused)
        return version
    draft = Path(settings.ARTIFACT_DIR) / f"{DRAFT}{lease.run_id}-{lease.fence}"
    draft.mkdir(parents=True)
    try:
        write(draft)
        _make_durable(draft)
        version.manifest_hash = _manifest_hash(draft)
        _swap(version, draft, lease)
    finally:
        shutil.rmtree(draft, ignore_errors=True)  # it is gone already where it was moved
    leftovers_sweep()
    return version


def _swap(version: ModelVersion, draft: Path, lease: Lease) -> None:
    """Files first, pointer last; nobody sweeps in between."""
    directory = artifact_directory(version.pk)
    with _directory_lock(), transaction.atomic():
        lease_hold(lease)
        draft.rename(directory)
        _sync(directory.parent)
        ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).update(state=ModelVersion.State.RETIRED)
        version.state, version.activated_at = ModelVersion.State.ACTIVE, timezone.now()
        version.save(force_insert=True)
        lease_complete(lease, model_version=version)


def _yardstick() -> dict[str, Any] | None:
    """The active model's metrics, unless it learned from people who have withdrawn since.

    A model without them is wanted even where it measures worse.
    """
    version = _active_version()
    if version is None or contributions_withdrawn(after=version.ledger_position):
        return None
    return dict(version.metrics)


def contributions_withdrawn(*, after: int) -> list[ConsentEvent]:
    """Ledger events after a position by which somebody took back that their plays train models."""
    events = ConsentEvent.objects.filter(
        pk__gt=after, purpose=Purpose.CONTRIBUTE, prior_state=ConsentState.GRANTED
    )
    return list(events.exclude(new_state=ConsentState.GRANTED).order_by("pk"))


def leftovers_sweep() -> list[str]:
    """Remove drafts of runs that died and files that no model to keep needs; returns their names."""
    root = Path(settings.ARTIFACT_DIR)
    root.mkdir(parents=True, exist_ok=True)
    with _directory_lock():
        gone = [path for path in sorted(root.iterdir()) if path.is_dir() and _is_leftover(path.name)]
        for path in gone:
            shutil.rmtree(path)
    return [path.name for path in gone]


def _is_leftover(name: str) -> bool:
    if name.startswith(DRAFT):
        run, _, fence = name.removeprefix(DRAFT).partition("-")
        found = TrainingRun.objects.filter(pk=run, fence=fence).first()
        return found is None or not is_live(found)
    try:
        version_id = uuid.UUID(name)
    except ValueError:
        return False  # not ours
    return version_id not in _kept()


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
        _sync(path)
    _sync(directory)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
