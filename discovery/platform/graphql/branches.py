"""Whole branches of an answer read off their source: a field whose value, and all that is asked of it, is simply there.

A branch is put together once an operation, from the selection and the schema. It is all or nothing: as soon as
anything in it is not exactly as expected it comes back as ``UNUSUAL``, and the field is answered from its top in
graphql-core's own way, errors and their paths included. Reading has no effects, so that nothing happens twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import CoroutineType, GeneratorType
from typing import Any, NamedTuple, Protocol

from django.db.models import Model, QuerySet
from django.db.models.manager import BaseManager
from graphql import (
    GraphQLAbstractType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE

from discovery.platform.graphql.plain import UNUSUAL, KnownField, Read, is_row_of, leaf_of, type_of_row

# From a value, and the source whose field it is, to the finished answer or ``UNUSUAL``; may raise.
Finish = Callable[[Any, Any], Any]


class Place(NamedTuple):
    """Which field a row is about to be answered as."""

    parent_type: GraphQLObjectType
    field_name: str


class Execution(Protocol):
    """What a branch asks of the execution it belongs to."""

    schema: GraphQLSchema

    def check_shown(self, return_type: GraphQLObjectType, result: Model, source: Any, place: Place) -> None:
        """Raises where the row may not go out."""

    def ways_of(self, kind: GraphQLObjectType, details: FieldDetailsList) -> list[tuple[str, Read]] | None:
        """The short way of each field that is asked of a value of this type; None where one has none."""


def branch(execution: Execution, field: KnownField, details: FieldDetailsList, place: Place) -> Read | None:
    """How ``field``, which is no leaf, is read with everything beneath it; None where that cannot be."""
    if (read := field.read) is None:
        return None
    finish = _finish(execution, field.definition.type, details, place)
    if finish is None:
        return None
    given_up = False

    def whole(source: Any) -> Any:
        nonlocal given_up
        if given_up:
            return UNUSUAL
        answer = UNUSUAL
        try:
            answer = finish(read(source), source)
        finally:
            given_up = answer is UNUSUAL  # what is unusual once is so again
        return answer

    return whole


def _finish(
    execution: Execution, kind: GraphQLOutputType, details: FieldDetailsList, place: Place
) -> Finish | None:
    inner, non_null = get_nullable_type(kind), is_non_null_type(kind)
    finish: Finish | None
    if is_leaf_type(inner):
        leaf = leaf_of(inner, may_be_null=not non_null)
        return lambda value, _source: leaf(value)
    if is_list_type(inner):
        finish = _each(_finish(execution, inner.of_type, details, place))
    elif is_abstract_type(inner):
        finish = _of_rows(execution, inner, details, place)
    else:
        finish = _of_object(execution, inner, details, place)  # type: ignore[arg-type]  # nothing else is left
    if finish is None:
        return None
    there = finish

    def there_or_null(value: Any, source: Any) -> Any:
        if value is None:
            return UNUSUAL if non_null else None
        return there(value, source)

    return there_or_null


def _each(finish: Finish | None) -> Finish | None:
    if finish is None:
        return None

    def of_list(items: Any, source: Any) -> Any:
        if type(items) is not list:
            return UNUSUAL
        answers = []
        for item in items:
            answer = finish(item, source)
            if answer is UNUSUAL:
                return UNUSUAL
            answers.append(answer)
        return answers

    return of_list


def _of_rows(
    execution: Execution, abstract: GraphQLAbstractType, details: FieldDetailsList, place: Place
) -> Finish:
    """Of rows whose class tells their type."""
    ways: dict[type, Finish | None] = {}

    def of_row(value: Any, source: Any) -> Any:
        kind = type(value)
        if kind not in ways:
            told = type_of_row(execution.schema, abstract, kind) if issubclass(kind, Model) else None
            ways[kind] = None if told is None else _of_object(execution, told, details, place)
        finish = ways[kind]
        return UNUSUAL if finish is None else finish(value, source)

    return of_row


def _of_object(
    execution: Execution, kind: GraphQLObjectType, details: FieldDetailsList, place: Place
) -> Finish | None:
    ways = execution.ways_of(kind, details)
    if ways is None:
        return None
    untold = kind.is_type_of is not None  # values have to be asked whether they are of the type
    check_shown = execution.check_shown

    def of_object(value: Any, source: Any) -> Any:
        its = type(value)
        if issubclass(its, Model):
            if TYPE_CAST_ATTRIBUTE in value.__dict__ or (untold and not is_row_of(kind, its)):
                return UNUSUAL
            check_shown(kind, value, source, place)
        elif untold or not _is_there(its):  # type: ignore[arg-type]  # a class has a hash
            return UNUSUAL
        answer = {}
        for name, way in ways:
            part = way(value)
            if part is UNUSUAL:
                return UNUSUAL
            answer[name] = part
        return answer

    return of_object


@lru_cache(maxsize=4096)
def _is_there(kind: type) -> bool:
    """Whether values of this class are what they are: nothing to wait for, to ask the database for, or to raise."""
    other = (CoroutineType, GeneratorType, Exception, QuerySet, BaseManager)
    return not issubclass(kind, other) and not hasattr(kind, "__await__")
