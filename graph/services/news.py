"""Ringing at somebody's friends. What they may hear of it is decided when it is told."""

from collections.abc import Sequence
from typing import Any

from accounts import policies
from accounts.models import User
from discovery.platform.events import ring, viewer_channel


def friends_tell(user: User, messages: Sequence[dict[str, Any]]) -> None:
    """Ring at every friend of ``user``, once for each message."""
    if not messages:
        return
    channels = [viewer_channel(pk) for pk in policies.friends_of(user).values_list("pk", flat=True)]
    for message in messages if channels else ():
        ring(channels, message)
