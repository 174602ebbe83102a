"""Small worlds for tests: people, what they grant, whom they know; music and listening. Rows only, no services."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import F
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
from graph.models import Artist, Listen, Standing, Tag, Tagging, Track

EVERYTHING = (
    Purpose.RECORD,
    Purpose.SELF,
    Purpose.CONTRIBUTE,
    Purpose.SOCIAL_IN,
    Purpose.SOCIAL_OUT,
    Purpose.NAMED,
    Purpose.DISCOVERABLE,
)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
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


def revoke(user: User, *purposes: Purpose) -> None:
    """Take back what ``answered`` wrote, towards everybody and single friends alike."""
    Consent.objects.filter(user=user, purpose__in=purposes).update(state=ConsentState.WITHDRAWN)


def befriended(user: User, *others: User) -> User:
    """An accepted friendship of ``user`` with each of ``others``."""
    for other in others:
        Friendship.objects.create(
            **pair(user, other),
            requested_by=other,
            state=Friendship.State.ACCEPTED,
            accepted_at=timezone.now(),
        )
    return user


def weeks_pass(weeks: int = 1) -> None:
    """For the company of friends without a name: every moment that it waits for is so much nearer."""
    ago = timedelta(weeks=weeks)
    User.objects.update(unnamed_silent_until=F("unnamed_silent_until") - ago)
    Friendship.objects.update(
        low_hears_from=F("low_hears_from") - ago, high_hears_from=F("high_hears_from") - ago
    )


def requested(asker: User, other: User) -> Friendship:
    """A friend request that waits for ``other``'s answer."""
    return Friendship.objects.create(**pair(asker, other), requested_by=asker)


def blocked(blocker: User, other: User) -> Block:
    return Block.objects.create(blocker=blocker, blocked=other)


def sharer(name: str | None = None) -> User:
    """Somebody at SOCIAL who granted every purpose of listening and friends."""
    user = listener(name, level=PersonalizationLevel.SOCIAL, display_name=(name or "").title())
    return answered(user, *EVERYTHING)


def artist(name: str = "", **fields: object) -> Artist:
    fields.setdefault("standing", Standing.CATALOG)
    return Artist.objects.create(name=name or f"Artist {next(_numbers)}", **fields)


def track(title: str = "", by: Artist | None = None, **fields: object) -> Track:
    fields = {"duration_ms": 200_000, "standing": Standing.CATALOG, **fields}
    return Track.objects.create(title=title or f"Track {next(_numbers)}", artist=by or artist(), **fields)


def listens(
    user: User, of: Track, times: int = 1, *, ms_played: int | None = 200_000, at: datetime = NOON
) -> list[Listen]:
    """``times`` plays, one every ten minutes from ``at``."""
    return Listen.objects.bulk_create(
        Listen(
            user=user,
            track=of,
            listened_at=at + timedelta(minutes=10 * number),
            ms_played=ms_played,
            source="test",
            source_id=f"{next(_numbers)}",
        )
        for number in range(times)
    )


def tag(name: str, item: Artist | Track, by: User | None = None) -> Tagging:
    word, _ = Tag.objects.get_or_create(name=name, defaults={"standing": Standing.CATALOG})
    place = {"artist": item} if isinstance(item, Artist) else {"track": item}
    return Tagging.objects.create(user=by, tag=word, **place)


@dataclass(frozen=True)
class Checkerboard:
    """Listeners on one axis, tracks on the other: who stands on a color plays that color, three times.

    Listener and track of the same parity belong together. The ``withheld`` pairs belong together too but
    were not played, so that whoever has learned ranks them first. Each track is by an artist of its own.
    """

    listeners: Sequence[User]
    tracks: Sequence[Track]
    withheld: Sequence[tuple[int, int]]  # (position of the listener, position of the track)


def checkerboard(side: int = 8) -> Checkerboard:
    people = [sharer(f"player{number}") for number in range(side)]
    tracks = [track(f"Square {number}") for number in range(side)]
    withheld = [(number, (number + 2) % side) for number in range(side)]
    for row, user in enumerate(people):
        for column, square in enumerate(tracks):
            if row % 2 == column % 2 and (row, column) not in withheld:
                listens(user, square, 3)
    return Checkerboard(people, tracks, withheld)


@dataclass(frozen=True)
class TriangleOfFriends:
    """Ada, Ben and Cleo are friends of one another, share everything, and each has a favorite of their own.

    ``common`` was played by all three.
    """

    ada: User
    ben: User
    cleo: User
    favorites: dict[str, Track]  # by handle
    common: Track


def triangle_of_friends() -> TriangleOfFriends:
    ada, ben, cleo = sharer("ada"), sharer("ben"), sharer("cleo")
    common = track("Common Ground")
    favorites = {}
    for user in (ada, ben, cleo):
        favorites[user.username] = track(f"{user.display_name}'s Favorite")
        listens(user, favorites[user.username], 5)
        listens(user, common, 2)
    befriended(ada, ben, cleo)
    befriended(ben, cleo)
    return TriangleOfFriends(ada, ben, cleo, favorites, common)
