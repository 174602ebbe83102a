"""Small people, music and listening for tests, and two named worlds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from django.utils import timezone

from accounts.models import (
    Consent,
    ConsentState,
    Friendship,
    PersonalizationLevel,
    Purpose,
    User,
    pair,
)
from graph.models import Artist, Listen, Tag, Tagging, Track

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
_serial = count(1)


def listener(
    name: str = "",
    *,
    grants: Iterable[Purpose] = (),
    level: PersonalizationLevel = PersonalizationLevel.OFF,
    display_name: str = "",
) -> User:
    """Somebody who granted exactly ``grants``."""
    user = User.objects.create_user(
        name or f"listener{next(_serial)}", level=level, display_name=display_name
    )
    grant(user, *grants)
    return user


def sharer(name: str = "") -> User:
    """Somebody at SOCIAL who granted every purpose of listening and friends."""
    return listener(name, grants=EVERYTHING, level=PersonalizationLevel.SOCIAL, display_name=name.title())


def grant(user: User, *purposes: Purpose) -> None:
    for purpose in purposes:
        Consent.objects.create(
            user=user,
            purpose=purpose,
            state=ConsentState.GRANTED,
            policy_version="1",
            changed_at=timezone.now(),
        )


def befriend(one: User, other: User) -> Friendship:
    return Friendship.objects.create(
        **pair(one, other), requested_by=one, state=Friendship.State.ACCEPTED, accepted_at=timezone.now()
    )


def artist(name: str = "", **fields: object) -> Artist:
    return Artist.objects.create(name=name or f"Artist {next(_serial)}", **fields)


def track(title: str = "", by: Artist | None = None, **fields: object) -> Track:
    fields.setdefault("duration_ms", 200_000)
    return Track.objects.create(title=title or f"Track {next(_serial)}", artist=by or artist(), **fields)


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
            source_id=f"{next(_serial)}",
        )
        for number in range(times)
    )


def tag(name: str, item: Artist | Track, by: User | None = None) -> Tagging:
    word, _ = Tag.objects.get_or_create(name=name)
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
    for one, other in ((ada, ben), (ben, cleo), (ada, cleo)):
        befriend(one, other)
    return TriangleOfFriends(ada, ben, cleo, favorites, common)
