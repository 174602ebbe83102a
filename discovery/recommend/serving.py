"""The vectors to score with, or why there are none: recommendations fail soft, and say so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from discovery.platform.errors import ModelUnavailable
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
    """``index`` of one kind with the ``version`` it is of; without an index, ``degraded`` says why."""

    index: ItemIndex | None
    version: ModelVersion | None
    degraded: DegradedReason | None


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
    if model is None:
        return Serving(None, None, degraded)
    index = model.artifact.index(kind.value)
    return Serving(index, model.version, None if index is not None else DegradedReason.NO_MODEL)


def playable_kind() -> ItemKind:
    """What is played where nobody says: tracks where the model knows any, else artists."""
    index = index_for(ItemKind.TRACK).index
    return ItemKind.TRACK if index is not None and len(index) else ItemKind.ARTIST
