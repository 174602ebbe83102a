"""Erasure of a person: a machine of small steps, each of which can be killed and run again.

REQUESTED → FROZEN → PURGED → RETRAINED → CLOSED. A step and the note that it is done are one
transaction under the row's lock; what lies outside the database (files) is deleted before that note,
and deleting it twice is deleting it once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import ConsentEvent, ConsentState, Purpose, User
from accounts.operator import operator_current
from accounts.services.consent import consent_withdraw_all
from accounts.services.device import devices_end
from accounts.services.guardianship import guardian_leave
from accounts.services.identity import identities_forget
from accounts.signals import person_purging
from accounts.signatures import signed
from discovery.models import DataExport, Erasure
from discovery.platform.errors import InvalidInput
from discovery.privacy.signals import erasure_requested
from graph.models import Deletion, ModelVersion
from graph.services.standing import catalog_sweep
from graph.serving.active_model import active_version
from graph.serving.lifecycle import CLOCK, WAITING, pointer_hold, staff_forget, version_move
from graph.serving.storage import artifact_store
from graph.training.training_edges import EdgesUnknown, edges_of_model, edges_of_person, root_of_model

logger = logging.getLogger(__name__)

State = ModelVersion.State
CHANNEL = "erasure"
REFUSALS = 3  # models without the person whose promotion may be refused
LONGEST_WAIT = timedelta(days=1)  # for one it takes; what the specification promises


def erasure_confirm(*, user: User, confirm: str) -> None:
    """Raises InvalidInput where ``confirm`` is not the user's handle."""
    if confirm != user.username:
        raise InvalidInput(_("Type your own handle to confirm."), field="confirm", code="NOT_CONFIRMED")


@transaction.atomic
def erasure_request(*, user: User, confirm: str) -> Erasure:
    """Erase ``user``, who says so by their own handle. It acts on the next request; the rest follows by itself.

    Raises:
        InvalidInput: ``confirm`` is not the user's handle.

    """
    erasure_confirm(user=user, confirm=confirm)
    User.objects.select_for_update().get(pk=user.pk)
    erasure, _created = Erasure.objects.get_or_create(user=user, defaults={"subject": user.pseudonym})
    if erasure.state == Erasure.State.REQUESTED:
        _freeze(erasure)
    key = str(erasure.pk)
    transaction.on_commit(lambda: erasure_requested.send_robust(sender=Erasure, key=key))
    return erasure


def erasure_advance(*, erasure_id: str) -> Erasure | None:
    """Take an erasure as far as it can go now; None where there is none. It may have to wait for a model."""
    while True:
        with transaction.atomic():
            erasure = Erasure.objects.select_for_update(of=("self",)).filter(pk=erasure_id).first()
            if erasure is None or erasure.state == Erasure.State.CLOSED:
                return erasure
            if not STEPS[Erasure.State(erasure.state)](erasure):
                return erasure
            logger.info("erasure %s is %s", erasure.pk, erasure.state)


def erasures_open() -> list[str]:
    """Keys of those that are not closed, oldest first."""
    open_ = Erasure.objects.exclude(state=Erasure.State.CLOSED).order_by("requested_at")
    return [str(key) for key in open_.values_list("pk", flat=True)]


