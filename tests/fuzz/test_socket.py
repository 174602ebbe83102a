"""The socket takes whatever comes: it answers in the protocol, or closes with one of its codes; it never fails or stays silent."""

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from accounts.credentials import Credential
from accounts.models import EVERY_SCOPE
from discovery.platform.graphql.persisted import digest
from discovery.realtime import batched, socket, subscriptions
from discovery.realtime.hub import Inbox
from discovery.realtime.socket import SubscriptionSocket
from discovery.schema import schema
from tests import factories
from tests.fuzz.shapes import fuzzed, objects, values, words

pytestmark = [pytest.mark.django_db]


TOKEN = "good"  # lets Ada in


@pytest.fixture(autouse=True)
def in_line(monkeypatch, redis_url):
    """The database is asked in the loop itself, which has a connection of its own: it sees nothing of the test's transaction.

    So who asks is told here. There are enough tests of who is let in; these are about what comes after.
    """
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    let_in = Credential(factories.sharer("ada"), EVERY_SCOPE)

    async def in_database(work, *arguments, **named):
        try:
            return work(*arguments, **named)
        finally:
            connections.close_all()  # each task has one of its own

    async def credential(token):
        return let_in if token == TOKEN else None

    @asynccontextmanager
    async def opened(_channels, **_options):
        yield Inbox()  # in which nothing comes: no connection outlives its conversation

    for module in (batched, socket, subscriptions):
        monkeypatch.setattr(module, "in_database", in_database)
    for module in (socket, subscriptions):
        monkeypatch.setattr(module, "hub", lambda: SimpleNamespace(opened=opened))
    monkeypatch.setattr(socket, "_credentials", SimpleNamespace(get=credential))


CLOSED = {4400, 4401, 4403, 4406, 4408, 4409, 4429}
DOCUMENTS = st.sampled_from([
    "subscription { rooms { id title } }", "{ viewer { profile { handle } } }", "subscription { nothing }", "{", "",
    "subscription ($r: ID!) { roomQueue(roomId: $r) { step } }", "subscription A { rooms { id } } subscription B { rooms { id } }",
    'subscription { radioQueue(radioId: "Tm9kZTox") { step } }', "subscription { trainingProgress { step } }", "mutation { withdrawAllConsent }",
])  # fmt: skip
IDS = st.sampled_from(["1", "2", "1" * 5_000]) | values
SUBSCRIBE = st.builds(
    lambda more, known: {**more, **known},
    st.fixed_dictionaries({"type": st.just("subscribe"), "id": st.just("1")}),
    objects(
        id=IDS,
        payload=objects(query=DOCUMENTS, variables=objects(r=words), operationName=st.sampled_from(["A", None]),
            extensions=objects(persistedQuery=objects(sha256Hash=words)), documentId=words),
    ),
)  # fmt: skip
MESSAGES = st.one_of(
    SUBSCRIBE,
    objects(type=st.sampled_from(["subscribe", "complete", "ping", "pong", "connection_init", "next", "error"]), id=IDS, payload=values),
    st.just({"type": "subscribe", "id": "1", "payload": {"query": "subscription { rooms { id } }"}}),
)  # fmt: skip
FRAMES = st.one_of(
    MESSAGES.map(lambda message: {"text": json.dumps(message)}),
    (values | words).map(lambda value: {"text": json.dumps(value)}),
    st.sampled_from([{"text": "{"}, {"text": "[" * 60_000}, {"text": "9" * 4_400}, {"bytes": b"\x00"}, {"text": "x" * 70_000}]),
)  # fmt: skip


