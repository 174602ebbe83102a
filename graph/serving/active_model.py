"""The model that is served now, and the one that is tried. Asking costs one indexed query; vectors are loaded once a process for each.

The pointers are rows, moved by `graph.serving.lifecycle`.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from accounts.compiled_query import CompiledQuery
from discovery.platform.errors import ModelUnavailable
from graph.models import ModelVersion
from graph.serving.artifact import Artifact, ArtifactError
from graph.serving.lifecycle import TRIED
from graph.serving.standby import artifact_read, damage_healed, damage_note, trial_stop
from graph.serving.storage import StoreUnreachable

logger = logging.getLogger(__name__)

State = ModelVersion.State
RETRY_SECONDS = 5.0  # what cannot be read is not read again with every request


@dataclass(frozen=True)
class Tried:
    """The model that is tried beside the active one: as SHADOW, or as CANARY for a ``share`` of those who may be asked."""

    id: uuid.UUID
    state: str
    share: float


@dataclass(frozen=True)
class ServedModel:
    """A model with its vectors in memory; of the active one also what is ``tried`` beside it."""

    version: ModelVersion
    artifact: Artifact
    tried: Tried | None = None


_served: ServedModel | None = None
_beside: ServedModel | None = None
_failed: tuple[uuid.UUID, float, str] | None = None  # what could not be read, when, and why
_loading = threading.Lock()


def active() -> ServedModel | None:
    """The model to serve now; None when none was published. Raises ModelUnavailable."""
    global _served, _beside  # noqa: PLW0603 one model a process, replaced whole
    pointers = {state: (uuid.UUID(str(key)), share) for key, state, share in _POINTERS.rows()}
    if State.ACTIVE not in pointers:
        return None
    tried = next((Tried(pointers[s][0], s, pointers[s][1]) for s in TRIED if s in pointers), None)
    served = _served
    if served is None or served.version.pk != pointers[State.ACTIVE][0]:
        version = active_version()
        if version is None:
            return None
        with _loading:
            if _served is None or _served.version.pk != version.pk:
                held = _beside  # what was tried may serve now
                same = held is not None and held.version.pk == version.pk
                _served = ServedModel(version, held.artifact) if held is not None and same else _load(version)
            served = _served
    if tried is None:
        _beside = None  # no vectors stay of what is tried no more
    return served if tried is None else replace(served, tried=tried)


def beside(tried: Tried) -> ServedModel | None:
    """The model that is tried; None where it cannot be read now. One whose files are damaged is tried no more."""
    global _beside  # noqa: PLW0603 one a process, replaced whole
    held = _beside
    if held is not None and held.version.pk == tried.id:
        held.version.state, held.version.share = tried.state, tried.share  # as the database says it now
        return held
    version = ModelVersion.objects.filter(pk=tried.id).first()
    if version is None or _failed_lately(version):
        return None
    with _loading:
        if _beside is None or _beside.version.pk != tried.id:
            try:
                _beside = ServedModel(version, artifact_read(version))
            except ArtifactError as error:
                trial_stop(tried.id, f"it cannot be read: {error}")
                return None
            except StoreUnreachable as error:
                _note_failure(version, str(error))
                logger.warning("model %s is not tried: %s", version.pk, error)
                return None
        return _beside


_POINTERS = CompiledQuery(
    lambda _now: (
        ModelVersion.objects.filter(kind=ModelVersion.Kind.RECOMMENDER, state__in=(State.ACTIVE, *TRIED))
        .order_by()
        .values_list("pk", "state", "share")
    )
)


def active_version() -> ModelVersion | None:
    return recommenders().filter(state=State.ACTIVE).order_by().first()


def recommenders() -> QuerySet[ModelVersion]:
    """Every version of the recommender."""
    return ModelVersion.objects.filter(kind=ModelVersion.Kind.RECOMMENDER)


def _failed_lately(version: ModelVersion) -> bool:
    return _failed is not None and _failed[0] == version.pk and time.monotonic() - _failed[1] < RETRY_SECONDS


def _note_failure(version: ModelVersion, why: str) -> None:
    global _failed  # noqa: PLW0603 one a process
    _failed = version.pk, time.monotonic(), why


def _load(version: ModelVersion) -> ServedModel:
    if _failed is not None and _failed_lately(version):
        raise ModelUnavailable(_failed[2])
    try:
        return _read(version)
    except (ArtifactError, StoreUnreachable) as error:
        why = f"model {version.pk} cannot be read: {error}"
        _note_failure(version, why)
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
