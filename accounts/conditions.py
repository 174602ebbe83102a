"""What the rules of `accounts.policies` are made of: conditions on ``User`` and ``Consent`` rows.

Nothing here decides anything; whoever needs a decision asks `accounts.policies`.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q

from accounts.models import Block, Consent, ConsentState, Friendship, Purpose, User
from discovery.platform import clock

Viewer = User | AnonymousUser | None

# The purposes that may be answered for one friend differently than for everybody.
PER_FRIEND = frozenset({Purpose.SOCIAL_OUT, Purpose.NAMED, Purpose.SOCIAL_IN})

# What shows a person to others. No minor grants it themself, and of one without a guardian no row grants it.
GUARDED = frozenset(
    {
        Purpose.DISCOVERABLE,
        Purpose.NAMED,
        Purpose.SOCIAL_OUT,
        Purpose.EXPERIMENT,
        Purpose.FEEDBACK,
        Purpose.THIRD_PARTY,
    }
)
_ANSWERED_FOR = Q(is_minor=False) | Q(guardian__isnull=False)


def active_user(viewer: Viewer) -> User | None:
    return viewer if isinstance(viewer, User) and viewer.pk is not None and viewer.is_active else None


def unguarded(user: User) -> bool:
    """Whether ``user`` is a minor whom nobody answers for."""
    return user.is_minor and user.guardian_id is None


def in_force(now: datetime | None = None) -> Q:
    """Consent rows that permit right now."""
    return Q(state=ConsentState.GRANTED) & (Q(valid_until=None) | Q(valid_until__gt=now or clock.now()))


def granting(purpose: Purpose, friend: User | None = None, now: datetime | None = None) -> Q:
    """``User`` rows that grant ``purpose``: a row about this ``friend`` overrides the general one."""
    rows = Consent.objects.filter(user=OuterRef("pk"), purpose=purpose)
    granted = Q(Exists(rows.filter(in_force(now), friend=None)))
    if friend is not None and purpose in PER_FRIEND:
        about_friend = rows.filter(friend=friend)
        granted = Q(Exists(about_friend.filter(in_force(now)))) | (~Q(Exists(about_friend)) & granted)
    return granted & _ANSWERED_FOR if purpose in GUARDED else granted


def granted_by(giver: User, purpose: Purpose, now: datetime | None = None) -> Q:
    """``User`` rows towards whom ``giver`` grants ``purpose``; of a `GUARDED` one, whoever asks looks at the giver first."""
    rows = Consent.objects.filter(user=giver, purpose=purpose)
    about_friend = rows.filter(friend=OuterRef("pk"))
    general = Exists(rows.filter(in_force(now), friend=None))
    return Q(Exists(about_friend.filter(in_force(now)))) | (~Q(Exists(about_friend)) & Q(general))


def within(among: Collection[int] | None, *columns: str) -> Q:
    return Q() if among is None else Q(**{f"{column}__in": among for column in columns})


def linked_with(viewer: User, **friendship: object) -> Q:
    """``User`` rows with a friendship row (a friendship or a request for one) with ``viewer``.

    One list of keys: of two, either of which may hold a key, PostgreSQL makes a question to everybody there is.
    """
    rows = Friendship.objects.filter(**friendship)
    high, low = rows.filter(low=viewer).values("high"), rows.filter(high=viewer).values("low")
    return Q(pk__in=high.union(low, all=True))


def befriended_with(viewer: User) -> Q:
    return linked_with(viewer, state=Friendship.State.ACCEPTED)


def heard_late_by(viewer: User, now: datetime | None = None) -> Q:
    """``User`` rows whom ``viewer`` hears of later than now where they may not be named."""
    now = now or clock.now()
    return linked_with(viewer, low=viewer, low_hears_from__gt=now) | linked_with(
        viewer, high=viewer, high_hears_from__gt=now
    )


def befriended(one: str, other: str) -> Q:
    """Rows of any model whose columns ``one`` and ``other`` hold friends, with no block between them; both active."""
    ends = (OuterRef(one), OuterRef(other))
    friends, blocks = (
        Q(**{low: ends[0], high: ends[1]}) | Q(**{low: ends[1], high: ends[0]})
        for low, high in (("low", "high"), ("blocker", "blocked"))
    )
    accepted = Friendship.objects.filter(
        friends, state=Friendship.State.ACCEPTED, low__is_active=True, high__is_active=True
    )
    return Q(Exists(accepted)) & ~Q(Exists(Block.objects.filter(blocks)))


def blocked_with(viewer: User) -> Q:
    """``User`` rows with a block between them and ``viewer``, whoever gave it."""
    return Q(pk__in=Block.objects.filter(blocker=viewer).values("blocked")) | Q(
        pk__in=Block.objects.filter(blocked=viewer).values("blocker")
    )


class Answers:
    """Consent rows held in memory and asked as the queryset rules ask them."""

    def __init__(self, rows: Iterable[Consent]) -> None:
        now = clock.now()
        self._granted = {
            (row.user_id, row.purpose, row.friend_id): row.state == ConsentState.GRANTED
            and (row.valid_until is None or row.valid_until > now)
            for row in rows
        }

    def permit(self, user_id: int, purpose: Purpose, friend_id: int | None = None) -> bool:
        general = self._granted.get((user_id, purpose, None), False)
        if friend_id is None or purpose not in PER_FRIEND:
            return general
        return self._granted.get((user_id, purpose, friend_id), general)
