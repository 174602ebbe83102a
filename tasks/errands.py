"""The one way into the queues. What a message asks for stands in the database before it leaves, so none may be lost for good.

    the row, in the transaction of whoever asked → commit → errand_send → a worker claims the row → done, in the row

A message that the broker did not take, forgot, or delivered twice changes nothing: the clock looks for rows that
nobody is at (the tasks whose names end in `_resume`, and those of `tasks.training`) and asks again, and who claims one that is done, or
in other hands, leaves at once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from kombu.exceptions import OperationalError

from tasks.celery import app

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 60.0  # how often the clock asks again


def errand_send(task: str, key: str) -> None:
    """By name, so that a web process loads no task; without waiting for a broker."""
    _send(task, key, expires=None)


def errands_again(task: str, keys: Iterable[str]) -> None:
    """Ask again for these. A message that no worker takes until the clock's next round is followed by that one's: they do not pile up."""
    for key in keys:
        if not _send(task, key, expires=AGAIN_SECONDS):
            return


def _send(task: str, key: str, *, expires: float | None) -> bool:
    try:
        app.send_task(task, kwargs={"key": key}, retry=False, expires=expires)
    except OperationalError:
        logger.warning("The queue is out of reach; %s waits for the clock", task)
        return False
    return True
