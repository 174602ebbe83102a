"""What one operation may cost, decided before anything runs.

One walk over the operation measures its depth, its aliases and its cost. The cost is how many leaf
values the answer can have: a field with ``first`` counts its children that many times. Fragments
are measured once however often they are spread, so measuring is linear in the document.

What GraphQL tells of the schema itself is everybody's, and costs like a list: what is asked of each type counts twenty
times, and what is asked of the types of its fields twenty times again. So tools get all they ask for in one operation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_operation_ast,
)
from strawberry.extensions import SchemaExtension

from discovery.platform.errors import LimitExceeded
from discovery.platform.graphql.pagination import DEFAULT_PAGE, LARGEST_PAGE

MAX_DEPTH = 8
MAX_TOKENS = 1_000
MAX_ALIASES = 15
MAX_COST = 5_000
LISTS_OF_A_TYPE = frozenset({"enumValues", "fields", "inputFields", "interfaces", "possibleTypes"})


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


class OperationLimits(SchemaExtension):
    """Refuses operations that are too deep, too wide or too expensive; names the code of a failed validation."""

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = MAX_TOKENS
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        if context.pre_execution_errors:
            context.pre_execution_errors = [_invalid(error) for error in context.pre_execution_errors]
        elif problem := self._problem():
            context.pre_execution_errors = [GraphQLError(problem, extensions={"code": LimitExceeded.code})]
        yield

    def _problem(self) -> str | None:
        context = self.execution_context
        document = context.graphql_document
        operation = get_operation_ast(document, context.operation_name) if document else None
        if document is None or operation is None:
            return None  # refused as such before this
        schema: GraphQLSchema = context.schema._schema  # noqa: SLF001
        return _problem(schema, document, context.operation_name, _sizes(operation, context.variables or {}))


def _sizes(
    operation: OperationDefinitionNode, variables: dict[str, Any]
) -> tuple[tuple[str, int | None], ...]:
    """Of an operation's variables all that its measure can depend on: which are given, and the numbers among them."""
    names = [definition.variable.name.value for definition in operation.variable_definitions or ()]
    return tuple(
        (name, value if isinstance(value := variables[name], int) else None)
        for name in names
        if name in variables
    )


# An app asks the same few operations again and again, and the walk costs as much as a small answer.
@lru_cache(maxsize=512)
def _problem(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation_name: str | None,
    sizes: tuple[tuple[str, int | None], ...],
) -> str | None:
    """What is too much about an operation of a valid document, in words, or ``None``."""
    operation = get_operation_ast(document, operation_name)
    if operation is None:
        return None
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    return measured(operation, fragments, schema, dict(sizes)).problem()


def measured(
    operation: OperationDefinitionNode,
    fragments: dict[str, FragmentDefinitionNode],
    schema: GraphQLSchema,
    variables: dict[str, Any],
) -> Measure:
    """The size of a valid ``operation``."""
    return _Walk(operation, fragments, schema, variables).selection(
        operation.selection_set, schema.get_root_type(operation.operation)
    )


class _Walk:
    def __init__(
        self,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDefinitionNode],
        schema: GraphQLSchema,
        variables: dict[str, Any],
    ) -> None:
        self.fragments, self.schema = fragments, schema
        defaults = {
            definition.variable.name.value: int(definition.default_value.value)
            for definition in operation.variable_definitions or ()
            if isinstance(definition.default_value, IntValueNode)
        }
        self.variables = defaults | variables
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
            fragment = self.fragments[name]
            self.known[name] = self.selection(
                fragment.selection_set, self.schema.get_type(fragment.type_condition.name.value)
            )
        return self.known[name]

    def field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Measure:
        aliases = int(node.alias is not None)
        if node.name.value.startswith("__"):
            inner = self.of_types(node.selection_set, within=False)
            return Measure(0, inner.aliases + aliases, inner.cost * DEFAULT_PAGE)
        if not node.selection_set:
            return Measure(aliases=aliases, cost=1)
        definition = (
            parent.fields.get(node.name.value)
            if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)
            else None
        )
        inner = self.selection(node.selection_set, get_named_type(definition.type) if definition else None)
        times = self.first(node) if definition and "first" in definition.args else 1
        return Measure(inner.depth + 1, inner.aliases + aliases, max(1, inner.cost * times))

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
            selections = self.fragments[name].selection_set
            self.known_of_types[name, within] = self.of_types(selections, within=within)
        return self.known_of_types[name, within]

    def first(self, node: FieldNode) -> int:
        """How many items the field can answer; values that are not allowed are refused when it runs."""
        value = next(
            (argument.value for argument in node.arguments or () if argument.name.value == "first"), None
        )
        given: object = DEFAULT_PAGE
        if isinstance(value, IntValueNode):
            given = int(value.value)
        elif isinstance(value, VariableNode):
            given = self.variables.get(value.name.value)
        return min(max(given, 0), LARGEST_PAGE) if isinstance(given, int) else DEFAULT_PAGE


def _invalid(error: GraphQLError) -> GraphQLError:
    return GraphQLError(error.message, nodes=error.nodes, extensions={"code": "GRAPHQL_VALIDATION_FAILED"})
