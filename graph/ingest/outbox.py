"""News for friends leaves through an outbox, so that neither a killed process nor a Redis that is away loses any.

    news_put, in the transaction of the play or the like → commit → news_deliver → told, deleted

What is still there the clock tells (`news_deliver_all`): of each person in order, at least once, by one process at a
time. Whether friends may hear of it is asked when it is told. After an hour it is no news.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import Min, Q

from accounts import policies
from accounts.models import User
from discovery.platform import clock
from graph.ingest.follow import friends_tell
from graph.models import Feedback, FeedbackKind, FriendNews, Listen

NEWS_KEPT = timedelta(hours=1)
MOST_NEWS = 20  # plays of one call that friends are told of: a backlog floods nobody


def news_put(*, user: User, listens: Collection[int] = (), likes: Collection[int] = ()) -> None:
    """Let friends hear of these after the commit; keys of what was stored in this transaction.

    Who has no friends has nobody to tell.
    """
    if (listens or likes) and policies.friend_keys(user):
        FriendNews.objects.create(user=user, listens=list(listens), likes=list(likes))
        # Where this fails the clock tells it: what was stored stays stored, and is answered so.
        transaction.on_commit(lambda: news_deliver(user_id=user.pk), robust=True)


def news_deliver(*, user_id: int) -> bool:
    """Tell what waits of this person, the first first; return whether the next person's may be tried.

    Whoever finds the first one in other hands leaves the others to them.
    """
    while (left := _first_deliver(user_id)) is None:
        pass
    return left


def news_deliver_all() -> None:
    """Tell what a killed process, or a Redis that was away, left behind."""
    waiting = FriendNews.objects.order_by().values("user").annotate(first=Min("pk")).order_by("first")
    all(news_deliver(user_id=user) for user in list(waiting.values_list("user", flat=True)))


def news_forget() -> int:
    """Delete what is no news any more; return how many rows."""
    return FriendNews.objects.filter(made_at__lt=clock.now() - NEWS_KEPT).delete()[0]


@transaction.atomic
def _first_deliver(user_id: int) -> bool | None:
    """Tell the first that waits. None: there is another; True: there is none, or somebody else has it; False: nobody can be told."""
    waiting = FriendNews.objects.filter(user=user_id).order_by("pk").values_list("pk", flat=True)
    keys = list(waiting[:2])
    # The first by its key: a lock that skips rows would take the second instead.
    first = FriendNews.objects.filter(pk__in=keys[:1]).select_for_update(skip_locked=True).first()
    if first is None:
        return True
    if first.made_at >= clock.now() - NEWS_KEPT and not _told(first):
        return False
    first.delete()
    return None if len(keys) > 1 else True  # of what comes meanwhile its own process tells, or the clock


def _told(news: FriendNews) -> bool:
    user = User.objects.get(pk=news.user_id)
    return friends_tell(user, [*_plays(news), *_likes(news)])


def _plays(news: FriendNews) -> list[dict[str, int]]:
    """The plays that these reports are of, whichever report stands for each by now: those that were news then and still
    are, and that no other report told of before. What other reports of them wait for finds them told.
    """
    if not news.listens:
        return []
    later = FriendNews.objects.filter(user=news.user_id, pk__gt=news.pk).values_list("listens", flat=True)
    waiting = {key for keys in later for key in keys}
    own = set(news.listens)
    reports = Listen.reports.filter(pk__in=own, user=news.user_id).values_list("pk", "echo_of")
    plays = {key if echo_of is None else echo_of for key, echo_of in reports}
    told = Listen.reports.filter(Q(pk__in=plays) | Q(echo_of__in=plays)).exclude(pk__in=own | waiting)
    told_before = {key if echo_of is None else echo_of for key, echo_of in told.values_list("pk", "echo_of")}
    rows = Listen.objects.filter(pk__in=plays - told_before, listened_at__gte=news.made_at - NEWS_KEPT)
    return [{"listen": key} for key in rows.order_by("-listened_at").values_list("pk", flat=True)[:MOST_NEWS]]


def _likes(news: FriendNews) -> list[dict[str, int]]:
    if not news.likes:
        return []
    rows = Feedback.objects.filter(pk__in=news.likes, user=news.user_id, kind=FeedbackKind.LIKE)
    return [{"like": key} for key in rows.values_list("pk", flat=True)]
