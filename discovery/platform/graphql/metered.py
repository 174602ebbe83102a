"""How long operations take, by the first field that they ask for: ``viewer.discover``, ``setConsent``."""

from collections.abc import Iterator
from time import perf_counter

from graphql import FieldNode, OperationDefinitionNode, get_operation_ast
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from discovery.platform.meters import OPERATION_SECONDS
from discovery.platform.tracing import operation_tell

OTHER = "other"  # one that begins with a fragment, or with a word of GraphQL's own


class Metered(SchemaExtension):
    """Of what is answered once; a subscription lasts as long as somebody listens. Behind the validation: the schema's names are few."""

    def on_execute(self) -> Iterator[None]:
        context = self.execution_context
        document = context.graphql_document
        operation = None if document is None else get_operation_ast(document, context.operation_name)
        if operation is not None:
            operation_tell(operation.operation.value, _root_fields(operation))
        begun = perf_counter()
        yield
        if operation is not None and operation.operation.value != OperationType.SUBSCRIPTION.value:
            OPERATION_SECONDS.labels(_begins_with(operation)).observe(perf_counter() - begun)


def _root_fields(operation: OperationDefinitionNode) -> list[str]:
    return [field.name.value for field in operation.selection_set.selections if isinstance(field, FieldNode)]


def _begins_with(operation: OperationDefinitionNode) -> str:
    first = operation.selection_set.selections[0]
    if not isinstance(first, FieldNode) or first.name.value.startswith("__"):
        return OTHER
    inside = first.selection_set.selections[0] if first.selection_set is not None else None
    if first.name.value == "viewer" and isinstance(inside, FieldNode):
        return f"viewer.{inside.name.value}"
    return first.name.value
