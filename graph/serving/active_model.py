"""The model that is served now. Reading costs one indexed query a call; vectors are loaded once a process for each model.

The pointer is a row, moved by `graph.training.publish`, and by `graph.serving.standby` where files are damaged.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from dataclasses import dataclass

from accounts.compiled_query import CompiledQuery
from discovery.platform.errors import ModelUnavailable
from graph.models import ModelVersion
from graph.serving.artifact import Artifact, ArtifactError
from graph.serving.standby import artifact_read, damage_healed, damage_note
from graph.serving.storage import StoreUnreachable

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5.0  # what cannot be read is not read again with every request


@dataclass(frozen=True)
class ServedModel:
    """The active model with its vectors in memory."""

    version: ModelVersion
    artifact: Artifact


_served: ServedModel | None = None
_failed: tuple[uuid.UUID, float, str] | None = None  # what could not be read, when, and why
_loading = threading.Lock()


def active() -> ServedModel | None:
    """The model to serve now; None when none was published. Raises ModelUnavailable."""
    global _served  # noqa: PLW0603 one model a process, replaced whole
    pointer = _POINTER.rows()
    if not pointer:
        return None
    served = _served
    if served is not None and served.version.pk == uuid.UUID(str(pointer[0][0])):
        return served
    version = active_version()
    if version is None:
        return None
    with _loading:
        if _served is None or _served.version.pk != version.pk:
            _served = _load(version)
        return _served


_POINTER = CompiledQuery(
    lambda _now: ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).order_by().values_list("pk")[:1]
)


def active_version() -> ModelVersion | None:
    return ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).order_by().first()


def _load(version: ModelVersion) -> ServedModel:
    global _failed  # noqa: PLW0603 one a process
    if _failed is not None and _failed[0] == version.pk and time.monotonic() - _failed[1] < RETRY_SECONDS:
        raise ModelUnavailable(_failed[2])
    try:
        return _read(version)
    except (ArtifactError, StoreUnreachable) as error:
        why = f"model {version.pk} cannot be read: {error}"
        _failed = version.pk, time.monotonic(), why
        raise ModelUnavailable(why) from error


def _read(version: ModelVersion) -> ServedModel:
    """What the pointer says, or what takes its place where that is damaged. Raises ArtifactError or StoreUnreachable."""
    try:
        served = ServedModel(version, artifact_read(version))
    except ArtifactError as error:
        # The pointer may have moved on twice while we read, and the files with it.
        newer = damage_note(version, str(error)) or active_version()
        if newer is None or newer.pk == version.pk:
            raise
        logger.info("model %s was replaced by %s while it was read", version.pk, newer.pk)
        return _read(newer)
    damage_healed(version)
    return served


def active_verify() -> bool | None:
    """Read the active model's files as a process that begins would; None where nobody can tell, or there is no model.

    A process that loaded it long ago serves on from memory. Where the files are damaged, what is to take its place
    does so now, and not when the next process begins.
    """
    version = active_version()
    if version is None:
        return None
    try:
        return _read(version).version.pk == version.pk
    except ArtifactError:
        return False
    except StoreUnreachable as error:
        logger.warning("model %s could not be looked at: %s", version.pk, error)
        return None
