"""Telling somebody's friends that there is news. What they may hear of it is decided when they look."""

from collections.abc import Sequence
from typing import Any

from accounts import policies
from accounts.models import User
from discovery.platform.events import publish, viewer_channel


def friends_tell(user: User, messages: Sequence[dict[str, Any]]) -> None:
    """Publish each message to every friend of ``user``."""
    if not messages:
        return
    channels = [viewer_channel(pk) for pk in sorted(policies.friend_keys(user))]
    for message in messages if channels else ():
        publish(channels, message)
