"""From a service's signal to a message in a queue (`tasks.errands`)."""

from __future__ import annotations

from typing import Any

from accounts.signals import consent_changed
from discovery.library.signals import library_requested
from discovery.privacy.signals import erasure_requested, export_requested
from discovery.room.services import rooms_refresh
from graph.signals import history_requested
from tasks.errands import errand_send


def connect() -> None:
    consent_changed.connect(_rooms, dispatch_uid="tasks.rooms")
    export_requested.connect(_export, dispatch_uid="tasks.export")
    erasure_requested.connect(_erasure, dispatch_uid="tasks.erasure")
    history_requested.connect(_history, dispatch_uid="tasks.history")
    library_requested.connect(_library, dispatch_uid="tasks.library")


def _export(*, key: str, **_: Any) -> None:
    errand_send("tasks.privacy.export_build", key)


def _erasure(*, key: str, **_: Any) -> None:
    errand_send("tasks.privacy.erasure_advance", key)


def _history(*, key: str, **_: Any) -> None:
    errand_send("tasks.histories.history_read", key)


def _library(*, key: str, **_: Any) -> None:
    errand_send("tasks.libraries.library_read", key)


def _rooms(*, user_ids: frozenset[int], **_: Any) -> None:
    """Not through the queue: whoever parted is to hear of it at once."""
    rooms_refresh(user_ids=user_ids)
