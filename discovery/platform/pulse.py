"""Signs of life: who works for a queue says so every few seconds, in Redis, and a sign that is not renewed is gone.

Asking a worker would wait for it; here one reads what it said last. Imports nothing of ours.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Mapping
from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

PREFIX = "earshot:alive:"
EVERY_SECONDS = 5.0
KEPT_SECONDS = 20  # a sign that comes late is no death
PATIENCE = 0.5  # seconds for Redis; whoever gives a sign has other things to do
CLOCK = "clock"
HOUSEKEEPING, AT = (
    "earshot:housekeeping",
    "at",
)  # how much of each kind the clock has ended, and when it last did


def pulse_give(names: Iterable[str]) -> None:
    """Say that somebody works for these; where Redis is away, the next sign says it."""
    try:
        with client().pipeline(transaction=False) as pipe:
            for name in names:
                pipe.set(PREFIX + name, 1, ex=KEPT_SECONDS)
            pipe.execute()
    except redis.RedisError as error:
        logger.warning("no sign of life could be given: %s", error)


def pulse_missing(names: Collection[str]) -> list[str]:
    """Those of ``names`` that nobody works for. Raises redis.RedisError where that cannot be told."""
    found = client().mget([PREFIX + name for name in names])
    return [name for name, sign in zip(names, found, strict=True) if sign is None]


def housekeeping_note(ended: Mapping[str, int]) -> None:
    """Add up what was ended; figures for the operator, which may be lost with Redis."""
    try:
        with client().pipeline(transaction=False) as pipe:
            for kind, count in ended.items():
                pipe.hincrby(HOUSEKEEPING, kind, count)
            pipe.hset(HOUSEKEEPING, AT, int(time.time()))
            pipe.execute()
    except redis.RedisError as error:
        logger.warning("what was ended is not counted: %s", error)


def housekeeping_read() -> tuple[dict[str, int], int | None]:
    """How much of each kind was ended, and when that was last done. Raises redis.RedisError."""
    found: Mapping[bytes, bytes] = client().hgetall(HOUSEKEEPING)  # type: ignore[assignment]  # not the asynchronous one
    told = {kind.decode(): int(count) for kind, count in found.items()}
    at = told.pop(AT, None)
    return told, at


def client() -> redis.Redis:
    """Redis, for whoever would rather hear quickly that it is away."""
    return _client(settings.REDIS_URL)


@cache
def _client(url: str) -> redis.Redis:
    once = Retry(NoBackoff(), 0)  # by default a lost server is tried again for many seconds
    return redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=once)
