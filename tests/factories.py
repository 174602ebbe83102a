"""Small worlds for tests: people, what they grant, and whom they know. Rows only, no services."""

import itertools
from datetime import datetime

from django.utils import timezone

from accounts.models import (
    Block,
    Consent,
    ConsentState,
    Friendship,
    PersonalizationLevel,
    Purpose,
    User,
    pair,
)

_numbers = itertools.count(1)


def listener(name: str | None = None, *, level: int = PersonalizationLevel.CONTEXT, **fields: object) -> User:
    """A person who answered no question yet."""
    return User.objects.create(username=name or f"listener{next(_numbers)}", level=level, **fields)


def answered(
    user: User,
    *purposes: Purpose,
    state: ConsentState = ConsentState.GRANTED,
    friend: User | None = None,
    valid_until: datetime | None = None,
) -> User:
    """Write the projection as it stands after ``user`` answered (the ledger stays empty)."""
    for purpose in purposes:
        Consent.objects.create(
            user=user, purpose=purpose, friend=friend, state=state, valid_until=valid_until,
            policy_version="test", changed_at=timezone.now(),
        )  # fmt: skip
    return user


def befriended(one: User, *others: User) -> User:
    """An accepted friendship of ``one`` with each of ``others``."""
    for other in others:
        Friendship.objects.create(
            **pair(one, other),
            requested_by=other,
            state=Friendship.State.ACCEPTED,
            accepted_at=timezone.now(),
        )
    return one


def requested(asker: User, other: User) -> Friendship:
    """A friend request that waits for ``other``'s answer."""
    return Friendship.objects.create(**pair(asker, other), requested_by=asker)


def blocked(blocker: User, other: User) -> Block:
    return Block.objects.create(blocker=blocker, blocked=other)
