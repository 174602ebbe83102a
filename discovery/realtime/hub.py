"""One connection to Redis for all the subscriptions of a process, which comes back by itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from discovery.platform.events import PREFIX

logger = logging.getLogger(__name__)

WAITING = 100  # messages kept for a subscriber who is slower than what happens
NEWEST = 1  # the same, where each message says no more than "look again"
ALWAYS = PREFIX + "hub"  # a subscription that is always there: a connection without one cannot listen
FIRST_WAIT, LONGEST_WAIT = 0.05, 1.0  # seconds between two attempts to reach Redis
OPENING = 1.0  # seconds a subscriber waits at most until Redis has it
LOOK_AGAIN: Mapping[str, Any] = {}  # what a subscriber hears after a time without Redis


class Inbox:
    """What waits for one subscriber: the latest ``size`` messages, and how many older ones were dropped."""

    def __init__(self, size: int = WAITING) -> None:
        self._messages: deque[Mapping[str, Any]] = deque()
        self._size = size
        self._some = asyncio.Event()
        self.missed = 0
        self.stale = False  # whether there was a time in which Redis did not know of it

    def put(self, message: Mapping[str, Any]) -> None:
        if len(self._messages) == self._size:
            self._messages.popleft()
            self.missed += 1
        self._messages.append(message)
        self._some.set()

    async def get(self) -> Mapping[str, Any]:
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
        self._heard: dict[str, asyncio.Event] = {}  # by channel: whether Redis has said that it knows
        self._pubsub: redis.asyncio.client.PubSub | None = None
        self._task: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def opened(self, channels: Sequence[str], *, size: int = WAITING) -> AsyncIterator[Inbox]:
        """An inbox for ``channels``, for as long as the block lasts. What happens from its beginning on is heard.

        Where Redis is away it begins nevertheless, and hears ``LOOK_AGAIN`` once Redis is back.
        """
        inbox = Inbox(size)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen(), name="live hub")
        names = [PREFIX + channel for channel in channels]
        fresh = [name for name in names if name not in self._inboxes]
        for name in names:
            self._inboxes.setdefault(name, set()).add(inbox)
            self._heard.setdefault(name, asyncio.Event())
        try:
            await self._tell("subscribe", fresh)
            try:
                async with asyncio.timeout(OPENING):
                    for name in names:
                        await self._heard[name].wait()
            except TimeoutError:
                inbox.stale = True
            yield inbox
        finally:
            await self._forget(inbox, names)

    async def _forget(self, inbox: Inbox, names: Sequence[str]) -> None:
        gone = []
        for name in names:
            self._inboxes[name].discard(inbox)
            if not self._inboxes[name]:
                del self._inboxes[name], self._heard[name]
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
                # A connection that came back by itself would not tell that it was away.
                retry = Retry(NoBackoff(), 0)
                async with (
                    redis.asyncio.Redis.from_url(self._url, retry=retry) as client,
                    client.pubsub() as pubsub,
                ):
                    await pubsub.subscribe(ALWAYS)
                    # From here on newcomers subscribe by themselves; whoever came before is in the list below.
                    self._pubsub, wait = pubsub, FIRST_WAIT
                    await self._tell("subscribe", list(self._inboxes))
                    async for message in pubsub.listen():
                        self._take(message)
            except (redis.RedisError, OSError):
                logger.warning("the live hub lost Redis; trying again in %.2f s", wait)
            finally:
                self._lost()
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def _take(self, message: dict[str, Any]) -> None:
        name = message["channel"].decode()
        if message["type"] == "message":
            said = json.loads(message["data"])
            for inbox in self._inboxes.get(name, ()):
                inbox.put(said)
        elif message["type"] == "subscribe" and name in self._heard:
            self._heard[name].set()
            for inbox in self._inboxes[name]:
                if inbox.stale:
                    inbox.stale = False
                    inbox.put(LOOK_AGAIN)

    def _lost(self) -> None:
        self._pubsub = None
        for name, inboxes in self._inboxes.items():
            self._heard[name].clear()
            for inbox in inboxes:
                inbox.stale = True


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(settings.REDIS_URL)
    return _hubs[loop]
