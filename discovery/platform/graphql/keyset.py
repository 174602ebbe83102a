"""The rows behind a position of an ordered queryset: a comparison of columns, which an index answers at any depth.

Enters: a queryset whose order is one of its own columns, the last its key, so that no two rows stand in one place. A column
of a row that was joined counts as its own where it is annotated under a name, is never null and is one a row.
Leaves: the rows behind a position, and the values of a row's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Field, Model, Q, QuerySet
from django.db.models.expressions import Col, OrderBy

from discovery.platform.graphql.cursors import Value


@dataclass(frozen=True)
class Column:
    """One column of an order. Nulls come last, whichever way it goes, where there can be any."""

    field: Field[Any, Any]
    descending: bool
    name: str  # by which a row has it: of the field, or of what is annotated

    def behind(self, value: Any) -> Q:
        """Rows that this column alone puts behind ``value``."""
        name = self.name
        if value is None:
            return Q(pk__in=())
        later = Q(**{f"{name}__{'lt' if self.descending else 'gt'}": value})
        return later | Q(**{f"{name}__isnull": True}) if self.field.null else later

    def level(self, value: Any) -> Q:
        """Rows that this column does not tell from ``value``."""
        name = self.name
        return Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: value})

    def not_before(self, value: Any) -> Q:
        """Rows that this column does not put before ``value``: what an index is asked first."""
        name = self.name
        if value is None:
            return self.level(value)
        there = Q(**{f"{name}__{'lte' if self.descending else 'gte'}": value})
        return there | Q(**{f"{name}__isnull": True}) if self.field.null else there


def columns(rows: QuerySet[Any]) -> tuple[Column, ...]:
    """The order of ``rows``. Raises TypeError where it is not total, or not one of plain columns."""
    order = rows.query.order_by or rows.model._meta.ordering  # noqa: SLF001  # Django documents it
    model: Any = rows.model
    plain = tuple(map(_plain, order))
    annotated = {name: rows.query.annotations.get(name) for name, _descending in plain}
    joined = tuple((name, each.target) for name, each in annotated.items() if isinstance(each, Col))
    return _columns(model, plain, joined)


def behind(rows: QuerySet[Any], position: list[Any]) -> QuerySet[Any]:
    """Of ``rows``, those behind a position, in their order. Raises ValueError where it is none of this order."""
    order = columns(rows)
    if len(position) != len(order):
        raise ValueError("a position of another order")
    values = [column.field.to_python(value) for column, value in zip(order, position, strict=True)]
    rest = Q()
    for column, value in reversed(list(zip(order, values, strict=True))):
        rest = column.behind(value) | (column.level(value) & rest) if rest else column.behind(value)
    # The first column alone, too: an OR of columns finds no place in an index.
    return rows.filter(order[0].not_before(values[0]), rest)


def with_columns(rows: QuerySet[Any]) -> QuerySet[Any]:
    """``rows`` with the columns of their order loaded, whatever else was left out."""
    names, deferred = rows.query.deferred_loading
    wanted = {column.field.name for column in columns(rows) if column.name not in rows.query.annotations}
    if deferred:
        return rows.defer(None).defer(*(names - wanted)) if names & wanted else rows
    return rows if wanted <= names else rows.only(*names, *wanted)


def position_of(row: Model, order: tuple[Column, ...]) -> list[Value]:
    """Where ``row`` stands in this order."""
    return [getattr(row, column.name) for column in order]


def _plain(part: Any) -> tuple[str, bool]:
    """Name and direction of one part of an order."""
    if isinstance(part, OrderBy) and isinstance(part.expression, F) and not part.nulls_first:
        name: str = part.expression.name  # type: ignore[attr-defined]  # the stubs leave it out
        return name, part.descending
    if isinstance(part, str):
        return part.removeprefix("-"), part.startswith("-")
    raise TypeError(f"{part!r} is no column by which rows can be paged")


@lru_cache(maxsize=256)
def _columns(
    model: type[Model], order: tuple[tuple[str, bool], ...], joined: tuple[tuple[str, Field[Any, Any]], ...]
) -> tuple[Column, ...]:
    meta, of_joined = model._meta, dict(joined)  # noqa: SLF001  # Django documents it
    try:
        fields: list[tuple[str, Any, bool]] = [
            (name, of_joined.get(name) or (meta.pk if name == "pk" else meta.get_field(name)), descending)
            for name, descending in order
        ]
        found = tuple(
            Column(field, descending, name if name in of_joined else field.attname)
            for name, field, descending in fields
        )
    except FieldDoesNotExist as absent:
        raise TypeError(f"{model.__name__} is ordered by what is no column of its own") from absent
    if not found or not found[-1].field.primary_key:
        raise TypeError(f"the order of {model.__name__} leaves open which of two rows comes first")
    return found
