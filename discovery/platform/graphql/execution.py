"""GraphQL execution: graphql-core's, with short ways for what most of an answer is, values that are simply there.

The ways are short in three places: what is an attribute of its source is written at once, a leaf (``plain``) as well
as all that is asked of an object or of a list of them (``branches``), a value is completed without asking anew what its
type is, and the class of a row tells its GraphQL type. Whatever is unusual
(an exception, a null where none may be, something to wait for, a queryset) goes graphql-core's own way, so that
answers, errors and their paths are graphql-core's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from enum import IntEnum
from functools import lru_cache
from types import CoroutineType, GeneratorType
from typing import Any, ClassVar, NamedTuple

from django.db.models import Model, QuerySet
from django.db.models.manager import BaseManager
from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    Undefined,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetails, FieldDetailsList, GroupedFieldSet
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path, gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE
from strawberry.utils.inspect import in_async_context
from strawberry_django.optimizer import DjangoOptimizerExtension

from discovery.platform.graphql.branches import Place, branch
from discovery.platform.graphql.deadline import deadline_ensure
from discovery.platform.graphql.plain import (
    UNUSUAL,
    KnownField,
    Read,
    is_row_of,
    known_field,
    type_of_row,
)

# What a selection set is made of: the name in the answer, the nodes behind it, and the short way where there is one.
Plan = list[tuple[str, FieldDetailsList, Read | None]]


class Info(NamedTuple):
    """What a resolver is told: strawberry's fields in its order, and ``source``, the value the field was asked of."""

    field_name: str
    field_nodes: list[FieldNode]
    return_type: GraphQLOutputType
    parent_type: GraphQLObjectType
    path: Path
    schema: Any
    fragments: dict[str, Any]
    root_value: Any
    operation: Any
    variable_values: dict[str, Any]
    context: Any
    is_awaitable: Callable[[Any], bool]
    abort_signal: Any
    async_helpers: Any
    operation_extensions: dict[str, Any] | None
    source: Any


class Shape(IntEnum):
    """How a value is completed."""

    LEAF = 0
    LIST = 1
    ABSTRACT = 2
    OBJECT = 3


