"""From exceptions to what a client reads: expected refusals are data, everything else a coded, masked error.

The codes are those of ``discovery/platform/error_codes.py``.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from django.db import OperationalError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from graphql import GraphQLError, GraphQLSyntaxError
from psycopg.errors import QueryCanceled
from strawberry import Info
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.extensions import FieldExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from discovery.platform.error_codes import ErrorCode
from discovery.platform.errors import (
    DeadlineExceeded,
    Failure,
    InvalidInput,
    LimitExceeded,
    NotAllowed,
    Refusal,
    Unavailable,
)
from discovery.platform.graphql.messages import MessageKind, OperationInfo, OperationMessage
from discovery.platform.outage import AWAY, database_away

logger = logging.getLogger(__name__)

MASKED = _("Something went wrong on our side.")


class RefusalsAsData(FieldExtension):
    """Turns a ``Refusal`` into the ``OperationInfo`` side of a payload union."""

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info[Any, Any], **kwargs: Any) -> Any:
        try:
            return next_(source, info, **kwargs)
        except Refusal as refusal:
            return operation_info(refusal)


def operation_info(refusal: Refusal) -> OperationInfo:
    """``refusal`` as the data a client reads."""
    kind = MessageKind.ERROR
    if isinstance(refusal, InvalidInput):
        kind = MessageKind.VALIDATION
    elif isinstance(refusal, NotAllowed):
        kind = MessageKind.PERMISSION
    return OperationInfo(
        messages=[
            OperationMessage(
                kind=kind, message=refusal.message, field=refusal.field, code=ErrorCode(refusal.specific_code)
            )
        ]
    )


def coded(error: GraphQLError) -> GraphQLError:  # noqa: PLR0911 one line a kind of error
    """``error`` as it may go out: with a code, and without what an unexpected exception says."""
    if isinstance(error.extensions, dict) and "code" in error.extensions:
        return error
    original = _innermost(error)
    if isinstance(original, OperationalError) and isinstance(original.__cause__, QueryCanceled):
        original = DeadlineExceeded()
    if isinstance(original, Refusal):
        return _with_code(error, original.specific_code, original.message, field=original.field)
    if database_away(original):
        return _with_code(error, Unavailable.code, AWAY)
    if isinstance(original, RecursionError):
        return _with_code(error, LimitExceeded.code, _("This operation is nested too deeply."))
    if isinstance(original, GraphQLSyntaxError):
        too_long = "Parsing aborted" in original.message  # how graphql-core words its token limit
        return _with_code(error, LimitExceeded.code if too_long else "GRAPHQL_PARSE_FAILED")
    if isinstance(original, CannotGetOperationTypeError | InvalidOperationTypeError):
        return _with_code(error, "BAD_REQUEST", _("This is not an operation that is answered here."))
    if original is None or isinstance(original, StrawberryInputCoercionError):
        return _with_code(error, InvalidInput.code)
    return _with_code(error, original.code if isinstance(original, Failure) else "INTERNAL", MASKED)


def log_unexpected(errors: Iterable[GraphQLError]) -> None:
    """Tell the operator about what ``coded`` masks; a refusal or a bad query is nobody's failure."""
    for error in errors:
        if coded(error).message in {str(MASKED), str(AWAY)}:
            logger.error("Unexpected error at %s", error.path, exc_info=_innermost(error))


def _innermost(error: GraphQLError) -> Exception | None:
    """The exception a GraphQL error wraps; ``None`` where the error is GraphQL's own."""
    inner: Exception | None = error
    while isinstance(inner, GraphQLError) and not isinstance(
        inner, GraphQLSyntaxError | StrawberryInputCoercionError
    ):
        inner = inner.original_error
    return inner


def _with_code(
    error: GraphQLError, code: str, message: str | Promise | None = None, **more: str | None
) -> GraphQLError:
    extensions = {"code": code} | {key: value for key, value in more.items() if value is not None}
    return GraphQLError(
        str(message or error.message), nodes=error.nodes, path=error.path, extensions=extensions,
        source=error.source, positions=error.positions,
    )  # fmt: skip
