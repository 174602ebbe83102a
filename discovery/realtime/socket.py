"""Subscriptions: ``graphql-transport-ws`` on ``/graphql/``. strawberry speaks the protocol; this is the ASGI side.

Who asks is settled when the connection begins, by a bearer token in its first message or by the session
cookie of a page of ours, and again before every message that goes out. Pages of `CORS_ORIGINS` come with a token; a page
of any other origin is not let in, whatever it brings.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

from cross_web import HTTPException
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.cookie import parse_cookie
from graphql import GraphQLError
from pyrate_limiter import GCRA, Rate
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLRequestData
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.schema import BaseSchema
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET, UnsetType

from accounts.api.context import Context
from accounts.credentials import Credential
from accounts.middleware.bearer import credentials_of_tokens
from accounts.middleware.browser import session_credential
from accounts.models import User
from discovery.platform.address import client_address
from discovery.platform.events import credentials_channel
from discovery.platform.graphql.persisted import RefusedRequest, document_choose
from discovery.platform.graphql.refusals import coded
from discovery.realtime.batched import Batched, in_database
from discovery.realtime.hub import NEWEST, hub
from discovery.realtime.slots import slots
from discovery.realtime.waiting import waiting

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

INIT_SECONDS = 10  # from the handshake to the first message
MOST_OPERATIONS = 20  # on one socket
LOOK_SECONDS = 15.0  # until it is asked again whether somebody may still be behind a socket
SEND_SECONDS = 10.0  # for a message to leave; who takes none for so long is gone
# Messages at once, and in a second after that: a page that comes back begins all its operations anew.
MESSAGES = Rate(10, 1_000, burst=3 * MOST_OPERATIONS)
LARGEST_MESSAGE = settings.DATA_UPLOAD_MAX_MEMORY_SIZE  # characters, as for a request


@dataclass
class LiveContext(Context):
    """The context of one operation on a socket. ``missed``: messages dropped since the last one sent."""

    token: str | None = None
    connection_params: dict[str, object] = field(default_factory=dict)
    missed: int = 0

    async def viewer_now(self) -> User | None:
        """Who asks, asked anew: a token taken back or a session that ended is nobody."""
        if self.token is not None:
            found = await _credentials.get(self.token)
        else:
            key = self.request.COOKIES.get(settings.SESSION_COOKIE_NAME)
            found = await in_database(session_credential, self.request, key)
        self.request.credential = found  # type: ignore[attr-defined]
        self.request.user = None if found is None else found.user  # type: ignore[assignment]
        return self.viewer


_credentials: Batched[str, Credential] = Batched(credentials_of_tokens)


class SubscriptionSocket:
    """The ASGI application for WebSocket connections."""

    def __init__(self, schema: BaseSchema) -> None:
        self._schema = _Subscriptions(schema)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        request = _request(scope)
        if scope["path"] != "/graphql/" or request is None or not _known_origin(request, scope):
            await send({"type": "websocket.close", "code": 1008})  # before accepting: HTTP 403
            return
        if GRAPHQL_TRANSPORT_WS_PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 4406, "reason": "Subprotocol not acceptable"})
            return
        address = client_address(request)
        if not waiting().come(address):
            await _too_many(scope, send)
            return
        await send({"type": "websocket.accept", "subprotocol": GRAPHQL_TRANSPORT_WS_PROTOCOL})
        wire = _Wire(receive, send)
        door = _Door(wire, own_page=_own_page(request, scope), address=address)
        handler: BaseGraphQLTransportWSHandler[LiveContext, None] = BaseGraphQLTransportWSHandler(
            view=door,  # type: ignore[arg-type]  # of a view it asks on_ws_connect alone
            websocket=wire,  # type: ignore[arg-type]  # three methods of its adapter
            context=LiveContext(request=request, response=HttpResponse()),
            root_value=None,
            schema=self._schema,  # type: ignore[arg-type]  # of a schema it asks stream alone
            connection_init_wait_timeout=timedelta(seconds=INIT_SECONDS),
            max_subscriptions_per_connection=MOST_OPERATIONS,
        )
        try:
            await handler.handle()
        finally:
            await door.leave()


class _Door:
    """Lets a connection in when somebody may be behind it, and no more than so many of one viewer.

    It is shut when nobody may be behind it any more: as soon as that is heard of, with the next ping, and within
    ``LOOK_SECONDS`` anyway.
    """

    def __init__(self, wire: _Wire, *, own_page: bool, address: str) -> None:
        self._wire, self._own_page = wire, own_page
        self._waits_at: str | None = address
        self._place: str | None = None
        self._watch: asyncio.Task[None] | None = None

    async def on_ws_connect(self, context: LiveContext) -> UnsetType:
        context.token = _bearer(context.connection_params)
        if context.token is None and not self._own_page:
            raise ConnectionRejectionError
        viewer = await context.viewer_now()
        if viewer is None or (place := await slots().take(viewer.pk)) is None:
            raise ConnectionRejectionError
        self._place = place
        self._waits_no_more()
        self._watch = asyncio.create_task(self._watched(replace(context), viewer.pk), name="door of a socket")
        return cast("UnsetType", UNSET)

    async def _watched(self, context: LiveContext, viewer_id: int) -> None:
        try:
            await self._watched_on(context, viewer_id)
        except (OperationalError, InterfaceError):  # nobody can tell whether somebody may still be behind it
            with contextlib.suppress(WebSocketDisconnected):
                await self._wire.close(1013, "Try again later")

    async def _watched_on(self, context: LiveContext, viewer_id: int) -> None:
        async with hub().opened([credentials_channel(viewer_id)], size=NEWEST) as inbox:
            while await context.viewer_now() is not None:
                self._wire.pinged.clear()
                waits = asyncio.ensure_future(inbox.get()), asyncio.ensure_future(self._wire.pinged.wait())
                try:
                    await asyncio.wait(waits, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for wait in waits:
                        wait.cancel()
        with contextlib.suppress(WebSocketDisconnected):
            await self._wire.close(4403, "Forbidden")

    def _waits_no_more(self) -> None:
        if self._waits_at is not None:
            waiting().go(self._waits_at)
            self._waits_at = None

    async def leave(self) -> None:
        self._waits_no_more()
        if self._watch is not None:
            while not self._watch.done():  # a question to the database at hand may swallow being canceled
                self._watch.cancel()
                await asyncio.wait([self._watch], timeout=0.5)
        if self._place is not None:
            await slots().give_back(self._place)


class _Subscriptions:
    """The schema as a socket may use it: subscriptions only, each with a context of its own."""

    def __init__(self, schema: BaseSchema) -> None:
        self._schema = schema

    async def stream(
        self, asked: Mapping[str, Any], *, context_value: LiveContext, **options: Any
    ) -> AsyncIterator[Any]:
        """What an operation tells; ``asked`` is its payload, which may name its document by an id."""
        context = replace(context_value)
        data = GraphQLRequestData(
            query=asked.get("query"), variables=None, operation_name=None, extensions=asked.get("extensions")
        )
        try:
            document_choose(data, asked, listed_only=settings.PERSISTED_ONLY and context.token is not None)
        except HTTPException as error:
            code = error.code if isinstance(error, RefusedRequest) else "BAD_REQUEST"
            return _refused(error.reason, code)
        if data.query is None:
            return _refused("The extensions name no document.", "BAD_REQUEST")
        stream = await self._schema.stream(
            data.query,
            context_value=context,
            allowed_operation_types=(OperationType.SUBSCRIPTION,),
            **options,
        )
        return self._coded(stream, context)

    async def _coded(self, stream: Any, context: LiveContext) -> AsyncGenerator[Any, None]:
        try:
            async for result in stream:
                if result.errors:
                    result.errors = [coded(error) for error in result.errors]
                if context.missed:  # the notice that older messages were dropped
                    result.extensions = {**(result.extensions or {}), "missed": context.missed}
                    context.missed = 0
                yield result
        finally:
            await stream.aclose()


async def _refused(message: str, code: str) -> AsyncGenerator[Any, None]:
    yield PreExecutionError(data=None, errors=[GraphQLError(message, extensions={"code": code})])


class _Wire:
    """JSON over an ASGI connection. A peer that takes nothing for ``SEND_SECONDS`` is treated as gone."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._gone = asyncio.Event()
        self.pinged = asyncio.Event()  # set with every ping of the peer's
        self._counted = GCRA().initial([MESSAGES])

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        while (event := await self._next()) is not None:
            word = event.get("text")
            if word is None:
                raise NonTextMessageReceived
            if len(word) > LARGEST_MESSAGE:
                await self.close(4400, "Message too large")
                return
            if self._too_often():
                await self.close(4429, "Too many messages")
                return
            try:
                message = json.loads(word)
            except (ValueError, RecursionError) as error:
                raise NonJsonMessageReceived from error
            if not isinstance(message, dict):
                raise NonJsonMessageReceived
            if wrong := _ill_formed(message):
                await self.close(4400, wrong)
                return
            if message.get("type") == "ping":
                self.pinged.set()
            if message.get("type") == "subscribe":
                # strawberry hands on the document alone, and not the other ways of naming it.
                message["payload"] |= {"query": dict(message["payload"])}
            yield message

    def _too_often(self) -> bool:
        now = time.monotonic_ns() // 1_000_000
        self._counted, decision = GCRA().step([MESSAGES], self._counted, now, 1)
        return not decision.allowed

    async def _next(self) -> MutableMapping[str, Any] | None:
        """What comes in next; None at the end."""
        waits = asyncio.ensure_future(self._receive()), asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        event = None if self._gone.is_set() else waits[0].result()
        if event is None or event["type"] == "websocket.disconnect":
            self._gone.set()
            return None
        return event

    async def send_json(self, message: Mapping[str, object]) -> None:
        await self._out({"type": "websocket.send", "text": json.dumps(message)})

    async def close(self, code: int, reason: str) -> None:
        await self._out({"type": "websocket.close", "code": code, "reason": reason[:120]})
        self._gone.set()

    async def _out(self, event: MutableMapping[str, Any]) -> None:
        if self._gone.is_set():
            raise WebSocketDisconnected
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._send(event)
        except (
            OSError,
            RuntimeError,
        ) as error:  # uvicorn says either of a peer that has gone; a timeout is an OSError
            self._gone.set()
            raise WebSocketDisconnected from error


