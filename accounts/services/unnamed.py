"""The company of friends who share without a name: that nobody sees in a difference what a single one of them plays.

A viewer who changes who is among them (by ending a friendship, blocking, leaving one out or taking one back in) hears
none of them until a new period; who joins a company that is heard already is heard from a new period on. What a
friend does themselves, such as withdrawing, counts at once.
"""

from datetime import datetime

from accounts import hearing
from accounts.models import User


def unnamed_silence(*, viewer: User, friend: User) -> None:
    """Silence them where ``friend`` is one of them; to be called before ``viewer``'s change is made."""
    if friend.pk in _unnamed(viewer):
        viewer.unnamed_silent_until = hearing.period_after_next()
        User.objects.filter(pk=viewer.pk).update(unnamed_silent_until=viewer.unnamed_silent_until)


def unnamed_heard_from(viewer: User) -> datetime | None:
    """From when on ``viewer`` hears of a friend made now, should they share without a name; none: at once."""
    standing = len(_unnamed(viewer)) >= hearing.SMALLEST_FRIEND_COUNT
    return hearing.period_after_next() if standing else None


def _unnamed(viewer: User) -> set[int]:
    return {friend.source.user_id for friend in hearing.sharing_with(viewer) if not friend.source.named}
