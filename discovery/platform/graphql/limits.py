"""What one operation may cost, decided before anything runs.

One walk over the operation measures its depth, its aliases and its cost. The cost is how many leaf
values the answer can have: a field with ``first`` counts its children that many times, and a list without one as many
as are stated of it, or a page's. A field that has to work for its
answer states its own cost besides (``Costs``), as often as it is asked. Fragments
are measured once however often they are spread, so measuring is linear in the document.

What GraphQL tells of the schema itself is everybody's, and costs like a list: what is asked of each type counts twenty
times, and what is asked of the types of its fields twenty times again. So tools get all they ask for in one operation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)
from graphql.execution.values import get_variable_values

from discovery.platform.graphql.pagination import DEFAULT_PAGE, LARGEST_PAGE

MAX_DEPTH = 8
MAX_ALIASES = 15
MAX_COST = 5_000
LISTS_OF_A_TYPE = frozenset({"enumValues", "fields", "inputFields", "interfaces", "possibleTypes"})

# By "Type.field": a whole number of each.
Numbers = Mapping[str, int]


@dataclass(frozen=True)
class Costs:
    """``own``: what asking a field once costs, beside what is in its answer; ``rows``: how many a list without ``first`` has."""

    own: Numbers
    rows: Numbers = field(default_factory=dict)


# Of an operation's variables all that its measure can depend on: the whole numbers among them, as they will be used.
Sizes = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """Size of a selection: levels below it, aliases in it, leaf values it can answer."""

    depth: int = 0
    aliases: int = 0
    cost: int = 0

    def beside(self, other: Self) -> "Measure":
        return Measure(max(self.depth, other.depth), self.aliases + other.aliases, self.cost + other.cost)

    def problem(self) -> str | None:
        """What is too much about it, in words, or ``None``."""
        for name, value, limit in (
            ("depth", self.depth, MAX_DEPTH),
            ("number of aliases", self.aliases, MAX_ALIASES),
            ("cost", self.cost, MAX_COST),
        ):
            if value > limit:
                return f"The {name} of this operation is {value}; at most {limit} is allowed."
        return None


def sizes(schema: GraphQLSchema, operation: OperationDefinitionNode, variables: dict[str, Any]) -> Sizes:
    """The whole numbers among an operation's variables after coercion (``100.0`` is 100), defaults included.

    What cannot be coerced is left out: with it nothing will run.
    """
    numbers = []
    for definition in operation.variable_definitions or ():
        name, kind, default = definition.variable.name.value, definition.type, definition.default_value
        if isinstance(kind, NonNullTypeNode):
            kind = kind.type
        if not isinstance(kind, NamedTypeNode) or kind.name.value != "Int":
            continue
        value: object = _whole(default) if isinstance(default, IntValueNode) else None
        if name in variables:
            coerced = get_variable_values(schema, [definition], {name: variables[name]}, max_errors=1)
            value = None if isinstance(coerced, list) else coerced.coerced.get(name)
        if isinstance(value, int):
            numbers.append((name, value))
    return tuple(numbers)


def _whole(node: IntValueNode) -> int:
    """Its value; of more digits than an Int can have, no more than that it is too large."""
    return int(node.value) if len(node.value) <= 11 else LARGEST_PAGE + 1


def _is_list(kind: GraphQLOutputType) -> bool:
    return isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)


def measured(
    operation: OperationDefinitionNode,
    document: DocumentNode,
    schema: GraphQLSchema,
    sizes: Sizes,
    costs: Costs,
) -> Measure:
    """The size of ``operation``; what the schema does not know of it counts as little as it can."""
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    return _Walk(fragments, schema, dict(sizes), costs).selection(
        operation.selection_set, schema.get_root_type(operation.operation)
    )


class _Walk:
    def __init__(
        self,
        fragments: dict[str, FragmentDefinitionNode],
        schema: GraphQLSchema,
        variables: dict[str, int],
        costs: Costs,
    ) -> None:
        self.fragments, self.schema, self.variables, self.costs = fragments, schema, variables, costs
        self.known: dict[str, Measure] = {}
        self.known_of_types: dict[tuple[str, bool], Measure] = {}

    def selection(self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None) -> Measure:
        total = Measure()
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                total = total.beside(self.field(node, parent))
            elif isinstance(node, FragmentSpreadNode):
                total = total.beside(self.fragment(node.name.value))
            elif isinstance(node, InlineFragmentNode):
                on = node.type_condition
                total = total.beside(
                    self.selection(node.selection_set, self.schema.get_type(on.name.value) if on else parent)
                )
        return total

    def fragment(self, name: str) -> Measure:
        if name not in self.known:
            fragment = self.fragments.get(name)
            if fragment is None:
                return Measure()
            self.known[name] = self.selection(
                fragment.selection_set, self.schema.get_type(fragment.type_condition.name.value)
            )
        return self.known[name]

    def field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Measure:
        aliases = int(node.alias is not None)
        if node.name.value.startswith("__"):
            inner = self.of_types(node.selection_set, within=False)
            return Measure(0, inner.aliases + aliases, inner.cost * DEFAULT_PAGE)
        place = f"{parent.name}.{node.name.value}" if parent else ""
        own = self.costs.own.get(place, 0)
        if not node.selection_set:
            return Measure(aliases=aliases, cost=1 + own)
        definition = (
            parent.fields.get(node.name.value)
            if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)
            else None
        )
        inner = self.selection(node.selection_set, get_named_type(definition.type) if definition else None)
        times = 1
        if definition and "first" in definition.args:
            times = self.first(node)
        elif definition and node.name.value != "edges" and _is_list(definition.type):
            times = self.costs.rows.get(place, DEFAULT_PAGE)
        return Measure(inner.depth + 1, inner.aliases + aliases, own + max(1, inner.cost * times))

    def of_types(self, selections: SelectionSetNode | None, *, within: bool) -> Measure:
        """Of a selection on types of the schema; ``within`` a list that such a type has."""
        total = Measure()
        for node in selections.selections if selections else ():
            if isinstance(node, FragmentSpreadNode):
                total = total.beside(self.of_types_in_fragment(node.name.value, within=within))
            elif isinstance(node, InlineFragmentNode):
                total = total.beside(self.of_types(node.selection_set, within=within))
            elif isinstance(node, FieldNode):
                opens = node.name.value in LISTS_OF_A_TYPE
                inner = self.of_types(node.selection_set, within=within or opens)
                times = DEFAULT_PAGE if within and opens else 1
                aliases = inner.aliases + int(node.alias is not None)
                total = total.beside(Measure(0, aliases, max(1, inner.cost * times)))
        return total

    def of_types_in_fragment(self, name: str, *, within: bool) -> Measure:
        if (name, within) not in self.known_of_types:
            fragment = self.fragments.get(name)
            if fragment is None:
                return Measure()
            self.known_of_types[name, within] = self.of_types(fragment.selection_set, within=within)
        return self.known_of_types[name, within]

    def first(self, node: FieldNode) -> int:
        """How many items the field can answer; values that are not allowed are refused when it runs."""
        value = next(
            (argument.value for argument in node.arguments or () if argument.name.value == "first"), None
        )
        given: object = DEFAULT_PAGE
        if isinstance(value, IntValueNode):
            given = _whole(value)
        elif isinstance(value, VariableNode):
            given = self.variables.get(value.name.value, DEFAULT_PAGE)
        return min(max(given, 0), LARGEST_PAGE) if isinstance(given, int) else DEFAULT_PAGE
