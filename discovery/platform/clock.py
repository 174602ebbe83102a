"""What time it is for all processes of an installation: the database's time, whatever a machine's own clock says.

A machine whose clock is wrong would end private sessions early, let dated consents live on, or take a training from whoever is
at it. So each process learns from the connections it opens, once a minute at most, how far its clock is from the
database's. Up to ``NEAR`` seconds that is nobody's fault, and the machine's own clock is taken. Imports nothing of ours.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.utils import timezone

logger = logging.getLogger(__name__)

NEAR = timedelta(seconds=2)
EVERY_SECONDS = 60.0
_COUNTS = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # the former counts the time asleep, too


class _Heard(NamedTuple):
    """What the database said, and how many seconds this machine had been up then."""

    said: datetime
    at: float


_heard: _Heard | None = None


def connect() -> None:
    """Have connections tell the time as they are opened; called once, when the app is ready."""
    connection_created.connect(_opened, dispatch_uid="the database's clock")


def now() -> datetime:
    """The moment, for what begins and ends by the clock and is looked at by several processes."""
    skew = clock_skew()
    return timezone.now() if skew is None else timezone.now() - skew


def clock_skew() -> timedelta | None:
    """How far this machine's clock is ahead of the database's; None where it is near, or not known yet."""
    if _heard is None:
        return None
    skew = timezone.now() - _heard.said - timedelta(seconds=_up() - _heard.at)
    return skew if abs(skew) > NEAR else None


def _up() -> float:
    return time.clock_gettime(_COUNTS)


def _opened(connection: BaseDatabaseWrapper, **_: Any) -> None:
    global _heard  # noqa: PLW0603  # one clock a process
    if connection.vendor != "postgresql" or (_heard is not None and _up() - _heard.at < EVERY_SECONDS):
        return
    try:
        row = connection.connection.execute("SELECT clock_timestamp()").fetchone()
    except psycopg.Error:  # whoever opened the connection hears of it next
        return
    _heard = _Heard(row[0].astimezone(UTC), _up())
    if (skew := clock_skew()) is not None:
        logger.error("this machine's clock is off by %.0f s; the database's counts", skew.total_seconds())
