"""Traces for OpenTelemetry, where its own environment asks for them and ``earshot[otel]`` is installed. Imports nothing of ours.

    a request, by its route → queries, by their table → a task that it asked for, by its name → queries

The spans are made here: of a request, a query or a task they take what they need, and `discreet_spans` lets nothing else out.
What a caller says of a trace of theirs is not taken over; from web to worker it travels in the message's ``traceparent``.
Nothing of OpenTelemetry is imported here before it is asked for.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from asgiref.sync import iscoroutinefunction
from celery.signals import before_task_publish, task_failure, task_postrun, task_prerun
from django.apps import apps
from django.core.exceptions import MiddlewareNotUsed
from django.core.signals import got_request_exception
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from discovery.platform.discreet_log import route_of

logger = logging.getLogger(__name__)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
STATEMENTS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "DECLARE", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET"})  # fmt: skip
OTHER = "_OTHER"
TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE)\s+"(\w+)"')
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
DISPATCH = "traces"

_provider: Any = None
_tracer: Any = None
_tasks: dict[str, Any] = {}


def tracing_wanted(environment: Mapping[str, str]) -> bool:
    """As OpenTelemetry's specification says, but that nothing is sent anywhere where nothing was said."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    return exporter != "none" if exporter else any(environment.get(name) for name in ENDPOINTS)


def tracing_begin() -> None:
    """Called once a process that serves, after any fork and before Django's middleware is loaded."""
    if not tracing_wanted(os.environ):
        return
    if (fault := _unknown(os.environ)) is not None:
        logger.error("No traces: %s", fault)
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        from discovery.platform.discreet_spans import DiscreetExporter
    except ImportError:
        logger.error("No traces: OTEL_* asks for them, but pip install 'earshot[otel]' was not done.")  # noqa: TRY400
        return
    exporter: Any = DiscreetExporter(OTLPSpanExporter())
    provider_use(BatchSpanProcessor(exporter))


def provider_use(*processors: Any) -> None:
    """Make spans, and give them to these."""
    global _provider, _tracer  # noqa: PLW0603
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    from discovery.platform.discreet_spans import SCOPE

    resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME") or "earshot"})
    _provider = TracerProvider(resource=resource)
    for processor in processors:
        _provider.add_span_processor(processor)
    _tracer = _provider.get_tracer(SCOPE)
    for signal, receiver in _RECEIVERS:
        signal.connect(receiver, dispatch_uid=DISPATCH)
    for connection in connections.all(initialized_only=True):
        _watch(connection)


def tracing_end() -> None:
    """Send what was not sent yet, and make no more of them."""
    global _provider, _tracer  # noqa: PLW0603
    if _provider is None:
        return
    for signal, receiver in _RECEIVERS:
        signal.disconnect(receiver, dispatch_uid=DISPATCH)
    _provider.shutdown()
    _provider = _tracer = None


@sync_and_async_middleware
def traced(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """One span a request, from before the other middleware until the answer begins."""
    if _tracer is None:
        raise MiddlewareNotUsed
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            with _request(request) as answered:
                answering: Awaitable[HttpResponseBase] = get_response(request)
                return answered(await answering)

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        with _request(request) as answered:
            return answered(get_response(request))

    return synchronous


def operation_tell(kind: str, fields: Sequence[str]) -> None:
    """Of a GraphQL operation that is valid: its type, and the root fields of the schema that it asks for."""
    if _tracer is not None:
        span = _current()
        span.set_attribute("graphql.operation.type", kind)
        span.set_attribute("earshot.graphql.fields", sorted(set(fields)))


@contextmanager
def _request(request: HttpRequest) -> Iterator[Callable[[HttpResponseBase], HttpResponseBase]]:
    from opentelemetry.context import Context
    from opentelemetry.trace import SpanKind, StatusCode

    method = request.method if request.method in METHODS else OTHER
    with _tracer.start_as_current_span(str(method), context=Context(), kind=SpanKind.SERVER) as span:

        def answered(response: HttpResponseBase) -> HttpResponseBase:
            route = route_of(request)
            span.update_name(f"{method} {route}")
            span.set_attribute("http.request.method", str(method))
            span.set_attribute("http.route", route)
            span.set_attribute("http.response.status_code", response.status_code)
            if response.status_code >= 500:
                span.set_status(StatusCode.ERROR)
            return response

        yield answered


def _failed(**_: Any) -> None:
    """Django has turned the exception into an answer before it comes to `traced`."""
    if (error := sys.exc_info()[1]) is not None:
        _current().record_exception(error)


def _watch(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if _queried not in connection.execute_wrappers:
        connection.execute_wrappers.append(_queried)


def _queried(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    """One span a query that belongs to something: what the process asks for itself is nobody's trace."""
    if _tracer is None or not _current().is_recording():
        return execute(sql, params, many, context)
    from opentelemetry.trace import SpanKind

    word = (str(sql).split(None, 1) or [""])[0].upper()
    operation, table = word if word in STATEMENTS else OTHER, _table(str(sql))
    with _tracer.start_as_current_span(f"{operation} {table}".strip(), kind=SpanKind.CLIENT) as span:
        span.set_attribute("db.system.name", context["connection"].vendor)
        span.set_attribute("db.operation.name", operation)
        if table:
            span.set_attribute("db.collection.name", table)
        return execute(sql, params, many, context)


def _table(sql: str) -> str:
    """The first that it names, where it is a model's."""
    named = TABLE.search(sql)
    return named[1] if named is not None and named[1] in _tables() else ""


@cache
def _tables() -> frozenset[str]:
    return frozenset(model._meta.db_table for model in apps.get_models(include_auto_created=True))  # noqa: SLF001


def _published(headers: MutableMapping[str, Any] | None = None, **_: Any) -> None:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    if headers is not None:
        TraceContextTextMapPropagator().inject(headers)


def _task_begins(task_id: str, task: Any, **_: Any) -> None:
    from opentelemetry.context import Context
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carried = getattr(task.request, "traceparent", None) or (task.request.headers or {}).get("traceparent")
    carrier = {"traceparent": str(carried)} if carried else {}
    asked_by = TraceContextTextMapPropagator().extract(carrier, context=Context())
    spanning = _tracer.start_as_current_span(task.name, context=asked_by, kind=SpanKind.CONSUMER)
    span = spanning.__enter__()
    queue = (task.request.delivery_info or {}).get("routing_key")
    if queue:
        span.set_attribute("messaging.destination.name", str(queue))
    _tasks[task_id] = spanning


def _task_failed(exception: BaseException, **_: Any) -> None:
    from opentelemetry.trace import StatusCode

    _current().record_exception(exception)
    _current().set_status(StatusCode.ERROR)


def _task_ends(task_id: str, **_: Any) -> None:
    if (spanning := _tasks.pop(task_id, None)) is not None:
        spanning.__exit__(None, None, None)


def _unknown(environment: Mapping[str, str]) -> str | None:
    """What is asked for and cannot be done."""
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if exporter not in {"", "otlp"}:
        return "OTEL_TRACES_EXPORTER may be otlp or none."
    protocol = next((environment[name] for name in PROTOCOLS if environment.get(name)), "http/protobuf")
    return None if protocol == "http/protobuf" else "OTEL_EXPORTER_OTLP_PROTOCOL may be http/protobuf."


def _current() -> Any:
    from opentelemetry.trace import get_current_span

    return get_current_span()


_RECEIVERS = (
    (got_request_exception, _failed),
    (connection_created, _watch),
    (before_task_publish, _published),
    (task_prerun, _task_begins),
    (task_failure, _task_failed),
    (task_postrun, _task_ends),
)
