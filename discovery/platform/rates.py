"""How often somebody may ask: so many requests at once and so many a minute after that, counted by all processes together.

It is counted in Redis. Where Redis does not answer, each process counts alone for a while, and says so once: nobody is
kept out because a server is away.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from functools import cache
from math import ceil
from threading import Lock
from typing import Any

import redis
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from pyrate_limiter import GCRA, InMemoryStateStore, Rate, RedisStateStore, StateStore
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

SECONDS = 0.2  # nobody waits longer for Redis to count
CLOCK_SECONDS = 60.0  # for which Redis's clock is known
AWAY_SECONDS = 5.0  # for which Redis is not asked after it did not answer
MOST_KEYS = 10_000  # that a process counts alone
_LENGTHS = {"s": 1_000, "m": 60_000, "h": 3_600_000}  # milliseconds
_GCRA = GCRA()


@cache
def rate_of(words: str) -> Rate | None:
    """``600/m``: as many at once, and as many in each minute; None where nothing is said, which bounds nothing."""
    if not words:
        return None
    number, _, unit = words.partition("/")
    if not (number.isdecimal() and int(number) and unit in _LENGTHS):
        raise ImproperlyConfigured(f"“{words}” is no rate such as 600/m (s, m or h).")
    return Rate(int(number), _LENGTHS[unit])


class Own:
    """What this process counts alone: the keys that were counted last."""

    def __init__(self, most: int = MOST_KEYS) -> None:
        self._most = most
        self._stores: OrderedDict[str, InMemoryStateStore] = OrderedDict()
        self._lock = Lock()

    def store(self, key: str) -> InMemoryStateStore:
        with self._lock:
            store = self._stores.setdefault(key, InMemoryStateStore())
            self._stores.move_to_end(key)
            if len(self._stores) > self._most:
                self._stores.popitem(last=False)
            return store


class Rates:
    """Counts in the Redis at ``url``, or alone."""

    def __init__(self, url: str) -> None:
        once = Retry(NoBackoff(), 0)  # by default a lost server is tried again for many seconds
        self._redis = redis.Redis.from_url(
            url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS, retry=once
        )
        self._ahead, self._look_again = 0, 0.0  # of our running clock, milliseconds
        self._own = Own()
        self._away_until = 0.0

    def wait(self, rate: Rate, key: str) -> int:
        """Count one request for ``key``: 0 where it may be answered, else the seconds until one may."""
        if time.monotonic() >= self._away_until:
            try:
                return self._wait_together(rate, f"earshot:rate:{key}")
            except redis.RedisError as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                logger.warning("Redis is away, and this process counts requests alone: %s", error)
        return _wait(rate, self._own.store(key), _running())

    def _wait_together(self, rate: Rate, key: str) -> int:
        now = self._redis_now()
        seconds = _wait(rate, RedisStateStore(self._redis, key), now)
        if (
            seconds * 1_000 > rate.interval + 1_000
        ):  # no honest count asks for that: Redis's clock was set back
            self._redis.delete(key)
            seconds = _wait(rate, RedisStateStore(self._redis, key), now)
        return seconds

    def _redis_now(self) -> int:
        """Milliseconds by Redis's clock, so that two machines agree; it is asked once a minute, and ours runs in between."""
        if time.monotonic() >= self._look_again:
            seconds, micros = self._redis.time()
            self._ahead = seconds * 1_000 + micros // 1_000 - _running()
            self._look_again = time.monotonic() + CLOCK_SECONDS
        return _running() + self._ahead


def rate_wait(rate: Rate, key: str) -> int:
    """Count one request for ``key``: 0 where it may be answered, else the seconds until one may."""
    return _rates(settings.REDIS_URL).wait(rate, key)


def _wait(rate: Rate, store: StateStore, now: int) -> int:
    decision: Any = store.check(_GCRA, [rate], now, 1)  # of a store that is not waited for
    return 0 if decision.allowed else max(1, ceil((decision.retry_after_ms or 0) / 1_000))


def _running() -> int:
    """Milliseconds of a clock that nobody sets."""
    return time.monotonic_ns() // 1_000_000


@cache
def _rates(url: str) -> Rates:
    return Rates(url)
