"""Messages that are good for a while only, by the broker's clock: sender and worker may be machines that disagree.

Celery writes the end by the sender's clock and reads it by the worker's. A worker whose clock is an hour ahead would drop every
message of the clock's as too late, and say nothing that anybody heeds.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import redis
from celery import Task
from celery.exceptions import Ignore
from celery.signals import before_task_publish

from discovery.platform.pulse import client

logger = logging.getLogger(__name__)

GOOD_UNTIL = "good_until"  # seconds, by Redis's clock


class FreshTask(Task):  # type: ignore[misc]  # celery has no types
    """One that leaves a message alone that came too late."""

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        until = (self.request.headers or {}).get(GOOD_UNTIL)
        if until is not None and _is_over(until):
            logger.info("%s came too late; a later one does it", self.name)
            raise Ignore


@before_task_publish.connect
def _told_by_the_broker(headers: dict[str, Any], **_: Any) -> None:
    """In place of the end that the sender's clock tells; where Redis is away, the message does not leave anyhow."""
    if headers.get("expires") is None:
        return
    left = datetime.fromisoformat(headers["expires"]) - datetime.now(UTC)
    try:
        headers[GOOD_UNTIL] = _redis_now() + left.total_seconds()
    except redis.RedisError:
        return
    headers["expires"] = None


def _is_over(until: float) -> bool:
    try:
        return _redis_now() > until
    except redis.RedisError:  # then it is done, which does no harm
        return False


def _redis_now() -> float:
    seconds, micros = client().time()
    return seconds + micros / 1_000_000
