"""Scalars of inputs of which one bad value must not cost the others: any JSON passes, and is checked where it is used.

What a client should send is in the name; whatever else arrives is refused, or left out, with its place.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, NewType

import strawberry
from graphql import (
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLType,
    OperationDefinitionNode,
    ValidationContext,
    ValueNode,
    get_named_type,
    get_operation_ast,
    type_from_ast,
    value_from_ast_untyped,
)
from graphql.validation import VariablesInAllowedPositionRule
from strawberry.extensions import SchemaExtension
from strawberry.types.scalar import ScalarDefinition

LenientString = NewType("LenientString", object)
LenientStrings = NewType("LenientStrings", object)
LenientInt = NewType("LenientInt", object)
LenientDateTime = NewType("LenientDateTime", object)
LenientID = NewType("LenientID", object)


def _untyped(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    return value_from_ast_untyped(node, variables)


def _lenient(name: str, meant: str) -> ScalarDefinition:
    return strawberry.scalar(
        name=name,
        description=f"{meant} What is none is no error of the request: the answer says what became of it.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
        parse_literal=_untyped,
    )


# For the schema's configuration.
LENIENT: dict[object, ScalarDefinition] = {
    LenientString: _lenient("LenientString", "Text."),
    LenientStrings: _lenient("LenientStrings", "A list of texts."),
    LenientInt: _lenient("LenientInt", "A whole number."),
    LenientDateTime: _lenient("LenientDateTime", "A moment, ISO 8601."),
    LenientID: _lenient("LenientID", "An id as the API gave it."),
}


class LenientVariables(SchemaExtension):
    """Lets a variable of any type stand where a lenient value is meant: ``$title: String!`` as a title.

    An input object of lenient values alone is lenient itself: in a variable, what should be one and is none becomes an empty
    one, and a field that it does not have is left out. What stands in the document itself is validated before.
    """

    def on_operation(self) -> Iterator[None]:
        self.execution_context.validation_rules = tuple(
            _Positions if rule is VariablesInAllowedPositionRule else rule
            for rule in self.execution_context.validation_rules
        )
        yield

    def on_execute(self) -> Iterator[None]:
        context = self.execution_context
        document, given = context.graphql_document, context.variables
        operation = get_operation_ast(document, context.operation_name) if document and given else None
        if operation is not None and given:
            schema = context.schema._schema  # noqa: SLF001  # Strawberry shows it in no other way
            kinds = {
                definition.variable.name.value: type_from_ast(schema, definition.type)
                for definition in operation.variable_definitions or ()
            }
            context.variables = {name: _opened(value, kinds.get(name)) for name, value in given.items()}
        yield


def _opened(value: Any, kind: GraphQLType | None) -> Any:
    """The value, with an empty object in the place of each that should be a lenient one and is none."""
    meant = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(meant, GraphQLList):
        return [_opened(each, meant.of_type) for each in value] if isinstance(value, list) else value
    if not isinstance(meant, GraphQLInputObjectType) or not _is_lenient(meant):
        return value
    if isinstance(value, dict):
        fields = meant.fields
        return {name: _opened(each, fields[name].type) for name, each in value.items() if name in fields}
    return None if value is None and meant is kind else {}


@cache
def _is_lenient(kind: GraphQLInputObjectType) -> bool:
    names = {scalar.name for scalar in LENIENT.values()}
    parts = [get_named_type(field.type) for field in kind.fields.values()]
    return all(
        part.name in names
        or (isinstance(part, GraphQLInputObjectType) and part is not kind and _is_lenient(part))
        for part in parts
    )


class _Positions(VariablesInAllowedPositionRule):
    def __init__(self, context: ValidationContext) -> None:
        super().__init__(_Strict(context))  # type: ignore[arg-type]  # what the rule asks of it


class _Strict:
    """A document's context, without the places where anything may stand."""

    def __init__(self, context: ValidationContext) -> None:
        self._context = context
        self.schema, self.report_error = context.schema, context.report_error

    def get_recursive_variable_usages(self, operation: OperationDefinitionNode) -> list[Any]:
        usages = self._context.get_recursive_variable_usages(operation)
        names = {scalar.name for scalar in LENIENT.values()}
        return [
            usage for usage in usages if usage.type is None or get_named_type(usage.type).name not in names
        ]
