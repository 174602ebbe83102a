"""Private sessions: a while in which nothing that is played, or said of music, is kept.

Plays and feedback reported meanwhile are refused before anything is stored, so that there is nothing to forget
when the session ends. It ends by itself, because a forgotten one would look like lost plays.
"""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from accounts.policies import in_private_session
from accounts.services.ledger import epoch_raise
from accounts.signals import private_session_ended
from discovery.platform import clock

LONGEST = timedelta(hours=6)
REMEMBERED = timedelta(days=90)  # for so long a play of an earlier one is known as such


@transaction.atomic
def private_session_start(*, user: User) -> User:
    """Begin one, or give the running one its full length again; return the stored user."""
    stored, now = User.objects.select_for_update().get(pk=user.pk), clock.now()
    if in_private_session(stored):
        return _store(user, stored, stored.private_from, now + LONGEST)
    if stored.private_from is not None and stored.private_until is not None:
        ended = [stored.private_from.isoformat(), stored.private_until.isoformat()]
        stored.private_before = user.private_before = [*_remembered(stored, now), ended]
    return _store(user, stored, now, now + LONGEST)


@transaction.atomic
def private_session_end(*, user: User) -> User:
    """End it; ending none changes nothing. Return the stored user."""
    stored = User.objects.select_for_update().get(pk=user.pk)
    if not in_private_session(stored):
        return stored
    transaction.on_commit(lambda: private_session_ended.send_robust(sender=User, user=stored))
    return _store(user, stored, stored.private_from, clock.now())


@transaction.atomic
def private_sessions_forget() -> int:
    """Forget sessions that ended longer ago than ``REMEMBERED``; return of how many people."""
    now = clock.now()
    over = User.objects.filter(private_until__lte=now - REMEMBERED)
    people = over.update(private_from=None, private_until=None, private_before=[])
    earlier = User.objects.select_for_update().filter(private_until__isnull=False).exclude(private_before=[])
    for stored in earlier.order_by("pk"):
        kept = _remembered(stored, now)
        if len(kept) < len(stored.private_before):
            stored.private_before = kept
            stored.save(update_fields=["private_before"])
            people += 1
    return people


def _remembered(stored: User, now: datetime) -> list[list[str]]:
    return [ends for ends in stored.private_before if datetime.fromisoformat(ends[1]) > now - REMEMBERED]


def _store(user: User, stored: User, begun: datetime | None, end: datetime) -> User:
    stored.private_from = user.private_from = begun
    stored.private_until = user.private_until = end
    stored.save(update_fields=["private_from", "private_until", "private_before"])
    epoch_raise([stored.pk])
    return stored
