"""Which operations get to run: the cheapest question comes first, and what is refused is kept nowhere.

A document is parsed up to so many tokens, its shape is bounded (``shape``), the operation is measured with its variables as
they will be used (``limits``), and only then the document is validated against the schema. Documents that passed are
kept with what was found out about them, as an app asks the same few again and again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock

from django.conf import settings
from graphql import DocumentNode, GraphQLError, GraphQLSchema, get_operation_ast
from graphql.validation import validate
from strawberry.extensions import SchemaExtension

from discovery.platform.graphql.limits import Costs, Sizes, measured, sizes
from discovery.platform.graphql.shape import shape_ensure, too_much

MAX_TOKENS = 1_000
MAX_ERRORS = 10  # told of one document; each takes its time to be worded
KEPT_CHARACTERS = 250_000  # of all documents that are kept; parsed, one takes up to a hundred times its text
KEPT_SIZES = 32  # of one document


@dataclass
class Admitted:
    """A valid document, and what was measured of it: by operation and sizes what is too much, None where nothing is."""

    document: DocumentNode
    problems: OrderedDict[tuple[str | None, Sizes], str | None] = field(default_factory=OrderedDict)


class AdmittedDocuments:
    """The documents asked last, by their text; no more than so many characters of them."""

    def __init__(self, characters: int) -> None:
        self._most, self._held = characters, 0
        self._documents: OrderedDict[tuple[GraphQLSchema, str], Admitted] = OrderedDict()
        self._lock = Lock()

    def get(self, schema: GraphQLSchema, text: str) -> Admitted | None:
        with self._lock:
            found = self._documents.get((schema, text))
            if found is not None:
                self._documents.move_to_end((schema, text))
            return found

    def put(self, schema: GraphQLSchema, text: str, admitted: Admitted) -> None:
        with self._lock:
            if (schema, text) in self._documents:
                return
            self._documents[schema, text] = admitted
            self._held += len(text)
            while self._held > self._most:
                (_schema, oldest), _admitted = self._documents.popitem(last=False)
                self._held -= len(oldest)

    def clear(self) -> None:
        with self._lock:
            self._documents.clear()
            self._held = 0


documents = AdmittedDocuments(KEPT_CHARACTERS)


class Admission(SchemaExtension):
    """Refuses documents and operations that are out of bounds or not valid, with a code, before they are followed."""

    def __init__(self, costs: Costs) -> None:
        super().__init__()
        self._costs = costs
        self._known: Admitted | None = None

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = MAX_TOKENS
        yield

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        if context.query:
            self._known = documents.get(context.schema._schema, context.query)  # noqa: SLF001  # Strawberry shows it in no other way
        if self._known is not None:
            context.graphql_document = self._known.document
        yield

    def on_validate(self) -> Iterator[None]:
        try:
            self._ensure()
        except GraphQLError as error:
            self.execution_context.pre_execution_errors = [error]
        yield

    def _ensure(self) -> None:
        context = self.execution_context
        document, schema = context.graphql_document, context.schema._schema  # noqa: SLF001
        if document is None:
            return  # refused as such before this
        if self._known is None:
            shape_ensure(document)
        asked = self._known or Admitted(document)
        self._measure_ensure(schema, asked)
        if self._known is None:
            errors = validate(
                schema, document, context.validation_rules, MAX_ERRORS, hide_suggestions=not settings.DEBUG
            )
            if errors:
                context.pre_execution_errors = [_invalid(error) for error in errors]
                return
            documents.put(schema, context.query or "", asked)
        context.pre_execution_errors = []

    def _measure_ensure(self, schema: GraphQLSchema, asked: Admitted) -> None:
        context = self.execution_context
        # Not `operation_name`, which is the first one's where none was said.
        name = context._provided_operation_name  # noqa: SLF001
        operation = get_operation_ast(asked.document, name)
        if operation is None:
            message = "The document holds several operations; `operationName` says which is asked."
            raise GraphQLError(message, extensions={"code": "BAD_REQUEST"})
        key = name, sizes(schema, operation, context.variables or {})
        if key not in asked.problems:
            asked.problems[key] = measured(operation, asked.document, schema, key[1], self._costs).problem()
            if len(asked.problems) > KEPT_SIZES:
                asked.problems.popitem(last=False)
        if problem := asked.problems[key]:
            raise too_much(problem)


def _invalid(error: GraphQLError) -> GraphQLError:
    return GraphQLError(error.message, nodes=error.nodes, extensions={"code": "GRAPHQL_VALIDATION_FAILED"})
