"""Which people, requests and lines of the ledger a viewer may see: what `presentation` asks."""

from datetime import datetime

from django.db.models import Q

from accounts import pairs, policies, presentation
from accounts.conditions import Viewer, active_user
from accounts.models import ConsentEvent, Friendship, User
from accounts.presentation import Kind
from accounts.selectors import friend_request_list


def register() -> None:
    """Called once, when the app is ready."""
    presentation.register(
        Kind(
            "Listener", User, _listener_visible,
            called=_called, pairs_visible=pairs.visible_pairs, hot=True,
        )
    )  # fmt: skip
    presentation.register(Kind("FriendRequest", Friendship, _request_visible))
    presentation.register(Kind("ConsentEvent", ConsentEvent, _line_visible))
    both = "a request is visible to its two ends, where each may see the other"
    presentation.carry("FriendRequest", "sender", both)
    presentation.carry("FriendRequest", "receiver", both)


def _listener_visible(viewer: Viewer, now: datetime | None = None) -> Q:
    return policies.listener_visible(viewer, now)


def _called(user: User) -> str:
    return user.display_name or user.username


def _request_visible(viewer: Viewer, now: datetime | None = None) -> Q:
    somebody = active_user(viewer)
    return (
        policies.NOBODY
        if somebody is None
        else Q(pk__in=friend_request_list(viewer=somebody).order_by().values("pk"))
    )


def _line_visible(viewer: Viewer, now: datetime | None = None) -> Q:
    somebody = active_user(viewer)
    return policies.NOBODY if somebody is None else Q(subject=somebody.pseudonym)
