"""The cache that all processes share. Imports nothing of ours: the settings name it.

It is in Redis. Where Redis does not answer or is full, each process goes on with a memory of its own: tries to sign in are then
counted by each process alone, and nobody is kept out because a server is away.
"""

import logging
from collections.abc import Callable
from typing import Any

import redis
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

logger = logging.getLogger(__name__)


class SharedCache(RedisCache):
    """Django's, but for an outage."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._own = LocMemCache("earshot", {key: value for key, value in params.items() if key != "OPTIONS"})

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._asked(super().add, self._own.add, key, value, timeout, version))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._asked(super().get, self._own.get, key, default, version)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._asked(super().set, self._own.set, key, value, timeout, version)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._asked(super().delete, self._own.delete, key, version))

    def _asked(self, shared: Callable[..., Any], own: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return shared(*arguments)
        except (redis.ConnectionError, redis.TimeoutError, redis.OutOfMemoryError) as error:
            logger.warning("Redis is away or full, and this process counts alone: %s", error)
            return own(*arguments)
