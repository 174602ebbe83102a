"""Scalars of inputs of which one bad value must not cost the others: any JSON passes, and is checked where it is used.

What a client should send is in the name; whatever else arrives is refused, or left out, with its place.
"""

from collections.abc import Iterator
from typing import Any, NewType

import strawberry
from graphql import (
    OperationDefinitionNode,
    ValidationContext,
    ValueNode,
    get_named_type,
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
    """Lets a variable of any type stand where a lenient value is meant: ``$title: String!`` as a title."""

    def on_operation(self) -> Iterator[None]:
        self.execution_context.validation_rules = tuple(
            _Positions if rule is VariablesInAllowedPositionRule else rule
            for rule in self.execution_context.validation_rules
        )
        yield


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
