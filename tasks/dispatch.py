"""From a service's signal to a message in the queue. Where the queue is out of reach, the clock finds the same work later."""

from __future__ import annotations

import logging
from typing import Any

from kombu.exceptions import OperationalError

from accounts.signals import consent_changed
from discovery.library.signals import library_requested
from discovery.privacy.signals import erasure_requested, export_requested
from discovery.room.services import rooms_refresh
from graph.signals import history_requested
from tasks.celery import app

logger = logging.getLogger(__name__)


def connect() -> None:
    consent_changed.connect(_rooms, dispatch_uid="tasks.rooms")
    export_requested.connect(_export, dispatch_uid="tasks.export")
    erasure_requested.connect(_erasure, dispatch_uid="tasks.erasure")
    history_requested.connect(_history, dispatch_uid="tasks.history")
    library_requested.connect(_library, dispatch_uid="tasks.library")


def _export(*, key: str, **_: Any) -> None:
    _send("tasks.privacy.export_build", key)


def _erasure(*, key: str, **_: Any) -> None:
    _send("tasks.privacy.erasure_advance", key)


def _history(*, key: str, **_: Any) -> None:
    _send("tasks.histories.history_read", key)


def _library(*, key: str, **_: Any) -> None:
    _send("tasks.libraries.library_read", key)


def _rooms(*, user_ids: frozenset[int], **_: Any) -> None:
    """Not through the queue: whoever parted is to hear of it at once."""
    rooms_refresh(user_ids=user_ids)


def _send(task: str, key: str) -> None:
    """By name, so that a web process loads no task; without waiting for a broker."""
    try:
        app.send_task(task, kwargs={"key": key}, retry=False)
    except OperationalError:
        logger.warning("The queue is out of reach; %s(%s) waits for the clock", task, key)