def _ill_formed(message: Mapping[str, Any]) -> str | None:
    """What is wrong with a message's shape, which strawberry takes for granted; None where nothing is."""
    kind = message.get("type")
    if not isinstance(kind, str):
        return "The type of a message is a string"
    if kind in {"subscribe", "complete"} and not (isinstance(name := message.get("id"), str) and name):
        return "The id of an operation is a string"
    return _ill_asked(message.get("payload")) if kind == "subscribe" else None


def _ill_asked(payload: object) -> str | None:
    """The same of an operation's payload."""
    if not isinstance(payload, dict):
        return "The payload of an operation is an object with a query"
    for name, kind, words in (
        ("query", str, "query is a string"), ("operationName", str, "operationName is a string or null"),
        ("variables", dict, "variables are an object or null"), ("extensions", dict, "extensions are an object or null"),
    ):  # fmt: skip
        if not isinstance(payload.get(name), kind | None):
            return f"The {words}"
    named = payload.get("documentId") or (payload.get("extensions") or {}).get("persistedQuery")
    return None if payload.get("query") or named else "The payload of an operation is an object with a query"


async def _too_many(scope: Scope, send: Send) -> None:
    """Refuse the handshake with 429, or as the server can."""
    if "websocket.http.response" in scope.get("extensions", {}):
        headers = [(b"retry-after", str(INIT_SECONDS).encode()), (b"content-length", b"0")]
        await send({"type": "websocket.http.response.start", "status": 429, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": b""})
    else:
        await send({"type": "websocket.close", "code": 1013})


def _request(scope: Scope) -> HttpRequest | None:
    """Headers and cookies of the handshake as a request; None where the host is not ours."""
    request = HttpRequest()
    request.path, request.method = scope["path"], "GET"
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        request.META[f"HTTP_{key}"] = value.decode("latin-1")
    server = scope.get("server") or ("", 0)
    request.META |= {"SERVER_NAME": server[0] or "", "SERVER_PORT": str(server[1] or 0)}
    request.META["REMOTE_ADDR"] = (scope.get("client") or ("", 0))[0]
    request.COOKIES = parse_cookie(request.META.get("HTTP_COOKIE", ""))
    try:
        request.get_host()
    except DisallowedHost:
        return None
    return request


def _bearer(params: Mapping[str, object]) -> str | None:
    """The token in the first message: ``{"Authorization": "Bearer …"}``, in any case."""
    for name, value in params.items():
        if name.lower() == "authorization" and isinstance(value, str):
            scheme, _, token = value.partition(" ")
            if scheme.lower() == "bearer":
                return token.strip()
    return None


def _own_page(request: HttpRequest, scope: Scope) -> bool:
    """Whether a page of ours opened this: browsers send cookies along whoever asks, but never lie about Origin."""
    secure = scope.get("scheme") == "wss" or request.is_secure()
    own = f"{'https' if secure else 'http'}://{request.get_host()}"
    return request.META.get("HTTP_ORIGIN") in {own, *settings.CSRF_TRUSTED_ORIGINS}


def _known_origin(request: HttpRequest, scope: Scope) -> bool:
    """Whether it is no page that opened this, or one that may."""
    origin = request.META.get("HTTP_ORIGIN")
    return origin is None or origin in settings.CORS_ORIGINS or _own_page(request, scope)
