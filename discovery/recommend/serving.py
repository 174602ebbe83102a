"""The vectors to score with, or why there are none: recommendations fail soft, and say so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from accounts.models import PersonalizationLevel, User
from discovery.platform.errors import ModelUnavailable
from discovery.recommend.trial import Pair, pair_of
from graph.models import ItemKind, ModelVersion
from graph.serving import active_model
from graph.serving.index import ItemIndex


class DegradedReason(StrEnum):
    """Why an answer is less than it could be."""

    NO_MODEL = "NO_MODEL"  # none was trained yet, or none with such items
    MODEL_UNAVAILABLE = "MODEL_UNAVAILABLE"  # there is one, and it cannot be read
    NOT_SHARED = "NOT_SHARED"  # of the people asked for, nobody shares with the viewer
    NO_EVIDENCE = "NO_EVIDENCE"  # nothing permitted to go by: the most popular instead
    CATALOG_ONLY = (
        "CATALOG_ONLY"  # too few people play the same to learn from: by the catalog and its tags alone
    )
    TOO_FEW_LISTENERS = "TOO_FEW_LISTENERS"  # nothing has so many listeners that it may count as popular
    NOTHING_NEW = "NOTHING_NEW"  # of what the viewer does not know, nothing says anything


@dataclass(frozen=True)
class Serving:
    """``index`` of one kind with the ``version`` it is of; without an index, ``degraded`` says why.

    ``pair``: the models that this answer may be compared by, where one is tried.
    """

    index: ItemIndex | None
    version: ModelVersion | None
    degraded: DegradedReason | None
    pair: Pair | None = None


def served_model() -> tuple[active_model.ServedModel | None, DegradedReason | None]:
    """The model that is served now, or why there is none."""
    try:
        model = active_model.active()
    except ModelUnavailable:
        return None, DegradedReason.MODEL_UNAVAILABLE
    return model, None if model else DegradedReason.NO_MODEL


def index_for(kind: ItemKind) -> Serving:
    """What items of ``kind`` are scored with now."""
    model, degraded = served_model()
    return Serving(None, None, degraded) if model is None else _of(model, kind)


def serving_for(viewer: User, kind: ItemKind, level: PersonalizationLevel | None = None) -> Serving:
    """The same for what is one viewer's alone, who may be of those whom a model that is tried serves.

    ``level``: the one they are answered at, where that is known.
    """
    model, degraded = served_model()
    if model is None:
        return Serving(None, None, degraded)
    pair = pair_of(model, viewer, kind, level)
    return _of(model, kind) if pair is None else replace(_of(pair.answering, kind), pair=pair)


def _of(model: active_model.ServedModel, kind: ItemKind) -> Serving:
    index = model.artifact.index(kind.value)
    return Serving(index, model.version, None if index is not None else DegradedReason.NO_MODEL)


def playable_kind() -> ItemKind:
    """What is played where nobody says: tracks where the model knows any, else artists."""
    index = index_for(ItemKind.TRACK).index
    return ItemKind.TRACK if index is not None and len(index) else ItemKind.ARTIST
