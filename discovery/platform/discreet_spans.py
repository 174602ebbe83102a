"""What leaves of a span: what stands here in a list, and nothing else. Needs the packages of ``earshot[otel]``.

A list of what is allowed and not of what is forbidden, so that nothing comes out that a later version, or an instrumentation that an
operator adds, puts into a span. Spans of others are named by who made them. Imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, Status

SCOPE = "earshot"
ALLOWED = frozenset(
    {
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "graphql.operation.type",
        "earshot.graphql.fields",
        "db.system.name",
        "db.operation.name",
        "db.collection.name",
        "messaging.destination.name",
        "error.type",
    }
)
OF_OTHERS = frozenset(
    {"http.response.status_code", "http.status_code", "rpc.grpc.status_code"}
)  # numbers alone
EXCEPTION, EXCEPTION_TYPE = "exception", "exception.type"


class Exporter(Protocol):
    def export(self, spans: Sequence[ReadableSpan], /) -> SpanExportResult: ...
    def shutdown(self) -> None: ...
    def force_flush(self, timeout_millis: int = ..., /) -> bool: ...


class DiscreetExporter:
    """Hands on to ``exporter`` what is allowed of each span."""

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_discreet(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _discreet(span: ReadableSpan) -> ReadableSpan:
    scope = span.instrumentation_scope
    ours = scope is not None and scope.name == SCOPE
    made_by = InstrumentationScope(scope.name, scope.version) if scope is not None else None
    return ReadableSpan(
        name=span.name if ours else made_by.name if made_by is not None else "span",
        context=_bare(span.context),
        parent=_bare(span.parent),
        resource=span.resource,
        attributes=_allowed(span.attributes or {}, ours=ours),
        events=list(_exceptions(span.events)),
        links=[Link(context) for link in span.links if (context := _bare(link.context)) is not None],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=made_by,
    )


def _allowed(attributes: Mapping[str, Any], *, ours: bool) -> dict[str, Any]:
    if ours:
        return {key: value for key, value in attributes.items() if key in ALLOWED}
    return {key: value for key, value in attributes.items() if key in OF_OTHERS and isinstance(value, int)}


def _exceptions(events: Sequence[Event]) -> Iterator[Event]:
    """An exception's words quote what somebody stored, and its trace ends with them."""
    for event in events:
        kind = (event.attributes or {}).get(EXCEPTION_TYPE)
        if event.name == EXCEPTION and kind is not None:
            yield Event(EXCEPTION, {EXCEPTION_TYPE: kind}, event.timestamp)


def _bare(context: SpanContext | None) -> SpanContext | None:
    """Without the state that other systems may have added."""
    if context is None:
        return None
    return SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags)
