"""What Redis holds of a person goes when the person does."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from discovery.privacy.signals import person_purging
from discovery.radio.store import radios_delete


def connect() -> None:
    """Listen for erasures; called once, when the project is ready."""
    person_purging.connect(_forget, dispatch_uid="discovery.radio")


def _forget(*, user: User, **_: Any) -> None:
    """Raises redis.RedisError where Redis is away: the erasure takes this step again."""
    radios_delete(user_id=user.pk)