def _freeze(erasure: Erasure) -> bool:
    """Nothing is permitted and nobody can sign in: every rule of ``policies`` refuses an inactive person."""
    user = erasure.user
    if user is None:
        raise RuntimeError(f"erasure {erasure.pk} is not frozen, and its account is gone")
    consent_withdraw_all(user=user, channel=CHANNEL)
    guardian_leave(guardian=user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    user.is_active = False
    devices_end(user=user)
    erasure.ledger_position = ConsentEvent.objects.aggregate(last=Max("pk"))["last"] or 0
    return _step(erasure, Erasure.State.FROZEN, "ledger_position")


def _purge(erasure: Erasure) -> bool:
    user = erasure.user
    if user is None:
        raise RuntimeError(f"erasure {erasure.pk} is not purged, and its account is gone")
    User.objects.select_for_update().get(pk=user.pk)
    erasure.deleted = {
        **_related_counts(user),
        "sessions": _sessions_delete(user),
        "exports": _exports_delete(user),
    }
    erasure.deleted["log_entries"] = _log_entries_delete(user)
    erasure.deleted["deletions"] = Deletion.objects.filter(subject=user.pseudonym).delete()[0]
    erasure.edges = edges_of_person(user).tobytes()
    staff_forget(user)
    identities_forget(ids=[str(user.pseudonym), *([user.external_id] if user.external_id else [])])
    person_purging.send(sender=User, user=user)
    erasure.user = None
    erasure.save(update_fields=["user"])
    user.delete()
    erasure.deleted["words_of_theirs_alone"] = catalog_sweep()
    return _step(erasure, Erasure.State.PURGED, "deleted", "edges")


def _retrain(erasure: Erasure) -> bool:
    """Wait for a model that knows of the withdrawal, but not for ever; then no older one may stay on disk."""
    active = active_version()
    contributed = ConsentEvent.objects.filter(
        subject=erasure.subject, purpose=Purpose.CONTRIBUTE, new_state=ConsentState.GRANTED
    ).exists()
    if contributed and active is not None:
        if (edges := _edges_compared(erasure, active)) is not None:
            erasure.clean_model = {
                "id": str(active.pk), "manifestHash": active.manifest_hash, "trainingRoot": root_of_model(active),
                "ledgerPosition": active.ledger_position, "trainingEdges": edges,
            }  # fmt: skip
        elif _waited_enough(erasure):
            # Rather no model than one that learned from somebody who is gone: answers say NO_MODEL meanwhile.
            pointer_hold()
            version_move(
                active,
                State.RETIRED,
                who=CLOCK,
                why="it learned from somebody who was erased, and no other may serve",
            )
            erasure.clean_model = {"id": None, "retired": str(active.pk)}
        else:
            return False  # graph.training.run sees the withdrawal in the ledger, and asks for a training
    if contributed:
        _older_trials_end(erasure.ledger_position)
        _older_artifacts_delete(erasure.ledger_position)
    erasure.edges = b""
    return _step(erasure, Erasure.State.RETRAINED, "clean_model", "edges")


def _edges_compared(erasure: Erasure, model: ModelVersion) -> dict[str, int] | None:
    """How many edges the person had, how many a model learned from, and that none is in both; None if one is.

    None too where it is not known, or the model is older than the withdrawal.
    """
    if model.ledger_position < erasure.ledger_position:
        return None
    try:
        learned = edges_of_model(model)
    except EdgesUnknown as unknown:
        logger.error("erasure %s waits for a model that says what it learned from: %s", erasure.pk, unknown)  # noqa: TRY400
        return None
    theirs = np.frombuffer(bytes(erasure.edges), dtype=np.uint64)
    both = int(np.intersect1d(learned, theirs, assume_unique=True).size)
    if both:
        logger.error("erasure %s: model %s was trained on %d edges of theirs", erasure.pk, model.pk, both)
        return None
    return {"ofPerson": int(theirs.size), "ofModel": int(learned.size), "inBoth": both}


def _waited_enough(erasure: Erasure) -> bool:
    """Whether models without the person were refused too often, or there was none for too long."""
    refused = ModelVersion.objects.filter(state=State.REJECTED, ledger_position__gte=erasure.ledger_position)
    return refused.count() >= REFUSALS or timezone.now() - erasure.requested_at >= LONGEST_WAIT


def _close(erasure: Erasure) -> bool:
    erasure.closed_at = timezone.now()
    erasure.receipt = signed(
        {
            "type": "ErasureReceipt",
            "piiController": operator_current().as_document(),
            "erasureId": str(erasure.pk),
            "subject": str(erasure.subject),
            "requestedAt": erasure.requested_at.isoformat(),
            "closedAt": erasure.closed_at.isoformat(),
            "ledgerPosition": erasure.ledger_position,
            "deleted": erasure.deleted,
            "cleanModel": erasure.clean_model,
        },
        settings.SIGNING_KEY,
    )
    return _step(erasure, Erasure.State.CLOSED, "closed_at", "receipt")


STEPS: dict[Erasure.State, Callable[[Erasure], bool]] = {
    Erasure.State.REQUESTED: _freeze,
    Erasure.State.FROZEN: _purge,
    Erasure.State.PURGED: _retrain,
    Erasure.State.RETRAINED: _close,
}


def _step(erasure: Erasure, state: Erasure.State, *fields: str) -> bool:
    erasure.state = state
    erasure.save(update_fields=["state", *fields])
    return True


def _related_counts(user: User) -> dict[str, int]:
    """Rows with this person's key, by table and column; told from the models, so that none is forgotten."""
    counts = {}
    for relation in User._meta.related_objects:  # noqa: SLF001  # Django documents it
        model, field = relation.related_model, relation.field.name
        if model in {Erasure, User} or not isinstance(model, type):  # these rows stay, without the key
            continue
        rows = model._default_manager.filter(**{field: user}).count()  # noqa: SLF001
        if rows:
            counts[f"{model._meta.label}.{field}"] = rows  # noqa: SLF001
    return dict(sorted(counts.items()))


def _sessions_delete(user: User) -> int:
    theirs = [session.pk for session in Session.objects.iterator() if _is_of(session.get_decoded(), user)]
    return Session.objects.filter(pk__in=theirs).delete()[0]


def _is_of(session: Mapping[str, Any], user: User) -> bool:
    """Whether they are signed in with it, or began to be."""
    begun = session.get("account_login") or {}
    return str(user.pk) in {
        session.get("_auth_user_id"),
        session.get("account_authentication_methods_user"),
    } or begun.get("user_pk") == user_pk_to_url_str(user)


def _exports_delete(user: User) -> int:
    paths = [
        path for export in DataExport.objects.filter(user=user) for path in (export.path, *export.drafts)
    ]
    gone = [path for path in paths if path.exists()]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _log_entries_delete(user: User) -> int:
    """What staff did to the account stands in the admin's log with its handle."""
    about = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk)
    )
    return about.delete()[0]


def _older_trials_end(position: int) -> None:
    """What is tried, or waits for it, and learned from the person serves nobody any more."""
    pointer_hold()
    for version in ModelVersion.objects.filter(ledger_position__lt=position, state__in=WAITING):
        version_move(version, State.RETIRED, who=CLOCK, why="it learned from somebody who was erased")


def _older_artifacts_delete(position: int) -> None:
    older = ModelVersion.objects.filter(ledger_position__lt=position).exclude(state=State.ACTIVE)
    for key in older.values_list("pk", flat=True):
        artifact_store().remove(key)
