"""Whom the model that is tried answers, and whose answers are compared: people who agree to experiments at this moment, and nobody else.

Goes in: a viewer and what is served. Comes out: the pair of models that this answer may be compared by, and which of the two makes it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass

from django.conf import settings

from accounts import policies
from accounts.models import PersonalizationLevel, User
from graph.models import ItemKind, ModelVersion
from graph.serving import active_model, watch
from graph.serving.active_model import ServedModel, Tried
from graph.serving.index import ItemIndex

# Of the answers to people who agree, those in which the other model is asked, too.
COMPARED = {ModelVersion.State.SHADOW.value: 1.0, ModelVersion.State.CANARY.value: 0.25}
OWN = 0.1  # and those by which the active model is compared with its own first days


@dataclass(frozen=True)
class Pair:
    """The active model and the one that is tried; ``tried_answers``: whose answer it is that is shown."""

    tried: Tried
    before: ServedModel
    now: ServedModel
    tried_answers: bool

    @property
    def answering(self) -> ServedModel:
        return self.now if self.tried_answers else self.before

    def indexes(self, kind: ItemKind) -> tuple[ItemIndex | None, ItemIndex | None]:
        """What items of a kind are scored with, by the active model and by the one that is tried."""
        return self.before.artifact.index(kind.value), self.now.artifact.index(kind.value)


def pair_of(
    served: ServedModel, viewer: User, kind: ItemKind, level: PersonalizationLevel | None = None
) -> Pair | None:
    """The pair by which this viewer's answer may be compared; None where nothing is tried, or they are not to be asked.

    ``level``: the one they are answered at, where that is known.
    """
    tried = served.tried
    if tried is None or not _may_be_asked(viewer, level):
        return None
    now = active_model.beside(tried)
    if now is None:
        return None
    serves = (
        tried.state == ModelVersion.State.CANARY
        and is_assigned(tried.id, viewer.pseudonym, tried.share)
        and now.artifact.index(kind.value) is not None
        and watch.is_watched()
    )
    return Pair(tried, served, now, tried_answers=serves)


def is_assigned(version_id: uuid.UUID, pseudonym: uuid.UUID, share: float) -> bool:
    """Whether a person is of the ``share`` whom this model serves: the same with each request, and another draw for each model."""
    said = version_id.bytes + pseudonym.bytes
    digest = hmac.digest(settings.SIGNING_KEY.encode(), b"canary" + said, hashlib.sha256)
    return int.from_bytes(digest[:8]) < share * 2**64


def is_drawn(share: float) -> bool:
    """By chance, so often."""
    return secrets.randbelow(1_000_000) < share * 1_000_000


def may_be_measured(viewer: User, level: PersonalizationLevel) -> bool:
    """Whether what an answer to this viewer is made of may enter a sum, such an answer being drawn now."""
    return is_drawn(OWN) and _may_be_asked(viewer, level)


def _may_be_asked(viewer: User, level: PersonalizationLevel | None) -> bool:
    """They agree to experiments now, are in no private session, and their answers are made of more than what is everybody's."""
    if policies.in_private_session(viewer) or not policies.permits_experiments(viewer):
        return False
    answered_at = policies.effective_use(viewer).level if level is None else level
    return answered_at > PersonalizationLevel.OFF
