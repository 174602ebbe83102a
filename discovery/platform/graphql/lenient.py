"""Scalars of inputs of which one bad value must not cost the others: any JSON passes, and is checked where it is used.

What a client should send is in the name; whatever else arrives is refused, or left out, with its place.
"""

from typing import Any, NewType

import strawberry
from graphql import ValueNode, value_from_ast_untyped
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
