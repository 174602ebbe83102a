"""An operator lets another model serve or be tried, goes back to one that was served before, or takes one out."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from discovery.platform.errors import Conflict, InvalidInput, NotFound
from graph.models import ModelVersion
from graph.serving.active_model import active_version, recommenders
from graph.serving.artifact import ArtifactError
from graph.serving.eligible import ensure_eligible
from graph.serving.lifecycle import COMMAND, TRIED, pointer_hold, version_move
from graph.serving.standby import artifact_read
from graph.serving.storage import StoreUnreachable
from graph.training.lineage import ensure_lineage

State = ModelVersion.State


@transaction.atomic
def model_promote(
    *,
    version_id: uuid.UUID,
    becomes: ModelVersion.State = State.ACTIVE,
    share: float | None = None,
    who: str = COMMAND,
    why: str = "",
    leaving: ModelVersion.State = State.RETIRED,
) -> ModelVersion:
    """Let this model serve, or be tried (SHADOW, or CANARY for a ``share``), from the next request on in every process.

    What was tried until then is stopped. Raises:
        NotFound: there is no such model.
        InvalidInput: ``share`` is none (INVALID_SHARE).
        Conflict: it serves, or is tried so, already (MODEL_SERVES), its promotion was refused (MODEL_REJECTED), none
            serves beside which it could be tried (MODEL_ALONE), it learned from somebody who was erased
            (MODEL_SAW_ERASED) or from what a later one is without (MODEL_SAW_WITHDRAWN), its lineage does not verify
            (MODEL_UNSIGNED), its files cannot be read (MODEL_DAMAGED), or nobody can tell now (MODEL_UNAVAILABLE).

    """
    part = settings.EARSHOT_CANARY_SHARE if share is None else share
    if not 0 < part <= 1:
        raise InvalidInput(_("A share is more than 0 and at most 1."), field="share", code="INVALID_SHARE")
    pointer_hold()
    version = ModelVersion.objects.filter(pk=version_id).first()
    if version is None:
        raise NotFound(_("There is no such model."))
    if becomes not in {State.ACTIVE, *TRIED}:
        raise Conflict(_("A model is promoted to SHADOW, CANARY or ACTIVE."), code="MODEL_MOVE")
    if version.state == becomes:
        message = _("It is %(state)s already; a canary comes to another share by way of the shadow.")
        raise Conflict(message % {"state": becomes}, code="MODEL_SERVES")
    if version.state == State.REJECTED:
        raise Conflict(
            _("Its promotion was refused: %(why)s") % {"why": version.rejected_because}, code="MODEL_REJECTED"
        )
    active = ModelVersion.objects.filter(kind=version.kind, state=State.ACTIVE).exclude(pk=version.pk)
    if becomes != State.ACTIVE and not active.exists():
        raise Conflict(_("None serves beside which it could be tried."), code="MODEL_ALONE")
    ensure_may_serve(version)
    if becomes in TRIED:
        for other in ModelVersion.objects.filter(kind=version.kind, state__in=TRIED).exclude(pk=version.pk):
            version_move(other, State.STOPPED, who=who, why=f"{version.pk} is tried in its place")
    version_move(version, becomes, who=who, why=why, share=part, leaving=leaving)
    return version


def ensure_may_serve(version: ModelVersion) -> None:
    """Raises Conflict, as `model_promote` says, where a model may not serve, or cannot."""
    ensure_eligible(version)
    ensure_lineage(version)
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


def model_rollback(
    *,
    version_id: uuid.UUID | None = None,
    who: str = COMMAND,
    why: str = "",
    leaving: ModelVersion.State = State.RETIRED,
) -> ModelVersion:
    """Let the model serve that did before the active one, or an earlier one that is named.

    Raises:
        NotFound: there is none.
        Conflict: as for `model_promote`; and what is named was not served before the active one (MODEL_LATER).

    """
    active = active_version()
    were = recommenders().filter(activated_at__isnull=False)
    earlier = were.filter(state=State.RETIRED)
    if active is not None:
        earlier = earlier.filter(created_at__lt=active.created_at)
    if version_id is None:
        before = earlier.order_by("-created_at").first()
        if before is None:
            raise NotFound(_("No model was served before this one."))
        return model_promote(version_id=before.pk, who=who, why=why, leaving=leaving)
    later = were.filter(pk=version_id, state__in=(State.RETIRED, State.DAMAGED))
    if later.exclude(pk__in=earlier).exists():
        raise Conflict(
            _("It was not served before this one: promote_model lets it serve."), code="MODEL_LATER"
        )
    return model_promote(version_id=version_id, who=who, why=why, leaving=leaving)


@transaction.atomic
def model_stop(*, version_id: uuid.UUID, who: str = COMMAND, why: str = "") -> ModelVersion:
    """Take a model out: one that waits or is tried, or the active one, whose place the one before it takes.

    Raises:
        NotFound: there is no such model, or none that could take its place.
        Conflict: it neither serves nor is to (MODEL_MOVE); as for `model_promote` of the one that takes its place.

    """
    pointer_hold()
    version = ModelVersion.objects.filter(pk=version_id).first()
    if version is None:
        raise NotFound(_("There is no such model."))
    if version.state == State.ACTIVE:
        model_rollback(who=who, why=why, leaving=State.STOPPED)
        version.refresh_from_db()
    else:
        version_move(version, State.STOPPED, who=who, why=why)
    return version
