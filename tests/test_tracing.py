"""What leaves in spans names nobody and quotes nothing; without the list of what may leave it would."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import redis
from django.core.exceptions import MiddlewareNotUsed
from django.db import connections
from django.test import Client
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from discovery import metrics
from discovery.front import FrontDoor
from discovery.platform import tracing
from discovery.platform.discreet_spans import SCOPE, DiscreetExporter
from tasks.celery import app
from tasks.histories import history_read
from tests import factories
from tests.api.client import App

ROOT = Path(__file__).parents[1]
HANDLE, ADDRESS, TITLE, SECRET, IP = (
    "quiet-ada",
    "ada@example.org",
    "Lullaby for Nobody",
    "sEcReT-0123456789",
    "192.0.2.7",
)
SEARCH = "query quietAda($text: String!) { mine: viewer { discover { degraded } } quiet: search(text: $text) { __typename } }"
PASSWORD = "correct horse battery"
EXPORT = f'mutation {{ requestDataExport(password: "{PASSWORD}") {{ __typename }} }}'
SEARCHED = {"query": f'{{ search(text: "{TITLE}") {{ __typename }} }}'}
ASKED = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


class Spans:
    """The same spans twice: as they leave, and as they were made."""

    def __init__(self):
        self.discreet, self.bare = InMemorySpanExporter(), InMemorySpanExporter()
        tracing.provider_use(
            SimpleSpanProcessor(DiscreetExporter(self.discreet)), SimpleSpanProcessor(self.bare)
        )

    @property
    def left(self):
        return self.discreet.get_finished_spans()

    def named(self, name):
        (span,) = (span for span in self.left if span.name == name)
        return span


def said(exporter):
    """All that is in them, but when and by which resource."""
    return "\n".join(
        repr((
            span.name, dict(span.attributes), span.status.description, span.instrumentation_scope.attributes,
            dict(span.context.trace_state), [(event.name, dict(event.attributes)) for event in span.events],
            [dict(link.attributes) for link in span.links],
        ))
        for span in exporter.get_finished_spans()
    )  # fmt: skip


@pytest.fixture
def spans():
    spans = Spans()
    yield spans
    tracing.tracing_end()


@pytest.fixture
def others(spans, settings):
    """Instrumentations that tell all they can, given to the same provider."""
    settings.MIDDLEWARE = list(settings.MIDDLEWARE)
    DjangoInstrumentor().instrument(tracer_provider=tracing._provider)
    PsycopgInstrumentor().instrument(tracer_provider=tracing._provider, capture_parameters=True)
    connections.close_all()  # what comes now is instrumented
    yield
    connections.close_all()
    PsycopgInstrumentor().uninstrument()
    DjangoInstrumentor().uninstrument()


@pytest.fixture
def ada(transactional_db, redis_url, artifact_dir):
    user = factories.sharer(HANDLE)
    user.email = ADDRESS
    user.set_password(PASSWORD)
    user.save()
    factories.listens(user, factories.track(TITLE))
    return user


def test_no_span_tells_who_it_was_or_what_was_asked(ada, spans, others, monkeypatch):
    def broken(*_args, **_more):
        raise ValueError(f"Key (email)=({ADDRESS}) of {TITLE} already exists")

    app = App(ada)
    token = app.headers["Authorization"].removeprefix("Bearer ")
    client = Client(raise_request_exception=False, REMOTE_ADDR=IP, HTTP_USER_AGENT=f"Player of {HANDLE}")
    mine = {"Authorization": f"Token {token}", "tracestate": f"v={SECRET}",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}  # fmt: skip
    person = app.data("{ viewer { profile { id } } }")["viewer"]["profile"]["id"]
    assert "errors" not in app.ask(SEARCH, text=TITLE)
    app.ask("query($id: ID!) { node(id: $id) { __typename } }", id=person)
    client.get(f"/1/playlist/{person}", headers=mine)
    assert client.get(f"/1/user/{HANDLE}/listens", headers=mine).status_code == 200
    client.get(f"/privacy/exports/{SECRET}")
    client.get(f"/nowhere/{ADDRESS}?token={SECRET}")
    client.get("/music/", {"q": TITLE})
    monkeypatch.setattr("discovery.protocols.listenbrainz_read.listen_list", broken)
    assert client.get(f"/1/user/{HANDLE}/listens", headers=mine).status_code == 500
    history_read.apply(kwargs={"key": ADDRESS}, task_id=f"{SECRET}-{HANDLE}")

    secrets = [HANDLE, ADDRESS, TITLE, SECRET, IP, token, person, "quietAda", "quiet", "mine:"]
    told, bare = said(spans.discreet), said(spans.bare)
    assert [secret for secret in secrets if secret in told] == []
    ours = [span for span in spans.left if span.instrumentation_scope.name == SCOPE]
    assert int(mine["traceparent"].split("-")[1], 16) not in {span.context.trace_id for span in ours}
    for secret in (HANDLE, ADDRESS, TITLE, SECRET, IP, person):
        assert secret in bare, "without the list it would"
    assert len(spans.left) == len(spans.bare.get_finished_spans())


def test_a_span_tells_the_route_the_table_the_fields_and_the_kind_of_an_exception(ada, spans, monkeypatch):
    def broken(*_args, **_more):
        raise ValueError(ADDRESS)

    app = App(ada)
    app.ask(SEARCH, text=TITLE)
    graphql = spans.named("POST graphql/")
    assert dict(graphql.attributes) == {
        "http.request.method": "POST", "http.route": "graphql/", "http.response.status_code": 200,
        "graphql.operation.type": "query", "earshot.graphql.fields": ("search", "viewer"),
    }  # fmt: skip
    asked = [span for span in spans.left if span.kind is SpanKind.CLIENT]
    assert {span.context.trace_id for span in asked} == {graphql.context.trace_id}
    assert "SELECT oauth2_provider_accesstoken" in {span.name for span in asked}
    monkeypatch.setattr("discovery.protocols.listenbrainz_read.listen_list", broken)
    mine = {"Authorization": app.headers["Authorization"].replace("Bearer", "Token")}
    Client(raise_request_exception=False).get(f"/1/user/{HANDLE}/listens", headers=mine)
    failed = next(span for span in spans.left if span.attributes.get("http.response.status_code") == 500)
    assert failed.status.status_code is StatusCode.ERROR
    assert [dict(event.attributes) for event in failed.events] == [{"exception.type": "ValueError"}]


def test_by_the_front_door_a_request_and_its_queries_are_one_trace(ada, spans, monkeypatch):
    async def scene():
        transport = httpx.ASGITransport(FrontDoor(), client=(IP, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await asyncio.gather(*(client.post("/graphql/", json=SEARCHED) for _ in range(2)))

    monkeypatch.setattr(metrics, "gates_watch", lambda _gates: None)
    assert [answer.status_code for answer in asyncio.run(scene())] == [200, 200]
    requests = [span for span in spans.left if span.name == "POST graphql/"]
    queries = [span for span in spans.left if span.name == "SELECT graph_artist"]
    assert all(span.attributes["earshot.graphql.fields"] == ("search",) for span in requests)
    assert {span.parent.span_id for span in queries} == {span.context.span_id for span in requests}
    assert len({span.context.trace_id for span in requests}) == 2


def test_a_task_is_in_the_trace_of_the_request_that_asked_for_it(ada, spans, redis_url):
    assert "errors" not in App(ada).ask(EXPORT)
    with redis.Redis.from_url(redis_url) as broker:
        message = json.loads(broker.lpop("privacy"))
    name, headers = message["headers"]["task"], message["headers"]
    carried = {"traceparent": headers["traceparent"]}
    assert {key for key in headers if key in {"tracestate", "baggage"}} == set()
    app.loader.import_default_modules()
    app.tasks[name].apply(kwargs={"key": "0"}, headers=carried)
    app.tasks[name].apply(kwargs={"key": "0"})
    web, (task, alone) = spans.named("POST graphql/"), [s for s in spans.left if s.name == name]
    assert (task.context.trace_id, task.parent.span_id) == (web.context.trace_id, web.context.span_id)
    assert (task.kind, alone.parent) == (SpanKind.CONSUMER, None)
    assert alone.context.trace_id != web.context.trace_id


def test_what_the_process_asks_for_itself_is_no_trace(ada, spans):
    ada.refresh_from_db()
    assert spans.left == ()


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        (ASKED, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        (ASKED | {"OTEL_TRACES_EXPORTER": "none"}, False),
        (ASKED | {"OTEL_SDK_DISABLED": "TRUE"}, False),
        ({"OTEL_SERVICE_NAME": "earshot"}, False),
    ],
)
def test_it_is_on_where_the_environment_asks_for_it(environment, wanted):
    assert tracing.tracing_wanted(environment) is wanted


def test_where_nothing_is_traced_there_is_no_middleware():
    with pytest.raises(MiddlewareNotUsed):
        tracing.traced(lambda _request: None)


def loaded(*, before="", **environment):
    """Whether web and worker import what makes traces, and what they say of it. (redis-py looks for OpenTelemetry by itself.)"""
    program = f"import sys\n{before}\nimport discovery.asgi, tasks.celery\nprint('discovery.platform.discreet_spans' in sys.modules)"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=clean | environment, capture_output=True, text=True, check=True
    )  # fmt: skip
    return ran.stdout.strip() == "True", ran.stderr


def test_nothing_of_it_is_imported_before_it_is_asked_for(tmp_path):
    missing = "sys.modules['opentelemetry'] = sys.modules['opentelemetry.sdk.trace'] = None"
    home = {"EARSHOT_HOME": str(tmp_path)}
    assert loaded(**home) == (False, "")
    assert loaded(before=missing, **home) == (False, "")
    assert loaded(**home, **ASKED) == (True, "")
    there, told = loaded(before=missing, **home, **ASKED)
    assert not there
    assert "pip install 'earshot[otel]'" in told


@pytest.mark.parametrize(
    "unknown", [{"OTEL_TRACES_EXPORTER": "zipkin"}, {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}]
)
def test_what_cannot_be_done_is_said(unknown, monkeypatch, caplog):
    for name, value in (ASKED | unknown).items():
        monkeypatch.setenv(name, value)
    tracing.tracing_begin()
    assert next(iter(unknown)) in caplog.text
    assert tracing._tracer is None
