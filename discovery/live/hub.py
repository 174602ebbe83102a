"""One connection to Redis for all the subscriptions of a process, which comes back by itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import redis.asyncio
from django.conf import settings

from discovery.bell import PREFIX

logger = logging.getLogger(__name__)

WAITING = 32  # messages kept for a subscriber who is slower than what happens
ALWAYS = PREFIX + "hub"  # a subscription that is always there: a connection without one cannot listen
FIRST_WAIT, LONGEST_WAIT = 0.05, 2.0  # seconds between two attempts to reach Redis


class Inbox:
    """What waits for one subscriber: the latest ``WAITING`` messages, and how many older ones were dropped."""

    def __init__(self) -> None:
        self._messages: deque[dict[str, Any]] = deque()
        self._some = asyncio.Event()
        self.missed = 0

    def put(self, message: dict[str, Any]) -> None:
        if len(self._messages) == WAITING:
            self._messages.popleft()
            self.missed += 1
        self._messages.append(message)
        self._some.set()

    async def get(self) -> dict[str, Any]:
        await self._some.wait()
        message = self._messages.popleft()
        if not self._messages:
            self._some.clear()
        return message

    def missed_take(self) -> int:
        """How many were dropped since this was last asked."""
        missed, self.missed = self.missed, 0
        return missed


class Hub:
    """Passes each message of a channel to every inbox that is open for it, once."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._inboxes: dict[str, set[Inbox]] = {}
        self._pubsub: redis.asyncio.client.PubSub | None = None
        self._task: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def opened(self, channels: Sequence[str]) -> AsyncIterator[Inbox]:
        """An inbox for ``channels``, for as long as the block lasts."""
        inbox = Inbox()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen(), name="live hub")
        names = [PREFIX + channel for channel in channels]
        fresh = [name for name in names if name not in self._inboxes]
        for name in names:
            self._inboxes.setdefault(name, set()).add(inbox)
        await self._tell("subscribe", fresh)
        try:
            yield inbox
        finally:
            gone = []
            for name in names:
                self._inboxes[name].discard(inbox)
                if not self._inboxes[name]:
                    del self._inboxes[name]
                    gone.append(name)
            await self._tell("unsubscribe", gone)

    async def _tell(self, what: str, names: Sequence[str]) -> None:
        """Change what the connection listens to; where there is none, the next one begins with it."""
        if self._pubsub is None or not names:
            return
        with contextlib.suppress(redis.RedisError, OSError):
            await getattr(self._pubsub, what)(*names)

    async def _listen(self) -> None:
        wait = FIRST_WAIT
        while True:
            try:
                async with redis.asyncio.Redis.from_url(self._url) as client, client.pubsub() as pubsub:
                    await pubsub.subscribe(ALWAYS, *self._inboxes)
                    self._pubsub, wait = pubsub, FIRST_WAIT
                    async for message in pubsub.listen():
                        self._pass_on(message)
            except (redis.RedisError, OSError):
                logger.warning("the live hub lost Redis; trying again in %.2f s", wait)
            finally:
                self._pubsub = None
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def _pass_on(self, message: dict[str, Any]) -> None:
        if message["type"] != "message":
            return
        for inbox in self._inboxes.get(message["channel"].decode(), ()):
            inbox.put(json.loads(message["data"]))


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(settings.REDIS_URL)
    return _hubs[loop]
