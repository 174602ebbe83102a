"""Whether a document may be looked at at all: what its shape alone would cost, told before anything compares or follows it.

Validation compares every two fields of one name in the answer, and with each pair all that is below them. So the pairs
are counted first, with the fragments spread, by a walk that ends as soon as there are too many: it is never longer than
its bounds. What a fragment spreads of itself is found before, in one walk over the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from discovery.platform.errors import LimitExceeded

MAX_PAIRS = 1_000  # of fields of one name, or of fragments, that stand in one place of the answer
MAX_FIELDS = 2_000  # with fragments spread
MAX_OPERATIONS = 50  # of one document
DEEPEST = 24  # levels; what tools ask of types goes 15 deep


def shape_ensure(document: DocumentNode) -> None:
    """Raises GraphQLError with a code where the document is out of bounds or spreads a fragment within itself."""
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    if name := _cyclic(fragments):
        message = f"Fragments go in a circle: what '{name}' spreads ends within itself."
        raise GraphQLError(message, extensions={"code": "GRAPHQL_VALIDATION_FAILED"})
    operations = sum(isinstance(each, OperationDefinitionNode) for each in document.definitions)
    if operations > MAX_OPERATIONS:
        raise too_much(f"This document holds {operations} operations; at most {MAX_OPERATIONS} are allowed.")
    walk = _Walk(fragments)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            walk.place([definition.selection_set], 0)


def too_much(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": LimitExceeded.code})


class _Walk:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self.fragments = fragments
        self.pairs = self.fields = 0

    def place(self, selections: Iterable[SelectionSetNode], depth: int) -> None:
        """Count what stands in one place of the answer, and in all that is below."""
        if depth > DEEPEST:
            raise too_much(f"This document goes deeper than {DEEPEST} levels.")
        fields = self._gathered(list(selections))
        for nodes in fields.values():
            self._count(pairs=len(nodes) * (len(nodes) - 1) // 2)
        for nodes in fields.values():
            below = [node.selection_set for node in nodes if node.selection_set]
            if below:
                self.place(below, depth + 1)

    def _gathered(self, waiting: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """The fields of one place by their names in the answer, with fragments spread."""
        fields: dict[str, list[FieldNode]] = {}
        spread: list[str] = []
        while waiting:
            selections = waiting.pop().selections
            if not selections:  # which the parser lets through
                message = "Syntax Error: a selection names at least one field."
                raise GraphQLError(message, extensions={"code": "GRAPHQL_PARSE_FAILED"})
            for node in selections:
                self._count(fields=1)
                if isinstance(node, FieldNode):
                    fields.setdefault((node.alias or node.name).value, []).append(node)
                elif isinstance(node, InlineFragmentNode):
                    waiting.append(node.selection_set)
                elif isinstance(node, FragmentSpreadNode):
                    name = node.name.value
                    self._count(pairs=len(spread))
                    if name not in spread and name in self.fragments:
                        waiting.append(self.fragments[name].selection_set)
                    spread.append(name)
        return fields

    def _count(self, *, fields: int = 0, pairs: int = 0) -> None:
        self.fields += fields
        self.pairs += pairs
        if self.fields > MAX_FIELDS:
            raise too_much(f"This document asks for more than {MAX_FIELDS} fields.")
        if self.pairs > MAX_PAIRS:
            raise too_much(
                f"This document repeats fields and fragments in more than {MAX_PAIRS} pairs; ask for each once."
            )


def _cyclic(fragments: dict[str, FragmentDefinitionNode]) -> str | None:
    """The name of a fragment that spreads itself or one that does, however far below; None where there is none."""
    spreads = {
        name: set(_spreads(fragment.selection_set)) & fragments.keys() for name, fragment in fragments.items()
    }
    while free := [name for name, others in spreads.items() if not others]:
        for name in free:
            del spreads[name]
        gone = set(free)
        for others in spreads.values():
            others.difference_update(gone)
    return next(iter(spreads), None)


def _spreads(selections: SelectionSetNode) -> Iterator[str]:
    waiting = [selections]
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FragmentSpreadNode):
                yield node.name.value
            elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
                waiting.append(node.selection_set)
