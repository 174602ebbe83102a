"""How many sockets one viewer has open, over all processes: counted in Redis, where each place has an end.

A process renews its places while it lives; those of one that died run out by themselves. Where Redis is
away or forgot, each process still keeps to the limit by its own count, and says what it holds again as
soon as it can.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections import Counter
from weakref import WeakKeyDictionary

import redis.asyncio
from django.conf import settings

logger = logging.getLogger(__name__)

MOST_SOCKETS = 10  # of one viewer
LIFETIME = 45.0  # seconds a place is held without a sign of life
ANSWER_SECONDS = 0.5  # nobody waits longer for Redis to come in

# The server's clock, so that two machines agree; a place taken is one more, a place renewed is not.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) and not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""


class Slots:
    """The places that this process holds, by place: whose."""

    def __init__(self, url: str, *, lifetime: float = LIFETIME, most: int = MOST_SOCKETS) -> None:
        self._redis = redis.asyncio.Redis.from_url(
            url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS
        )
        self._lifetime, self._most = lifetime, most
        self._held: dict[str, int] = {}
        self._renewing: asyncio.Task[None] | None = None

    async def take(self, viewer_id: int) -> str | None:
        """A place for one more socket of this viewer, to be given back; None where there is none."""
        if Counter(self._held.values())[viewer_id] >= self._most:
            return None
        place = secrets.token_hex(8)
        self._held[place] = viewer_id
        if not await self._put(place, viewer_id, most=self._most):
            del self._held[place]
            return None
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew(), name="socket places")
        return place

    async def give_back(self, place: str) -> None:
        viewer_id = self._held.pop(place, None)
        if viewer_id is not None:
            with contextlib.suppress(redis.RedisError, OSError):  # it runs out by itself
                await self._redis.zrem(_key(viewer_id), place)

    async def close(self) -> None:
        """Stop renewing: what is held runs out."""
        # Nothing held ends the renewal even where Redis's client, just timing out, swallows the cancelation.
        self._held.clear()
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.wait([self._renewing])
        await self._redis.aclose()

    async def _put(self, place: str, viewer_id: int, *, most: int) -> bool:
        """Whether the place stands; it does as well where Redis cannot say."""
        milliseconds = int(1000 * self._lifetime)
        try:
            taken = await self._redis.eval(_TAKE, 1, _key(viewer_id), place, str(milliseconds), str(most))
        except (redis.RedisError, OSError):
            logger.warning("sockets are counted by this process alone: no Redis")
            return True
        return bool(taken)

    async def _renew(self) -> None:
        """Say again what is held, whatever Redis has forgotten of it; until nothing is."""
        while self._held:
            await asyncio.sleep(self._lifetime / 3)
            for place, viewer_id in list(self._held.items()):
                if place in self._held:
                    await self._put(place, viewer_id, most=2**31)


def _key(viewer_id: int) -> str:
    return f"earshot:sockets:{viewer_id}"


_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, Slots] = WeakKeyDictionary()


def slots() -> Slots:
    """The places of the running event loop's process."""
    loop = asyncio.get_running_loop()
    if loop not in _slots:
        _slots[loop] = Slots(settings.REDIS_URL)
    return _slots[loop]
