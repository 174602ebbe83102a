"""What points at tracks and artists: it goes with them where two turn out to be one (`graph.ingest.join`).

Foreign keys are found by themselves. What holds a key without one is registered here by the room that it is of; a test
walks all models and fails for a column that is in neither list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q

from graph.models import Artist, ArtistName, ItemKind, Naming, Track, TrackGuest

# What the resolution of names places itself: namings and names as they are settled, guests as a track is described.
PLACED: dict[type[Model], tuple[type[Model], ...]] = {Track: (Naming, TrackGuest), Artist: (ArtistName,)}
KINDS: dict[type[Model], ItemKind] = {Track: ItemKind.TRACK, Artist: ItemKind.ARTIST}


@dataclass(frozen=True)
class Reference:
    """A column that holds keys of items; ``rows``: those about items of the kind that is asked for."""

    model: type[Model]
    column: str
    rows: Q


@dataclass(frozen=True)
class KeyColumn:
    """A column without a foreign key that holds keys of items; ``about``: its rows about items of a kind."""

    model: type[Model]
    column: str
    about: Callable[[ItemKind], Q]


_columns: dict[str, KeyColumn] = {}


def register(*columns: KeyColumn) -> None:
    """Called once, when an app is ready."""
    _columns.update({f"{column.model._meta.label}.{column.column}": column for column in columns})  # noqa: SLF001  # Django documents it


def registered() -> frozenset[str]:
    """The labels of columns without a foreign key."""
    return frozenset(_columns)


def references(model: type[Model]) -> Iterator[Reference]:
    """All that points at a track, or at an artist, and goes with it."""
    fields: Any = model._meta.get_fields(include_hidden=True)  # noqa: SLF001
    for relation in fields:
        pointing = relation.auto_created and (relation.one_to_many or relation.one_to_one)
        if pointing and relation.related_model not in PLACED[model]:
            yield Reference(relation.related_model, relation.field.name, Q())
    for column in _columns.values():
        yield Reference(column.model, column.column, column.about(KINDS[model]))