class EarshotExecution(StrawberryGraphQLCoreExecutionContext):
    """The execution of one operation (the schema's ``execution_context_class``)."""

    guarded: ClassVar[frozenset[str]] = frozenset()  # types of whose fields `instead` is asked

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_event_loop = in_async_context()
        self._short_ways = _nothing_else_listens(self.middleware_manager)
        self._streams = self.schema.get_directive("stream") is not None
        self._plans: dict[int, tuple[GroupedFieldSet, Plan]] = {}

    def check_shown(
        self, return_type: GraphQLObjectType, result: Model, source: Any, place: Place | Info
    ) -> None:
        """Called before a row goes out: ``result`` is about to be answered as ``return_type`` by a field of ``source``.

        ``place`` says which field (in a list, the row is one of its items). Whatever is raised becomes the error of that
        place. Here it does nothing.
        """

    def instead(self, parent_type: str, field_name: str) -> Any:
        """Asked before a field of a guarded type is resolved: what to answer in its place, None for nothing. May raise."""

    def build_per_event_executor(self, payload: Any) -> EarshotExecution:
        """As graphql-core does, and without what the events before worked out: a subscription lasts for hours."""
        executor: EarshotExecution = super().build_per_event_executor(payload)  # type: ignore[assignment]  # a copy of this one
        executor._plans = {}
        executor._relevant_sub_fields = {}
        return executor

    def build_resolve_info(
        self,
        field_def: GraphQLField,
        field_nodes: list[FieldNode],
        parent_type: GraphQLObjectType,
        path: Path,
    ) -> GraphQLResolveInfo[Any]:
        return self._info(field_def, field_nodes, parent_type, path, self.root_value)  # type: ignore[return-value]  # the same attributes

    def _info(
        self,
        field_def: GraphQLField,
        field_nodes: list[FieldNode],
        parent_type: GraphQLObjectType,
        path: Path,
        source: Any,
    ) -> Info:
        return Info(
            field_nodes[0].name.value, field_nodes, field_def.type, parent_type, path, self.schema,
            self.fragment_definitions, self.root_value, self.operation, self.variable_values.coerced,
            self.context_value, self.is_awaitable, self.abort_signal, self.async_helpers,
            self.operation_extensions, source,
        )  # fmt: skip

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> Any:
        results: dict[str, Any] = {}
        waiting: list[str] = []
        try:
            for name, nodes, leaf in self._plan(parent_type, grouped_field_set):
                if leaf is not None and (value := _tried(leaf, source_value)) is not UNUSUAL:
                    results[name] = value
                    continue
                place = Path(path, name, parent_type.name)
                value = self.execute_field(parent_type, source_value, nodes, place, position_context)
                if value is not Undefined:
                    results[name] = value
                    if type(value) is not dict and self.is_awaitable(value):
                        waiting.append(name)
        except Exception:
            if waiting:
                self.settle_in_background([results[name] for name in waiting])
            raise
        return _awaited(results, waiting) if waiting else results

    def _plan(self, parent_type: GraphQLObjectType, grouped_field_set: GroupedFieldSet) -> Plan:
        """Worked out once a selection set; kept together with it, so that its id stays its own."""
        kept = self._plans.get(id(grouped_field_set))
        if kept is None:
            plan = [
                (name, nodes, self._short_way(parent_type, nodes))
                for name, nodes in grouped_field_set.items()
            ]
            kept = self._plans[id(grouped_field_set)] = (grouped_field_set, plan)
        return kept[1]

    def _short_way(self, parent_type: GraphQLObjectType, details: FieldDetailsList) -> Read | None:
        name = details[0].node.name.value
        if parent_type.name in self.guarded and not name.startswith("__"):
            return None
        field = known_field(self.schema, parent_type, name)
        if field is None or not self._short_ways or (field.blocking and self._in_event_loop):
            return None
        if field.leaf is not None or self._streams:
            return field.leaf
        return branch(self, field, details, Place(parent_type, name))

    def ways_of(self, kind: GraphQLObjectType, details: FieldDetailsList) -> list[tuple[str, Read]] | None:
        """The short way of each field that is asked of a value of this type; None where one has none."""
        grouped, deferred, _forbidden = self.collect_subfields(kind, details)
        if deferred:
            return None
        ways = [(name, way) for name, _nodes, way in self._plan(kind, grouped) if way is not None]
        return ways if len(ways) == len(grouped) else None

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: Any,
    ) -> Any:
        first = field_details_list[0]
        field = known_field(self.schema, parent_type, first.node.name.value)
        if field is None:
            return Undefined
        kind = field.definition.type
        nodes = [details.node for details in field_details_list]
        info: Any = self._info(field.definition, nodes, parent_type, path, source)
        try:
            result = self._resolved(field, source, info, first)
            if type(result) is not list and self.is_awaitable(result):
                return self.complete_awaitable_value(
                    kind, field_details_list, info, path, result, position_context
                )
            completed = self.complete_value(kind, field_details_list, info, path, result, position_context)
            if type(completed) is dict or not self.is_awaitable(completed):
                return completed
            return self._completed_later(kind, field_details_list, path, completed)
        except Exception as error:  # noqa: BLE001  # as graphql-core does: whatever it is becomes this field's error
            self.handle_field_error(error, kind, field_details_list, path)
            return None

    def _resolved(self, field: KnownField, source: Any, info: Info, first: FieldDetails) -> Any:
        """What the field's resolver says, past it and its middleware where it is an attribute of its source."""
        deadline_ensure()
        if info.parent_type.name in self.guarded:
            instead = self.instead(info.parent_type.name, info.field_name)
            if instead is not None:
                return instead
        if field.read is not None and self._short_ways:
            value = _tried(field.read, source)
            if value is not UNUSUAL and not isinstance(value, (QuerySet, BaseManager)):
                return value
        resolve = field.definition.resolve or self.field_resolver
        if self.middleware_manager:
            resolve = self.middleware_manager.get_field_resolver(resolve)
        if not (field.definition.args or first.node.arguments):
            return resolve(source, info)
        arguments = get_argument_values(
            field.definition, first.node, self.variable_values, first.fragment_variable_values,
            self.hide_suggestions,
        )  # fmt: skip
        return resolve(source, info, **arguments)

    async def _completed_later(
        self, kind: GraphQLOutputType, nodes: FieldDetailsList, path: Path, completed: Awaitable[Any]
    ) -> Any:
        try:
            return await completed
        except Exception as error:  # noqa: BLE001  # as above
            self.handle_field_error(error, kind, nodes, path)
            return None

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        if isinstance(result, Exception):
            raise result
        kind, shape, non_null = _shape(return_type)
        completed = None
        if result is None or result is Undefined:
            pass
        elif shape is Shape.LEAF:
            completed = self.complete_leaf_value(kind, result)
        else:
            complete = (self.complete_list_value, self.complete_abstract_value, self.complete_object_value)[
                shape - 1
            ]
            completed = complete(kind, field_details_list, info, path, result, position_context)
        if completed is None and non_null:
            message = f"Cannot return null for non-nullable field {info.parent_type}.{info.field_name}."
            raise TypeError(message)
        return completed

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        items: Iterable[Any],
        position_context: Any,
    ) -> Any:
        if self._streams or type(items) is not list or any(map(_may_wait, set(map(type, items)))):
            return super().complete_iterable_value(
                item_type, field_details_list, info, path, items, position_context
            )
        completed: list[Any] = []
        waiting: list[int] = []
        try:
            for index, item in enumerate(items):
                place = Path(path, index, None)
                if self.complete_list_item_value(
                    item, completed, item_type, field_details_list, info, place, position_context
                ):
                    waiting.append(index)
        except Exception:
            if waiting:
                self.settle_in_background([completed[index] for index in waiting])
            raise
        return _awaited(completed, waiting) if waiting else completed

    def complete_abstract_value(
        self,
        return_type: Any,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        if isinstance(result, Model) and TYPE_CAST_ATTRIBUTE not in result.__dict__:
            told = type_of_row(self.schema, return_type, type(result))
            if told is not None:
                return self.complete_object_value(
                    told, field_details_list, info, path, result, position_context
                )
        return super().complete_abstract_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        told = return_type.is_type_of is None
        if isinstance(result, Model):
            self.check_shown(return_type, result, info.source, info)  # type: ignore[attr-defined, arg-type]  # it is ours
            told = told or (
                TYPE_CAST_ATTRIBUTE not in result.__dict__ and is_row_of(return_type, type(result))
            )
        if told:
            return self.collect_and_execute_subfields(
                return_type, field_details_list, path, result, position_context
            )
        return super().complete_object_value(
            return_type, field_details_list, info, path, result, position_context
        )


def _tried(read: Read, source: Any) -> Any:
    """What ``read`` gives; ``UNUSUAL`` where it raises, for then the resolver is asked and raises in its place."""
    try:
        return read(source)
    except Exception:  # noqa: BLE001  # nothing is lost: the same is raised again where it can be placed
        return UNUSUAL


def _nothing_else_listens(manager: Any) -> bool:
    """Whether no middleware wants to see plain values: the optimizer looks for querysets alone."""
    listeners = manager.middlewares if manager is not None else ()
    return all(
        getattr(type(listener), "resolve", None) is DjangoOptimizerExtension.resolve for listener in listeners
    )


@lru_cache(maxsize=4096)
def _shape(return_type: GraphQLOutputType) -> tuple[Any, Shape, bool]:
    """The type without its exclamation mark, how its values are completed, and whether null is refused."""
    kind = get_nullable_type(return_type)
    for shape, belongs in (
        (Shape.LEAF, is_leaf_type),
        (Shape.LIST, is_list_type),
        (Shape.ABSTRACT, is_abstract_type),
    ):
        if belongs(kind):
            return kind, shape, is_non_null_type(return_type)
    return kind, Shape.OBJECT, is_non_null_type(return_type)


@lru_cache(maxsize=4096)
def _may_wait(kind: type) -> bool:
    """Whether a value of this class can be something to wait for."""
    return issubclass(kind, (CoroutineType, GeneratorType)) or hasattr(kind, "__await__")


async def _awaited(results: Any, places: list[Any]) -> Any:
    """``results`` with what had to be waited for at these ``places`` (names or indices) in its place."""
    if len(places) == 1:  # without a task of its own, as in graphql-core
        results[places[0]] = await results[places[0]]
        return results
    awaited = await gather_with_cancel(*(results[place] for place in places))
    for place, value in zip(places, awaited, strict=True):
        results[place] = value
    return results