def conversation(frames, *, token=None, headers=()):
    """What is sent on a socket on which these frames come in, and then nothing for a moment, and then its end."""
    sent, incoming = [], [{"type": "websocket.connect"}]
    if token is not None:
        init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}
        incoming.append({"type": "websocket.receive", "text": json.dumps(init)})
    incoming += [{"type": "websocket.receive", **frame} for frame in frames]

    async def receive():
        if incoming:
            return incoming.pop(0)
        await asyncio.sleep(0.02)
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(event):
        sent.append(event)

    scope = {
        "type": "websocket", "path": "/graphql/", "headers": [(b"host", b"localhost"), *headers], "scheme": "ws",
        "subprotocols": ["graphql-transport-ws"], "client": ("10.9.0.1", 5), "server": ("localhost", 80), "extensions": {},
    }  # fmt: skip

    async def whole():
        async with asyncio.timeout(30):
            await SubscriptionSocket(schema)(scope, receive, send)

    asyncio.run(whole())
    return sent


@pytest.mark.parametrize("signed_in", [False, True])
def test_every_conversation_is_answered(signed_in, caplog):
    token = TOKEN if signed_in else None
    caplog.set_level(logging.ERROR)

    @fuzzed
    @given(st.lists(FRAMES, min_size=1, max_size=5))
    def every(frames):
        caplog.clear()
        sent = conversation(frames, token=token)
        assert [record.getMessage() for record in caplog.records] == []
        assert sent[0]["type"] == "websocket.accept"
        for event in sent[1:]:
            if event["type"] == "websocket.close":
                assert event["code"] in CLOSED
            else:
                assert "INTERNAL" not in event["text"]
        if not signed_in:
            assert all(json.loads(event["text"])["type"] == "pong" for event in sent[1:] if "text" in event)

    every()


# What nobody sends by hand, one by one: each ends with a code, none with silence.
PAYLOADS: tuple[object, ...] = (
    5, [], "x", None, {}, {"query": None}, {"query": ""}, {"query": 5}, {"query": "{ a }", "operationName": 5},
    {"query": "{ a }", "variables": 5}, {"query": "{ a }", "variables": []}, {"query": "{ a }", "extensions": []}, {"extensions": {}},
)  # fmt: skip
NAMES: tuple[object, ...] = (None, 5, [], {}, "")
KINDS: tuple[object, ...] = (None, 5, [], {}, "nothing", "subscribe", "complete")
WORDS: tuple[object, ...] = ({"type": "complete", "id": []}, {}, 5, None, "x", [], [[]])


@pytest.mark.parametrize(
    "message",
    [
        *({"type": "subscribe", "id": "1", "payload": payload} for payload in PAYLOADS),
        *(
            {"type": "subscribe", "id": name, "payload": {"query": "subscription { rooms { id } }"}}
            for name in NAMES
        ),
        *({"type": kind} for kind in KINDS),
        *WORDS,
    ],
    ids=str,
)
def test_what_is_no_message_closes_the_socket(message):
    *_, last = conversation([{"text": json.dumps(message)}], token=TOKEN)
    assert (last["type"], last["code"]) == ("websocket.close", 4400)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"query": "{ viewer { id } }"}, "BAD_REQUEST"),
        ({"query": "subscription { nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "subscription { " + "rooms { id } " * 200 + "}"}, "LIMIT_EXCEEDED"),
        ({"query": "subscription A { rooms { id } } subscription B { rooms { id } }"}, "BAD_REQUEST"),
        ({"query": "subscription A { rooms { id } }", "operationName": "B"}, "BAD_REQUEST"),
        ({"query": "subscription { }"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "subscription { rooms { id } }"}, '"rooms": []'),
    ],
)
def test_what_is_no_subscription_is_told(payload, said):
    sent = conversation(
        [{"text": json.dumps({"type": "subscribe", "id": "1", "payload": payload})}], token=TOKEN
    )
    assert said in str(sent[2:])


LISTED = "subscription { rooms { id } }"
HASH = digest(LISTED)


def asked(payload, **options):
    """What the socket says to one operation."""
    message = {"type": "subscribe", "id": "1", "payload": payload}
    return str(conversation([{"text": json.dumps(message)}], **options)[2:])


