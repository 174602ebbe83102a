"""Before Django: who asks for health is answered at once, and of the rest as many are let in as can be answered in time.

    /livez, /readyz, /metrics   by the event loop; no request in work keeps them waiting
    everything else             a place of its kind, or 503 with Retry-After

Four kinds, each with places of its own. *Ordinary* is what most ask. *Outward* is what waits for others (music servers,
files that are handed out), and would keep the rest waiting. *Inward* is what is still coming in, as files and batches that
are handed in: a slow line takes hours over the longest. *Privacy* is what somebody allows, ends, has exported or erased: it
takes an ordinary place where one is free and else one of a reserve, so that it is the last to be turned away.
"""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import AsyncExitStack
from io import BytesIO
from ipaddress import ip_address
from time import perf_counter
from typing import Any

from corsheaders.middleware import CorsMiddleware
from cross_web import HTTPException
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse
from graphql.language import FieldNode
from strawberry.http import GraphQLRequestData

from accounts.models import DeviceScope
from discovery import health, metrics
from discovery.platform.discreet_log import route_of
from discovery.platform.errors import StorageFull
from discovery.platform.gate import Gate, Shed
from discovery.platform.graphql.persisted import document_choose
from discovery.platform.meters import REQUEST_SECONDS
from discovery.platform.storage_full import NO_ROOM, is_full
from discovery.scopes import NEEDED
from discovery.voice.sound import LARGEST as LARGEST_SOUND

logger = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

CROWD = 1_000  # requests that are read or answered, whatever they are: bodies lie somewhere, too
MOST_OF_ONE = CROWD // 4  # of them from one address
LARGEST_BODY = 16 << 20  # bytes
SNIFFED = 8_192  # bytes; a body that is longer is not looked into, and what privacy needs is shorter
BUSY = _("Too many ask at this moment; please come back.")

OUTWARD = re.compile(r"^/(library/|tunes/|privacy/exports/|imports/|voice/)")
PRIVATE = re.compile(r"^/(privacy/|accounts/logout/|\.well-known/gpc\.json)")

# What reading answers is not among them: a page of what was shown to whom may come later than a consent that ends.
LETS_GO = frozenset(
    place.removeprefix("Mutation.")
    for place, scopes in NEEDED.items()
    if place.startswith("Mutation.") and DeviceScope.PRIVACY in scopes
) | {"block", "requestDataExport", "requestErasure", "revokeDevice"}
_ASKS_OTHERS = re.compile(rb"\b(connectLibrary|sendPlaylist)\b")
_HIDES = re.compile(
    rb"\\u|\x00|documentId|persistedQuery"
)  # JSON may be written in other words, and in UTF-16
# By its name, or by the id of a document that the operator keeps.
_MAY_LET_GO = re.compile(
    rb"\b(" + b"|".join(name.encode() for name in sorted(LETS_GO)) + rb"|documentId|persistedQuery)\b"
)


