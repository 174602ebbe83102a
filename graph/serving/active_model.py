"""The model that is served now. Reading costs one indexed query a call; vectors are loaded once a process for each model.

The pointer is a row, moved by `graph.training.publish`; files lie in ``ARTIFACT_DIR/<model version id>/``.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from accounts.compiled_query import CompiledQuery
from discovery.platform.errors import ModelUnavailable
from graph.models import ModelVersion
from graph.serving.artifact import MANIFEST, Artifact, ArtifactError

logger = logging.getLogger(__name__)


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
    try:
        return ServedModel(version, _read(version))
    except ArtifactError as error:
        # The pointer may have moved on twice while we read, and the files with it.
        newer = active_version()
        if newer is None or newer.pk == version.pk:
            raise ModelUnavailable(f"model {version.pk} cannot be read: {error}") from error
        logger.info("model %s was replaced by %s while it was read", version.pk, newer.pk)
        return _load(newer)


def _read(version: ModelVersion) -> Artifact:
    """The manifest must be the one that was published; it vouches for the rest."""
    directory = artifact_directory(version.pk)
    try:
        digest = manifest_hash(directory)
    except OSError as error:
        raise ArtifactError(str(error)) from error
    if digest != version.manifest_hash:
        raise ArtifactError("its manifest is not the published one")
    return Artifact.load(directory)


def artifact_directory(version_id: uuid.UUID) -> Path:
    return Path(settings.ARTIFACT_DIR) / str(version_id)


def manifest_hash(directory: Path) -> str:
    return hashlib.sha256((directory / MANIFEST).read_bytes()).hexdigest()
