"""Bodies of requests: no longer than what is read, and no slower than a very slow line. Answers: taken no slower than that.

Django writes a body to the disk before anything looks at it. So whoever says that they will send more than is read, sends
more, or takes too long over it is answered here, with a code, and hung up on. Whoever takes too long over what they are
told is hung up on, too: of those who are read or answered there are so many and no more.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

from discovery.platform.errors import LimitExceeded

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

SECONDS = 10.0  # for a short body to come in
SLOWEST = 8 * 1024  # bytes of a longer one that come in a second, from its beginning on


class _Why(NamedTuple):
    status: int
    code: str
    message: str


_TOO_LARGE = _Why(413, code=LimitExceeded.code, message="A request body holds at most {largest} bytes.")
_TOO_SLOW = _Why(408, code="TOO_SLOW", message="The request body took too long to come in.")


async def bounded(
    application: Application, scope: Scope, receive: Receive, send: Send, *, largest: int
) -> None:
    """Let ``application`` answer, as long as the request's body stays within its bounds."""
    if _declared(scope) > largest:
        await _refuse(send, _TOO_LARGE, largest)
        return
    body = _Body(receive, send, largest)
    await application(scope, body.receive, body.send)
    if body.refused is not None and not body.answered:
        await _refuse(send, body.refused, largest)


class _Body:
    """One request's body as it comes in. What is out of bounds is told to the application as if the client had gone."""

    def __init__(self, receive: Receive, send: Send, largest: int) -> None:
        self._receive, self._send, self._largest = receive, send, largest
        self._begun = asyncio.get_running_loop().time()
        self._size = 0
        self._whole = self._gone = False
        self._listens: asyncio.Task[Any] | None = None  # for whether the client goes
        self.refused: _Why | None = None
        self.answered = False

    async def receive(self) -> Message:
        if self._whole:
            return await self._until_gone()
        try:
            async with asyncio.timeout_at(self._begun + SECONDS + self._size / SLOWEST):
                message = await self._receive()
        except TimeoutError:
            self.refused = _TOO_SLOW
            return {"type": "http.disconnect"}
        self._size += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._size > self._largest:
            self.refused = _TOO_LARGE
            return {"type": "http.disconnect"}
        return message

    async def _until_gone(self) -> Message:
        """What tells that the client goes, however late, or is taken for gone."""
        self._listens = asyncio.current_task()
        try:
            return await self._receive()
        except asyncio.CancelledError:
            if not self._gone or self._listens is None:
                raise
            self._listens.uncancel()
            return {"type": "http.disconnect"}
        finally:
            self._listens = None

    async def send(self, message: Message) -> None:
        self.answered = True
        if self._gone:
            return
        try:
            async with asyncio.timeout(SECONDS + len(message.get("body", b"")) / SLOWEST):
                await self._send(message)
        except TimeoutError:
            self._gone = True
            if self._listens is not None:
                self._listens.cancel()


def _declared(scope: Scope) -> int:
    value = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(value) if value.isdigit() and len(value) < 20 else 0


async def _refuse(send: Send, why: _Why, largest: int) -> None:
    status, code, message = why
    told = {"errors": [{"message": message.format(largest=largest), "extensions": {"code": code}}]}
    body = json.dumps(told).encode()
    headers = [
        (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), (b"connection", b"close"),
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