@pytest.fixture
def listed(settings, tmp_path):
    (tmp_path / "rooms.graphql").write_text(LISTED)
    settings.PERSISTED_DOCUMENTS = str(tmp_path)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"documentId": f"sha256:{HASH}"}, '"rooms": []'),
        ({"documentId": "rooms"}, '"rooms": []'),
        ({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}}, '"rooms": []'),
        ({"documentId": "others"}, "PERSISTED_QUERY_NOT_FOUND"),
        ({"extensions": {"persistedQuery": {"sha256Hash": "0" * 64}}}, "PERSISTED_QUERY_NOT_FOUND"),
        (
            {
                "query": "subscription { rooms { title } }",
                "extensions": {"persistedQuery": {"sha256Hash": HASH}},
            },
            "BAD_REQUEST",
        ),
        ({"documentId": 5}, "BAD_REQUEST"),
        ({"extensions": {"persistedQuery": 5}}, "BAD_REQUEST"),
    ],
)
def test_a_document_is_named_by_its_id(payload, said, listed):
    assert said in asked(payload, token=TOKEN)


def test_documents_that_are_not_listed_are_refused_where_the_operator_says_so(listed, settings):
    settings.PERSISTED_ONLY = True
    assert '"rooms": []' in asked({"documentId": "rooms"}, token=TOKEN)
    assert '"rooms": []' in asked({"query": LISTED}, token=TOKEN)
    assert "DOCUMENT_NOT_LISTED" in asked({"query": LISTED + " "}, token=TOKEN)


def test_messages_come_no_faster_than_somebody_means_them():
    ping = {"text": '{"type": "ping"}'}
    few, many = (conversation([ping] * count, token=TOKEN) for count in (40, 90))
    assert few[-1]["type"] == "websocket.send"
    assert (many[-1]["type"], many[-1]["code"]) == ("websocket.close", 4429)


def test_few_sockets_of_an_address_wait_for_somebody(settings):
    settings.SOCKETS_WAITING = 2

    async def several():
        ended = asyncio.Event()

        def one(address, extensions, *messages):
            sent, incoming = [], [{"type": "websocket.connect"}, *messages]

            async def receive():
                if incoming:
                    return incoming.pop(0)
                await ended.wait()
                return {"type": "websocket.disconnect", "code": 1000}

            async def send(event):
                sent.append(event)

            scope = {
                "type": "websocket", "path": "/graphql/", "headers": [(b"host", b"localhost")], "scheme": "ws", "extensions": extensions,
                "subprotocols": ["graphql-transport-ws"], "client": (address, 5), "server": ("localhost", 80),
            }  # fmt: skip
            return asyncio.ensure_future(SubscriptionSocket(schema)(scope, receive, send)), sent

        init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {TOKEN}"}}
        http = {"websocket.http.response": {}}
        opened = [one("10.9.1.1", http, {"type": "websocket.receive", "text": json.dumps(init)})]
        await asyncio.sleep(0.5)
        assert len(opened[0][1]) == 2
        for address, extensions in (("10.9.1.1", http),) * 3 + (("10.9.1.2", http), ("10.9.1.1", {})):
            opened.append(one(address, extensions))
            await asyncio.sleep(0.01)
        ended.set()
        await asyncio.gather(*(task for task, _sent in opened))
        told = [sent[0].get("status") or sent[0].get("code") or sent[0]["type"] for _task, sent in opened]
        assert socket.waiting()._all == 0
        return told

    accepted = "websocket.accept"
    assert asyncio.run(several()) == [accepted, accepted, accepted, 429, accepted, 1013]


@pytest.mark.parametrize(
    ("origin", "secure", "let_in"),
    [
        ("http://localhost", False, True),
        ("https://localhost", False, False),  # the same host, and another scheme
        ("https://localhost", True, True),
        ("http://localhost", True, False),
        ("http://localhost:81", False, False),
        ("http://elsewhere", False, False),
        ("null", False, False),
    ],
)
def test_a_page_of_another_origin_is_not_let_in(origin, secure, let_in, settings):
    headers = [(b"origin", origin.encode())]
    if secure:
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        headers.append((b"x-forwarded-proto", b"https"))
    (first, *_) = conversation([], headers=headers)
    assert (first["type"] == "websocket.accept") is let_in
