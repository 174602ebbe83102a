"""Words of the schema that stand in a table instead of beside what they describe.

A line is ``place<TAB>words``; a place is ``Type``, ``Type.field``, ``Type.field(argument)`` or ``ENUM.VALUE``, and ``*``
stands for any characters. What is described in its own code keeps those words; of the table's, an exact place comes
before a pattern, and a pattern before those below it.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
)
from graphql.type import is_introspection_type, is_specified_scalar_type


class Describable(Protocol):
    description: str | None


def described(schema: GraphQLSchema, table: Path) -> set[str]:
    """Put the table's words where there are none; return the places of lines that nothing took words from."""
    lines = (line.partition("\t") for line in table.read_text(encoding="utf-8").splitlines())
    words = {place: said for place, _tab, said in lines}
    patterns = [place for place in words if "*" in place]
    unused = set(words)
    for place, thing in places(schema):
        if thing.description:
            continue
        line = (
            place
            if place in words
            else next((pattern for pattern in patterns if fnmatchcase(place, pattern)), None)
        )
        if line is not None:
            thing.description = words[line]
            unused.discard(line)
    return unused


def places(schema: GraphQLSchema) -> Iterator[tuple[str, Describable]]:
    """Everything that can have a description, with its place; without what GraphQL itself brings."""
    for name, kind in schema.type_map.items():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        yield name, kind
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{value}", each) for value, each in kind.values.items())
        elif isinstance(kind, GraphQLInputObjectType):
            yield from ((f"{name}.{field}", each) for field, each in kind.fields.items())
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, definition in kind.fields.items():
                yield f"{name}.{field}", definition
                yield from (
                    (f"{name}.{field}({argument})", each) for argument, each in definition.args.items()
                )
