"""An operator lets another model serve: one that was served before, or the one before this."""

from __future__ import annotations

import logging
import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from discovery.platform.errors import Conflict, NotFound
from graph.models import ModelVersion
from graph.serving.artifact import ArtifactError
from graph.serving.eligible import ensure_eligible
from graph.serving.standby import artifact_read, pointer_hold, pointer_move
from graph.serving.storage import StoreUnreachable

logger = logging.getLogger(__name__)

State = ModelVersion.State


@transaction.atomic
def model_promote(*, version_id: uuid.UUID) -> ModelVersion:
    """Let this model serve, from the next request on in every process.

    Raises:
        NotFound: there is no such model.
        Conflict: it serves already (MODEL_SERVES), its promotion was refused (MODEL_REJECTED), it learned from somebody
            who was erased (MODEL_SAW_ERASED) or from what a later one is without (MODEL_SAW_WITHDRAWN), its files
            cannot be read (MODEL_DAMAGED), or nobody can tell now (MODEL_UNAVAILABLE).

    """
    pointer_hold()
    version = ModelVersion.objects.filter(pk=version_id).first()
    if version is None:
        raise NotFound(_("There is no such model."))
    if version.state == State.ACTIVE:
        raise Conflict(_("It serves already."), code="MODEL_SERVES")
    if version.state == State.REJECTED:
        raise Conflict(
            _("Its promotion was refused: %(why)s") % {"why": version.rejected_because}, code="MODEL_REJECTED"
        )
    ensure_eligible(version)
    try:
        artifact_read(version)
    except ArtifactError as error:
        raise Conflict(
            _("Its files cannot be read: %(why)s") % {"why": error}, code="MODEL_DAMAGED"
        ) from error
    except StoreUnreachable as error:
        raise Conflict(
            _("Where models lie does not answer: %(why)s") % {"why": error}, code="MODEL_UNAVAILABLE"
        ) from error
    pointer_move(version, leaving=State.RETIRED)
    logger.warning("model %s serves because an operator said so", version.pk)
    return version


def model_rollback(*, version_id: uuid.UUID | None = None) -> ModelVersion:
    """Let the model serve that did before the active one, or an earlier one that is named.

    Raises:
        NotFound: there is none.
        Conflict: as for `model_promote`; and what is named was not served before the active one (MODEL_LATER).

    """
    active = ModelVersion.objects.filter(state=State.ACTIVE).first()
    earlier = ModelVersion.objects.filter(state=State.RETIRED)
    if active is not None:
        earlier = earlier.filter(created_at__lt=active.created_at)
    if version_id is None:
        before = earlier.order_by("-created_at").first()
        if before is None:
            raise NotFound(_("No model was served before this one."))
        return model_promote(version_id=before.pk)
    later = ModelVersion.objects.filter(pk=version_id, state__in=(State.RETIRED, State.DAMAGED))
    if later.exclude(pk__in=earlier).exists():
        raise Conflict(
            _("It was not served before this one: promote_model lets it serve."), code="MODEL_LATER"
        )
    return model_promote(version_id=version_id)
