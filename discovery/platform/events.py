"""Telling other processes that something happened, through Redis. Imports nothing of ours.

A message says only which row or radio it is about. Whoever hears it reads again what they may see, so a
lost message makes nothing wrong and a forged one shows nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

PREFIX = "earshot:live:"
SECONDS = 0.5  # nobody waits longer for a message to leave
TRAINING = "training"


def viewer_channel(user_id: int) -> str:
    return f"viewer:{user_id}"


def radio_channel(radio_id: str) -> str:
    return f"radio:{radio_id}"


def room_channel(room_id: str) -> str:
    return f"room:{room_id}"


def door_channel(user_id: int) -> str:
    """Where a person hears that a room they are in or invited to looks another way from its door."""
    return f"door:{user_id}"


def credentials_channel(user_id: int) -> str:
    """Where a person's open sockets hear that one of their devices was ended."""
    return f"credentials:{user_id}"


def publish(channels: Iterable[str], *messages: dict[str, Any]) -> bool:
    """Tell ``channels``; return whether they were. Where Redis is away nobody hears it, and the caller goes on."""
    words = [json.dumps(message) for message in messages]
    try:
        with _client(settings.REDIS_URL).pipeline(transaction=False) as pipe:
            for channel in channels:
                for word in words:
                    pipe.publish(PREFIX + channel, word)
            pipe.execute()
    except redis.RedisError as error:
        _silence(error)
        return False
    _away.clear()
    return True


_away: set[str] = set()  # the outage that was told of


def _silence(error: redis.RedisError) -> None:
    """Said once an outage: whoever trains without Redis is told every ten seconds otherwise."""
    if not _away:
        logger.warning(
            "Redis is away, so that no page is told of news by itself; nothing else is lost: %s", error
        )
    _away.add(str(error))


@cache
def _client(url: str) -> redis.Redis:
    once = Retry(NoBackoff(), 0)  # by default a lost server is tried again for many seconds
    return redis.Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS, retry=once)
