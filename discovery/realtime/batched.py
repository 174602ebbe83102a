"""The database from the event loop: one thread, and one question where many ask the same at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, connection

P = ParamSpec("P")
R = TypeVar("R")
Key = TypeVar("Key")
Value = TypeVar("Value")

MOST = 200  # keys asked at once


async def in_database(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run ``work`` in the thread that has the database, once more where its connection had died."""

    def attempt() -> R:
        try:
            return work(*args, **kwargs)
        except (OperationalError, InterfaceError):
            connection.close()
            return work(*args, **kwargs)

    return await sync_to_async(attempt)()


class Batched(Generic[Key, Value]):
    """Answers many keys by one call of ``answer``: those that came while the last call ran.

    Nothing is kept: an answer is always read after it was asked for. With one who asks it waits for nobody.
    """

    def __init__(self, answer: Callable[[Sequence[Key]], Mapping[Key, Value]]) -> None:
        self._answer = answer
        self._queues: WeakKeyDictionary[
            asyncio.AbstractEventLoop, list[tuple[Key, asyncio.Future[Value | None]]]
        ] = WeakKeyDictionary()
        self._running: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[None]] = WeakKeyDictionary()

    async def get(self, key: Key) -> Value | None:
        """The answer to ``key``; None where there is none. Raises what ``answer`` raised."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Value | None] = loop.create_future()
        queue = self._queues.setdefault(loop, [])
        queue.append((key, future))
        if (task := self._running.get(loop)) is None or task.done():
            self._running[loop] = asyncio.create_task(self._run(queue), name="batched questions")
        return await future

    async def _run(self, queue: list[tuple[Key, asyncio.Future[Value | None]]]) -> None:
        while queue:
            batch, queue[:] = queue[:MOST], queue[MOST:]
            try:
                answers = await in_database(self._answer, list(dict.fromkeys(key for key, _ in batch)))
            except Exception as error:  # noqa: BLE001  # it is handed on to everybody who asked
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for key, future in batch:
                if not future.done():
                    future.set_result(answers.get(key))
