"""What Redis holds of a person goes when the person does, and when their private session ends."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.signals import person_purging, private_session_ended
from discovery.radio.store import radios_delete


def connect() -> None:
    """Listen for erasures and ends of private sessions; called once, when the project is ready."""
    for signal in (person_purging, private_session_ended):
        signal.connect(_forget, dispatch_uid="discovery.radio")


def _forget(*, user: User, **_: Any) -> None:
    """Raises redis.RedisError where Redis is away.

    An erasure takes this step again; of a private session nothing is read any more, and it expires.
    """
    radios_delete(user_id=user.pk)
