"""What Redis holds of a person goes when the person does, with what they delete, and when their private session ends."""

from __future__ import annotations

import logging
from typing import Any

import redis
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from accounts.signals import person_purging, private_session_ended, records_deleted
from discovery.models import RadioChoice
from discovery.radio.store import radios_delete
from graph.models import ItemKind

logger = logging.getLogger(__name__)


def connect() -> None:
    """Listen for erasures, deletions and ends of private sessions; called once, when the project is ready."""
    for signal in (person_purging, private_session_ended):
        signal.connect(_forget, dispatch_uid="discovery.radio")
    records_deleted.connect(_deleted, dispatch_uid="discovery.radio")


def _forget(*, user: User, **_: Any) -> None:
    """Raises redis.RedisError where Redis is away.

    An erasure takes this step again; of a private session nothing is read any more, and it expires.
    """
    radios_delete(user_id=user.pk)


def _deleted(
    *, user: User, tracks: frozenset[int], artists: frozenset[int], everything: bool, **_: Any
) -> None:
    """A radio remembers what was heard, and goes on as if nothing had been; what a client holds of it is not read."""
    chosen = RadioChoice.objects.filter(user=user)
    about = Q(item_kind=ItemKind.TRACK, item_id__in=tracks) | Q(
        item_kind=ItemKind.ARTIST, item_id__in=artists
    )
    (chosen if everything else chosen.filter(about)).delete()
    if everything or tracks or artists:
        transaction.on_commit(lambda: _memory_clear(user.pk))


def _memory_clear(user_id: int) -> None:
    try:
        radios_delete(user_id=user_id)
    except redis.RedisError as error:
        logger.warning("what radios remember of a listener ends by itself, not at once: %s", error)
