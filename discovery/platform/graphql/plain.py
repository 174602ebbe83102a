"""Which fields can be answered from their source alone, without a resolver: worked out once a field, from the schema.

Nothing here decides what an answer is. A value that is not exactly as expected comes back as ``UNUSUAL``, and
graphql-core then answers the field as it always does, errors included.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from django.db.models import Model
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor
from django.db.models.query_utils import DeferredAttribute
from graphql import (
    GraphQLAbstractType,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLID,
    GraphQLInterfaceType,
    GraphQLLeafType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    TypeNameMetaFieldDef,
    get_nullable_type,
    is_leaf_type,
    is_non_null_type,
)
from strawberry.types.field import StrawberryField
from strawberry_django.fields.field import StrawberryDjangoField

Read = Callable[[Any], Any]

UNUSUAL: Final = object()

# No value of these types is awaitable, a queryset or an exception.
_PLAIN: Final = frozenset({str, int, float, bool, list, dict, datetime, date, time, Decimal, UUID})
_AS_IT_IS: Final[dict[GraphQLLeafType, type]] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}
_DEFINITION: Final = (
    "strawberry-definition"  # under which strawberry keeps what a GraphQL type or field was made from
)
_LIBRARIES: Final = frozenset({"strawberry.schema.schema_converter", "strawberry_django.type"})


class OfSource:
    """A resolver that needs the source alone: ``read`` may be called instead, and must not wait for anything."""

    __slots__ = ("read",)

    def __init__(self, read: Read) -> None:
        self.read = read

    def __call__(self, source: Any, _info: Any) -> Any:
        return self.read(source)


@dataclass(frozen=True, slots=True, eq=False)
class KnownField:
    """One field of one type, and the short ways to it.

    ``read`` gives the field's value, ``leaf`` the finished answer or ``UNUSUAL``; either may raise. Each is None where
    there is no short way. A ``blocking`` leaf may ask the database, so that an event loop must not take it.
    """

    definition: GraphQLField
    read: Read | None = None
    leaf: Read | None = None
    blocking: bool = False


@lru_cache(maxsize=4096)
def known_field(schema: GraphQLSchema, parent_type: GraphQLObjectType, name: str) -> KnownField | None:
    """The field ``name`` of ``parent_type``; None where there is none."""
    if (definition := schema.get_field(parent_type, name)) is None:
        return None
    if definition is TypeNameMetaFieldDef:
        return KnownField(definition, leaf=lambda _source: parent_type.name)
    if definition.args:
        return KnownField(definition)
    read = _attribute(parent_type, definition)
    asked = None if read else _asked(definition)
    inner = get_nullable_type(definition.type)
    value = read or asked
    if value is None or not is_leaf_type(inner):
        return KnownField(definition, read)
    leaf = _leaf(value, inner, may_be_null=not is_non_null_type(definition.type))
    return KnownField(definition, read, leaf, blocking=asked is not None)


def _attribute(parent_type: GraphQLObjectType, definition: GraphQLField) -> Read | None:
    """How a field is read that is an attribute of its source and nothing else."""
    if isinstance(definition.resolve, OfSource):
        return definition.resolve.read
    field = definition.extensions.get(_DEFINITION)
    if not getattr(definition.resolve, "_is_default", False) or not isinstance(field, StrawberryField):
        return None
    if field.base_resolver is not None or field.extensions:
        return None
    if type(field).get_result is StrawberryField.get_result and field.default_resolver is getattr:
        return attrgetter(field.python_name)
    if type(field).get_result is StrawberryDjangoField.get_result:
        return _column(parent_type, field.django_name or field.python_name)  # type: ignore[attr-defined]  # a StrawberryDjangoField's
    return None


def _column(parent_type: GraphQLNamedType, name: str) -> Read | None:
    """A column, or the row behind a foreign key, where it is loaded: what is not, the library has to fetch."""
    model = row_model(parent_type)
    descriptor = getattr(model, name, None)
    if type(descriptor) is DeferredAttribute:
        column = descriptor.field.attname
        return lambda row: row.__dict__[column] if type(row) is model else UNUSUAL
    if type(descriptor) is ForwardManyToOneDescriptor:
        related = descriptor.field.name
        return lambda row: row._state.fields_cache[related] if type(row) is model else UNUSUAL  # noqa: SLF001  # as Django's fields do
    return None


def _asked(definition: GraphQLField) -> Read | None:
    """How a resolver is asked that wants its source and nothing else."""
    field = definition.extensions.get(_DEFINITION)
    if not isinstance(field, StrawberryField) or field.extensions or field.base_resolver is None:
        return None
    if type(field).get_result not in (StrawberryField.get_result, StrawberryDjangoField.get_result):
        return None
    resolver = field.base_resolver
    if resolver.is_async or resolver.arguments or resolver.info_parameter:
        return None
    call: Any = resolver
    names = {
        parameter.name for parameter in (resolver.parent_parameter, resolver.root_parameter) if parameter
    }
    if resolver.self_parameter:
        return lambda source: call(source, **dict.fromkeys(names, source))
    return (lambda source: call(**dict.fromkeys(names, source))) if names else None


def _leaf(read: Read, leaf_type: GraphQLLeafType, *, may_be_null: bool) -> Read:
    """The answer of a scalar or enum field, as ``leaf_type`` writes it."""
    as_it_is = _AS_IT_IS.get(leaf_type)
    written = leaf_type.coerce_output_value
    members = _members(leaf_type)
    wrapped = getattr(leaf_type, "wrapped_cls", None)  # the Python enum, where strawberry keeps one

    def leaf(source: Any) -> Any:
        value = read(source)
        kind = type(value)
        if kind is as_it_is:
            return value
        if value is None:
            return None if may_be_null else UNUSUAL
        if kind in _PLAIN:
            answer = written(value)
            return UNUSUAL if answer is None else answer
        return members.get(value, UNUSUAL) if kind is wrapped else UNUSUAL

    return leaf


@cache
def leaf_of(leaf_type: GraphQLLeafType, *, may_be_null: bool) -> Read:
    """How a value itself is written as ``leaf_type``, such as an item of a list of scalars."""
    return _leaf(lambda value: value, leaf_type, may_be_null=may_be_null)


def _members(leaf_type: GraphQLLeafType) -> dict[Enum, str]:
    """The name of each member of an enum."""
    if not isinstance(leaf_type, GraphQLEnumType) or not hasattr(leaf_type, "wrapped_cls"):
        return {}
    return {member: leaf_type.coerce_output_value(member) for member in leaf_type.wrapped_cls}


@cache
def row_model(graphql_type: GraphQLNamedType) -> type[Model] | None:
    """The Django model whose rows a type shows; None where it shows something else."""
    origin = getattr(graphql_type.extensions.get(_DEFINITION), "origin", None)
    model: type[Model] | None = getattr(
        getattr(origin, "__strawberry_django_definition__", None), "model", None
    )
    return model


@lru_cache(maxsize=4096)
def is_row_of(graphql_type: GraphQLObjectType, row: type[Model]) -> bool:
    """Whether rows of this class are values of the type: what its ``is_type_of`` says of a row that was not cast."""
    model = row_model(graphql_type)
    return model is not None and _told_by_class(graphql_type) and issubclass(row, model)


@lru_cache(maxsize=4096)
def type_of_row(
    schema: GraphQLSchema, abstract: GraphQLAbstractType, row: type[Model]
) -> GraphQLObjectType | None:
    """The one type of a union or interface that rows of this class have; None where it is not told by the class."""
    if isinstance(abstract, GraphQLInterfaceType) and abstract.extensions[_DEFINITION].resolve_type:
        return None
    possible = schema.get_possible_types(abstract)
    if not all(map(_told_by_class, possible)):
        return None
    theirs = [kind for kind in possible if is_row_of(kind, row)]
    return theirs[0] if len(theirs) == 1 else None


def _told_by_class(graphql_type: GraphQLObjectType) -> bool:
    """Whether ``is_type_of`` is the library's own, which looks at nothing but the class of what was not cast."""
    check = graphql_type.is_type_of
    return check is None or getattr(check, "__module__", None) in _LIBRARIES
