"""What serves when the active model's files are damaged: the previous one, where it is intact and may. What is tried then ends.

The pointer is moved in the database, so that all processes and machines serve the same. `graph.training.run` sees the mark
and asks for one training.
"""

from __future__ import annotations

import logging
import uuid

from django.db import transaction
from django.utils import timezone

from discovery.platform.errors import Conflict
from discovery.platform.meters import MODELS_STOPPED
from graph.models import ModelVersion
from graph.serving.artifact import Artifact, ArtifactError
from graph.serving.eligible import ensure_eligible
from graph.serving.lifecycle import TRIED, WATCH, pointer_hold, version_move
from graph.serving.storage import FileLost, artifact_store

logger = logging.getLogger(__name__)

State = ModelVersion.State


def artifact_read(version: ModelVersion) -> Artifact:
    """A model as it was published: its manifest is the one that the row tells of, and vouches for the rest.

    Raises ArtifactError where it is damaged, and StoreUnreachable where nobody can tell.
    """
    store = artifact_store()
    try:
        return Artifact.read(lambda name: store.read(version.pk, name), manifest_sha256=version.manifest_hash)
    except FileLost as lost:
        raise ArtifactError(str(lost)) from lost


@transaction.atomic
def damage_note(version: ModelVersion, why: str) -> ModelVersion | None:
    """The active ``version`` cannot be read: mark it, and let the latest that can and may serve in its place.

    None where there is none: then it stays the active one, so that answers say that a model is unavailable, and serves
    again when its files are back.
    """
    pointer_hold()
    row = ModelVersion.objects.filter(pk=version.pk, state=State.ACTIVE).first()
    if row is None:
        return None  # another process was first
    if row.damaged_at is None:
        logger.error("model %s is damaged: %s; a training follows", row.pk, why)
        row.damaged_at, row.damage = timezone.now(), why
        row.save(update_fields=["damaged_at", "damage"])
    for earlier in ModelVersion.objects.filter(
        kind=row.kind, state=State.RETIRED, activated_at__isnull=False
    ).order_by("-activated_at"):
        try:
            ensure_eligible(earlier)
            artifact_read(earlier)
        except Conflict as refusal:
            logger.warning("model %s may not serve in its place: %s", earlier.pk, refusal.message)
        except ArtifactError as error:
            logger.warning("model %s cannot serve in its place: %s", earlier.pk, error)
        else:
            version_move(
                earlier, State.ACTIVE, who=WATCH, why=f"{row.pk} cannot be read", leaving=State.DAMAGED
            )
            logger.warning("model %s serves in place of %s", earlier.pk, row.pk)
            return earlier
    return None


@transaction.atomic
def trial_stop(version_id: uuid.UUID, why: str) -> bool:
    """Take out the model that is tried, because of what was measured or found; False where somebody was first."""
    pointer_hold()
    row = ModelVersion.objects.filter(pk=version_id, state__in=TRIED).first()
    if row is None:
        return False
    version_move(row, State.STOPPED, who=WATCH, why=why)
    MODELS_STOPPED.inc()
    return True


def damage_healed(version: ModelVersion) -> None:
    """Its files are back."""
    if version.damaged_at is None:
        return
    marked = ModelVersion.objects.filter(pk=version.pk, damaged_at__isnull=False)
    if marked.update(damaged_at=None, damage=""):
        logger.warning("model %s can be read again", version.pk)
    version.damaged_at, version.damage = None, ""


def damage_untrained() -> ModelVersion | None:
    """The latest model that was found damaged and that no training has followed."""
    damaged = ModelVersion.objects.filter(damaged_at__isnull=False).order_by("-damaged_at").first()
    if damaged is None or damaged.damaged_at is None:
        return None
    return None if ModelVersion.objects.filter(created_at__gt=damaged.damaged_at).exists() else damaged
