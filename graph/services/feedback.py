"""What a listener says of an item."""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policies
from accounts.intake import deliberate, observe
from accounts.models import User
from discovery.platform.errors import Conflict
from graph.ingest.follow import deletion_follow
from graph.ingest.outbox import news_put
from graph.models import Artist, Feedback, FeedbackKind, Track

VERDICTS = frozenset({FeedbackKind.LIKE, FeedbackKind.DISLIKE, FeedbackKind.HIDE})


class Given(NamedTuple):
    """What is said now, and which verdict of before it took the place of."""

    feedback: Feedback
    replaced: FeedbackKind | None = None


@transaction.atomic
def feedback_give(*, user: User, item: Track | Artist, kind: FeedbackKind) -> Given:
    """Note it, with the time. LIKE, DISLIKE and HIDE replace one another; a SKIP stands beside them.

    A SKIP is observed, the others are votes. Raises Conflict in a private session, and ConsentMissing for a SKIP
    where RECORD is not granted.
    """
    about = {"artist": item} if isinstance(item, Artist) else {"track": item}
    if kind not in VERDICTS:
        now = timezone.now()
        return Given(observe(user).put(Feedback, at=now, kind=kind, **about, defaults={"given_at": now}))
    act = deliberate(user)  # its lock lets one of two answers at once stand
    act.ensure_vote()
    others = Feedback.objects.filter(user=user, kind__in=VERDICTS - {kind}, **about)
    before = others.values_list("kind", flat=True).first()
    others.delete()
    with act.write():
        given, created = Feedback.objects.update_or_create(
            user=user, kind=kind, **about, defaults={"given_at": timezone.now()}
        )
    if created and kind is FeedbackKind.LIKE:  # said again, it is no news
        news_put(user=user, likes=[given.pk])
    return Given(given, None if before is None else FeedbackKind(before))


@transaction.atomic
def feedback_bring(
    *, user: User, item: Track, kind: FeedbackKind, said_at: datetime | None
) -> Feedback | None:
    """Note what ``user`` said elsewhere, at that time; None where they said something of it here already.

    It is no news to friends. Raises Conflict in a private session, and for what was said in one, as for a play.
    """
    act = deliberate(user)
    act.ensure_vote()
    if said_at is not None and policies.played_in_private(act.user, said_at):
        raise Conflict(_("This was said in a private session."), code="PRIVATE_SESSION")
    if Feedback.objects.filter(user=user, track=item, kind__in=VERDICTS).exists():
        return None
    now = timezone.now()
    with act.write():
        return Feedback.objects.create(
            user=user, track=item, kind=kind, given_at=now if said_at is None else min(said_at, now)
        )


@transaction.atomic
def feedback_clear(
    *, user: User, item: Track | Artist, kind: FeedbackKind | None = None
) -> list[FeedbackKind]:
    """Take back what ``user`` said of an item: one word, or all of them. Return which there were."""
    deliberate(user)
    about = {"artist": item} if isinstance(item, Artist) else {"track": item}
    said = Feedback.objects.filter(user=user, **about)
    said = said if kind is None else said.filter(kind=kind)
    cleared = [FeedbackKind(word) for word in said.order_by("kind").values_list("kind", flat=True)]
    said.delete()
    tracks, artists = ([], [item.pk]) if isinstance(item, Artist) else ([item.pk], [item.artist_id])
    deletion_follow(user=user, rows=len(cleared), tracks=tracks, artists=artists)
    return cleared