class FrontDoor(ASGIHandler):
    """Django's handler for HTTP, behind the gates."""

    def __init__(self) -> None:
        super().__init__()
        at_once, waiting = settings.REQUESTS_AT_ONCE, settings.REQUESTS_WAITING
        self.gates = {
            "ordinary": Gate(places=at_once, most_waiting=waiting, seconds=2.0),
            "outward": Gate(places=2 * at_once, most_waiting=waiting, seconds=5.0),
            "inward": Gate(places=2 * at_once, most_waiting=waiting, seconds=5.0),
            "privacy": Gate(places=max(2, at_once // 2), most_waiting=4 * waiting, seconds=10.0),
        }
        self._inside: Counter[str] = Counter()  # by address
        metrics.gates_watch(self.gates)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path, method = scope["path"], scope["method"]
        if (answering := ANSWERED_HERE.get(path)) is not None:
            looked = method in {"GET", "HEAD"}
            refused = HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
            await _answer(await answering(scope) if looked else refused, method, send)
            return
        address = _address(scope)
        if self._inside.total() >= CROWD or self._inside[address] >= MOST_OF_ONE:
            await _answer(_busy(scope, 5), method, send)
            return
        self._inside[address] += 1
        try:
            await self._let_in(scope, receive, send)
        finally:
            self._inside[address] -= 1
            if not self._inside[address]:
                del self._inside[address]

    async def _let_in(self, scope: Any, receive: Any, send: Any) -> None:
        """Into a place, which is free again when the answer begins: whoever reads slowly holds none meanwhile, and whoever
        sends slowly none but of those that are for it.

        Before Django: it starts a thread for each request, and to start many is what the event loop would wait for.
        """
        begun = perf_counter()
        body, whole, receive = await _early(receive)
        kind = self._kind(scope["path"], scope["method"], body) if whole else "inward"
        async with AsyncExitStack() as place:
            try:
                await place.enter_async_context(self.gates[kind].place())
            except Shed as shed:
                REQUEST_SECONDS.labels(kind, "shed").observe(perf_counter() - begun)
                await _answer(_busy(scope, shed.after), scope["method"], send)
                return

            async def sent(message: Mapping[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    await place.aclose()
                    REQUEST_SECONDS.labels(kind, f"{message['status'] // 100}xx").observe(
                        perf_counter() - begun
                    )
                await send(message)

            try:
                await super().__call__(scope, receive, sent)
            except OSError as error:  # what a body is written to before anything reads it
                if not is_full(error):
                    raise
                await _answer(
                    _refusal(scope, NO_ROOM, status=507, code=StorageFull.code), scope["method"], send
                )

    def _kind(self, path: str, method: str, body: bytes) -> str:
        if OUTWARD.match(path) or (path == "/graphql/" and _asks_others(body)):
            return "outward"
        full = self.gates["ordinary"].full()
        return "privacy" if full and _lets_go(path, method, body) else "ordinary"

    async def get_response_async(self, request: ASGIRequest) -> HttpResponseBase:  # type: ignore[override]
        begun = perf_counter()
        response = await super().get_response_async(request)
        _tell(request, response, round((perf_counter() - begun) * 1000))
        return response


def largest_body(path: str) -> int:
    """How many bytes are let in there."""
    if path.endswith("/imports/"):
        return LARGEST_BODY + int(settings.UPLOAD_LARGEST)  # and a form around the file
    if path.endswith("/graphql/"):
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    if path.endswith("/voice/"):
        return LARGEST_SOUND  # held in memory: more would go to the disk before anything reads it
    return LARGEST_BODY


def _address(scope: Message) -> str:
    """Who asks, as `client_address` tells it, without a request: of IPv6 the network."""
    told, proxies = (scope.get("client") or ("",))[0], settings.ALLAUTH_TRUSTED_PROXY_COUNT
    if proxies:
        forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        told = forwarded.decode("latin-1").rsplit(",", proxies)[-proxies:][0].strip()
    try:
        return ":".join(ip_address(str(told)).exploded.split(":")[:4])
    except ValueError:
        return str(told)


async def _early(receive: Receive) -> tuple[bytes, bool, Receive]:
    """The body as far as one of a question may go, whether that is all of it, and a way to receive it all once more."""
    pieces, size, more = [], 0, True
    while more and size <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        message = await receive()
        if message["type"] != "http.request":  # gone
            return b"", True, _again([message], receive)
        pieces.append(message.get("body", b""))
        size, more = size + len(pieces[-1]), message.get("more_body", False)
    body = b"".join(pieces)
    return body, not more, _again([{"type": "http.request", "body": body, "more_body": more}], receive)


def _again(messages: list[Message], receive: Receive) -> Receive:
    async def received() -> Message:
        return messages.pop() if messages else await receive()

    return received


def _tell(request: ASGIRequest, response: HttpResponseBase, milliseconds: int) -> None:
    """In place of the server's own line, which has the address with all that stands in it."""
    method, route, status = request.method, route_of(request), response.status_code
    about = {"method": method, "route": route, "status": status, "milliseconds": milliseconds}
    logger.info("%s %s %d in %d ms", method, route, status, milliseconds, extra=about)


def _asks_others(body: bytes) -> bool:
    """Whether a document names what waits for a music server; however it is spelled, for whoever owns the server may want us to wait."""
    if not _HIDES.search(body):
        return _ASKS_OTHERS.search(body) is not None
    try:
        return _ASKS_OTHERS.search(_document(json.loads(body)).encode("utf-8", "replace")) is not None
    except (ValueError, TypeError, AttributeError, RecursionError, ImproperlyConfigured):
        return False  # refused in its turn


def _lets_go(path: str, method: str, body: bytes) -> bool:
    """Whether it is about what somebody allows; looked at only where the ordinary places are taken.

    A mutation that asks for anything else besides is ordinary: its word alone gets nobody a place.
    """
    if path != "/graphql/":
        return PRIVATE.match(path) is not None
    if method != "POST" or len(body) > SNIFFED or not _MAY_LET_GO.search(body):
        return False
    try:
        document = parse(_document(json.loads(body)), no_location=True, max_tokens=500)
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
        GraphQLError,
        ImproperlyConfigured,
    ):
        return False  # refused in its turn
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    return len(operations) == 1 and _only_lets_go(operations[0])


def _document(asked: Any) -> str:
    """What is asked, by itself or by its id."""
    data = GraphQLRequestData(
        query=asked.get("query"), variables=None, operation_name=None, extensions=asked.get("extensions")
    )
    try:
        document_choose(data, asked, listed_only=False)
    except HTTPException as error:
        raise ValueError from error
    return str(data.query)


def _only_lets_go(operation: OperationDefinitionNode) -> bool:
    fields = operation.selection_set.selections
    return (
        operation.operation is OperationType.MUTATION
        and bool(fields)
        and all(isinstance(field, FieldNode) and field.name.value in LETS_GO for field in fields)
    )


def _busy(scope: Message, seconds: int) -> HttpResponse:
    return _refusal(scope, BUSY, status=503, code="BUSY", seconds=seconds)


def _refusal(
    scope: Message, words: Promise, *, status: int, code: str, seconds: int | None = None
) -> HttpResponse:
    """A no in the language that is asked for, and so that an app of another origin may read it, too.

    What a browser asks beforehand for such an app is answered as ever: it would take a no for one that holds.
    """

    def refused(request: HttpRequest) -> HttpResponse:
        response: HttpResponse
        with translation.override(translation.get_language_from_request(request)):
            message = str(words)
        if request.path_info in {"/graphql/", "/imports/", "/voice/"}:
            extensions = {"code": code} | ({} if seconds is None else {"retryAfter": seconds})
            response = JsonResponse(
                {"errors": [{"message": message, "extensions": extensions}]}, status=status
            )
        else:
            response = HttpResponse(message, status=status, content_type="text/plain; charset=utf-8")
        if seconds is not None:
            response["Retry-After"] = str(seconds)
        response["Cache-Control"] = "no-store"
        return response

    asked = ASGIRequest({**scope, "query_string": b""}, BytesIO())  # that one may be no words at all
    answer: HttpResponse = CorsMiddleware(refused)(asked)  # type: ignore[assignment]  # not asynchronous
    return answer


async def _answer(response: HttpResponse, method: str, send: Send) -> None:
    """Without Django's handlers, which may be waiting for a thread."""
    body = response.content
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in response.items()]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


async def _livez(_scope: Message) -> HttpResponse:
    return health.lives()


async def _readyz(_scope: Message) -> HttpResponse:
    return health.as_answer(await _readiness.now())


async def _metrics(scope: Message) -> HttpResponse:
    return await metrics.answer(scope)


_readiness = health.Readiness()
ANSWERED_HERE: dict[str, Callable[[Message], Awaitable[HttpResponse]]] = {
    "/livez": _livez,
    "/readyz": _readyz,
    "/metrics": _metrics,
}
