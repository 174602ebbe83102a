"""Whom people know: requests, friendships, blocks. A pair is one row, locked through its two people."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.intake import deliberate
from accounts.models import Block, Consent, ConsentActor, ConsentState, Friendship, User, pair
from accounts.policies import listeners_visible_to
from accounts.services.consent import withdrawals
from accounts.services.identity import friendship_forget
from accounts.services.ledger import epoch_raise, ledger_record
from accounts.services.unnamed import unnamed_heard_from, unnamed_silence
from discovery.platform.errors import Conflict, InvalidInput, NotFound

REQUESTS_KEPT = timedelta(days=180)


@transaction.atomic
def friendship_request(*, user: User, other: User) -> Friendship:
    """Ask ``other`` for friendship. Asking somebody who asked already is a yes; asking twice is asking once.

    Raises:
        InvalidInput: ``other`` is the user.
        NotFound: ``user`` may not see ``other``.
        Conflict: they are friends.

    """
    _lock(user, other)
    if user.pk == other.pk:
        raise InvalidInput(_("You cannot befriend yourself."), field="listenerId")
    if not listeners_visible_to(user).contains(other):
        raise _no_listener()
    row, created = Friendship.objects.get_or_create(
        **pair(user, other), defaults={"requested_by": user, "requested_at": deliberate(user).about_when}
    )
    if created or (row.state == Friendship.State.REQUESTED and row.requested_by_id == user.pk):
        return row
    if row.state == Friendship.State.ACCEPTED:
        raise Conflict(_("You are friends already."), field="listenerId", code="ALREADY_FRIENDS")
    return _accept(row, user)


@transaction.atomic
def friendship_answer(*, user: User, request: Friendship, accept: bool) -> Friendship | None:
    """Accept or decline a request made to ``user``; return the friendship, ``None`` when declined.

    Raises:
        NotFound: ``user`` has no such request to answer.

    """
    _lock(*User.objects.filter(pk__in=(request.low_id, request.high_id)))
    row = Friendship.objects.filter(pk=request.pk, state=Friendship.State.REQUESTED).first()
    asked_of = row and (row.high_id if row.requested_by_id == row.low_id else row.low_id)
    if row is None or asked_of != user.pk:
        raise NotFound(_("There is no such request."), field="requestId")
    if accept:
        return _accept(row, user)
    friendship_forget(user=row.low, other=row.high)
    row.delete()
    return None


@transaction.atomic
def friendship_by_invitation(*, host: User, guest: User) -> bool:
    """Make friends of ``host``, who asked by a link, and ``guest``, who followed it; False where they are friends already.

    That neither of the two is found by others does not stand in the way: the link is what they found each other by.

    Raises:
        NotFound: one of them blocks the other, or is not active any more.

    """
    _lock(host, guest)
    both = (host, guest)
    if Block.objects.filter(blocker__in=both, blocked__in=both).exists() or (
        User.objects.filter(pk__in=[host.pk, guest.pk], is_active=True).count() < 2
    ):
        raise _no_listener()
    row, _created = Friendship.objects.get_or_create(
        **pair(host, guest), defaults={"requested_by": host, "requested_at": deliberate(host).about_when}
    )
    if row.state == Friendship.State.ACCEPTED:
        return False
    _accept(row, guest)
    return True


@transaction.atomic
def friendship_end(*, user: User, other: User) -> None:
    """End a friendship, or take back or decline a request. What was allowed that one friend is withdrawn.

    Raises:
        NotFound: there is neither.

    """
    _lock(user, other)
    if not _part(user, other):
        raise _no_listener()


@transaction.atomic
def friend_requests_forget() -> int:
    """Let go of requests that nobody answered for ``REQUESTS_KEPT``; return how many. It is no refusal: ask again."""
    old = Friendship.objects.filter(
        state=Friendship.State.REQUESTED, requested_at__lt=timezone.now() - REQUESTS_KEPT
    )
    ends = {end for pair_ in old.values_list("low_id", "high_id") for end in pair_}
    _lock(*User.objects.filter(pk__in=ends))
    gone, _rows = old.delete()
    if gone:
        epoch_raise(ends)
    return gone


@transaction.atomic
def block_create(*, user: User, other: User) -> Block:
    """Put ``other`` out of sight, both ways; it ends friendship and requests. Blocking twice is blocking once.

    Raises:
        InvalidInput: ``other`` is the user.
        NotFound: ``user`` may not see ``other``.

    """
    _lock(user, other)
    if user.pk == other.pk:
        raise InvalidInput(_("You cannot block yourself."), field="listenerId")
    if (block := Block.objects.filter(blocker=user, blocked=other).first()) is not None:
        return block
    if not listeners_visible_to(user).contains(other):
        raise _no_listener()
    _part(user, other)
    epoch_raise([user.pk, other.pk])
    return Block.objects.create(blocker=user, blocked=other, created_at=deliberate(user).moment)


@transaction.atomic
def block_remove(*, user: User, other: User) -> None:
    """Take a block back; a friendship does not come back with it.

    Raises:
        NotFound: ``user`` does not block ``other``.

    """
    _lock(user, other)
    deleted, _rows = Block.objects.filter(blocker=user, blocked=other).delete()
    if not deleted:
        raise _no_listener()
    epoch_raise([user.pk, other.pk])


def _lock(*people: User) -> None:
    """Lock people in one order, so that two actions on one pair wait for each other and never deadlock."""
    ids = [person.pk for person in people]
    list(User.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


def _accept(row: Friendship, user: User) -> Friendship:
    """Make friends of the two, by ``user``'s yes."""
    row.state, row.accepted_at = Friendship.State.ACCEPTED, deliberate(user).moment
    row.low_hears_from, row.high_hears_from = unnamed_heard_from(row.low), unnamed_heard_from(row.high)
    row.save(update_fields=["state", "accepted_at", "low_hears_from", "high_hears_from"])
    epoch_raise([row.low_id, row.high_id])
    return row


def _part(user: User, other: User) -> bool:
    """Delete what links two people, and withdraw what they allowed each other; whether there was a link.

    A no to this friend stays: it must not turn into the general yes when they befriend again.
    """
    unnamed_silence(viewer=user, friend=other)
    deleted, _rows = Friendship.objects.filter(**pair(user, other)).delete()
    people = (user, other)
    granted = Consent.objects.filter(state=ConsentState.GRANTED, user__in=people, friend__in=people)
    ledger_record(
        changes=withdrawals(granted.select_related("user", "friend")),
        actor=ConsentActor.SYSTEM,
        channel="friendship_end",
    )
    if deleted:
        friendship_forget(user=user, other=other)
        epoch_raise([user.pk, other.pk])
    return bool(deleted)


def _no_listener() -> NotFound:
    return NotFound(_("There is no such listener."), field="listenerId")
