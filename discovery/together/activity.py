"""What friends play now, and played and liked of late, for as long as they let the viewer know of it by name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from django.db.models import BigIntegerField, F, Q, QuerySet, Value
from django.utils import timezone

from accounts import hearing, pairs
from accounts.compiled_query import (
    KEYS,
    NUMBER,
    OTHER_NUMBER,
    SINCE,
    UNTIL,
    Among,
    CompiledQuery,
    Keys,
)
from accounts.models import User
from accounts.presentation import (
    Disclosure,
    Draft,
    Presented,
    Ref,
    present,
    present_each,
    present_nothing,
)
from discovery.together.playing import playing_of
from graph.models import HEARD, Artist, Feedback, FeedbackKind, Listen, Track, counted

Answer = TypeVar("Answer")

RECENT = timedelta(days=30)
LARGEST_KEY = 2**63 - 1  # what a BigAutoField holds
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)
_KEPT = counted(track="track", artist="track__artist")  # what somebody excludes is not told either
_PLAYS = HEARD & _KEPT
_LIKES = Q(kind=FeedbackKind.LIKE) & _KEPT & counted(artist="artist")


class ActivityKind(StrEnum):
    PLAYED = "PLAYED"
    LIKED = "LIKED"
    PLAYING = "PLAYING"  # at this moment; its key is the listener's


_KINDS = tuple(ActivityKind)


@dataclass(frozen=True)
class Activity:
    """One thing a friend did. ``key`` is unique among the activities of its kind."""

    key: int
    kind: ActivityKind
    listener: User
    item: Artist | Track
    at: datetime

    @property
    def pk(self) -> int:
        """The one number that `deed_of` takes apart again."""
        return self.key * len(_KINDS) + _KINDS.index(self.kind)


def deed_of(pk: int) -> tuple[ActivityKind, int]:
    """Kind and key of an activity, from its number."""
    key, kind = divmod(pk, len(_KINDS))
    return _KINDS[kind], key


class Place(NamedTuple):
    """Where an activity stands among all: the latest first."""

    at: datetime
    kind: ActivityKind
    key: int


class ActivityPage(NamedTuple):
    """A page of activities, latest first, whether there is more, and where the last that was looked at stands."""

    activities: list[Activity]
    has_next: bool
    last: Place | None = None


class Done(NamedTuple):
    """An activity before it has names."""

    kind: ActivityKind
    key: int
    listener: int
    item: Ref
    at: datetime


def activity_list(viewer: User, *, behind: Place | None = None, count: int = 20) -> Presented[ActivityPage]:
    """A page of what the viewer may be told. What is told of anyone ends with their SOCIAL_OUT or NAMED, a block, or
    the friendship.
    """
    people = hearing.activity_sources(viewer)
    if not people:
        return present_nothing(viewer, ActivityPage([], has_next=False))
    until, *bounds = _bounds(behind)
    rows = _page(count).values(people, timezone.now() - RECENT, until, *bounds)
    has_next, done = len(rows) > count, [_done(row) for row in rows[:count]]
    last = Place(done[-1].at, done[-1].kind, done[-1].key) if done else None
    return present(
        viewer,
        _told(done, lambda told: ActivityPage([each for each in told if each], has_next, last)),
    )


def _bounds(behind: Place | None) -> tuple[datetime, int, int]:
    """A moment, and up to which key plays and likes of that very moment stand behind a place."""
    if behind is None:
        return _LATEST, 0, 0
    plays, likes = (
        behind.key if kind == behind.kind else (LARGEST_KEY if kind < behind.kind else 0)
        for kind in (ActivityKind.PLAYED, ActivityKind.LIKED)
    )
    return behind.at, plays, likes


def playing_list(viewer: User) -> Presented[list[Activity]]:
    """What friends play at this moment, by their keys, as far as the viewer may be told of their plays."""
    done = _playing(hearing.activity_sources(viewer))
    return present(viewer, _told(done, lambda told: [activity for activity in told if activity]))


def activity_get(viewer: User, kind: ActivityKind, key: int) -> Presented[Activity | None]:
    """One that `activity_list` or `playing_list` would tell the viewer of now; None for every other alike."""
    deed = _done_among({(kind, key)}).get((kind, key))
    if (
        deed is None
        or deed.at < timezone.now() - RECENT
        or deed.listener not in hearing.activity_sources(viewer)
    ):
        return present_nothing(viewer, None)
    return present(viewer, _told([deed], lambda told: told[0]))


# A viewer, and which play or like of somebody's they may be told of.
News = tuple[User, ActivityKind, int]


def news_told(asked: Collection[News]) -> dict[News, Presented[Activity | None]]:
    """Of these, what the viewers may be told of now. As many queries for hundreds as for one."""
    done = _done_among({(kind, key) for _viewer, kind, key in asked})
    people = {viewer.pk for viewer, *_ in asked} | {deed.listener for deed in done.values()}
    sources = {
        (viewer, source.user_id)
        for viewer, heard in pairs.social_pairs(people).items()
        for source in heard
        if source.named
    }
    tellable = [
        news for news in asked if news[1:] in done and (news[0].pk, done[news[1:]].listener) in sources
    ]
    drafts = [(news[0], _told([done[news[1:]]], lambda told: told[0])) for news in tellable]
    return dict(zip(tellable, present_each(drafts), strict=True))


def _told(done: Sequence[Done], answer: Callable[[list[Activity | None]], Answer]) -> Draft[Answer]:
    """The draft of an ``answer`` made of these activities; in the place of one that may not be seen, None."""
    people = [Ref("Listener", deed.listener) for deed in done]

    def shown(nodes: Mapping[Ref, Any]) -> Answer:
        return answer(
            [
                Activity(deed.key, deed.kind, nodes[person], nodes[deed.item], deed.at)
                if person in nodes and deed.item in nodes
                else None
                for deed, person in zip(done, people, strict=True)
            ]
        )

    refs = {*people, *(deed.item for deed in done)}
    return Draft(refs, shown, {Disclosure(deed.listener, named=True, item=deed.item) for deed in done})


def _done_among(keys: Collection[tuple[ActivityKind, int]]) -> dict[tuple[ActivityKind, int], Done]:
    """What stands behind these keys, as far as its owner lets it count. Two queries."""
    plays = Listen.objects.filter(_PLAYS, pk__in=[key for kind, key in keys if kind is ActivityKind.PLAYED])
    likes = Feedback.objects.filter(_LIKES, pk__in=[key for kind, key in keys if kind is ActivityKind.LIKED])
    done = [_done(row) for row in (*_as_plays(plays), *_as_likes(likes))]
    done += _playing([key for kind, key in keys if kind is ActivityKind.PLAYING])
    return {(deed.kind, deed.key): deed for deed in done}


def _playing(people: Collection[int]) -> list[Done]:
    return [
        Done(ActivityKind.PLAYING, person, person, Ref("Track", playing.track_id), playing.at)
        for person, playing in playing_of(people).items()
        if playing.track_id is not None
    ]


def _done(row: Sequence[Any]) -> Done:
    what, key, user_id, at, of_track, of_artist = row
    item = Ref("Artist", of_artist) if of_artist else Ref("Track", of_track)
    return Done(ActivityKind(what), key, user_id, item, at)


@lru_cache(maxsize=64)
def _page(count: int) -> CompiledQuery:
    """``count`` activities of these people between two moments, latest first, and one more. Of those at the later
    moment itself, plays and likes beneath a key of each.
    """

    def rule(
        people: Keys, since: datetime, until: datetime, play: int, like: int, _now: datetime
    ) -> QuerySet[Any, Any]:
        theirs = Among("user_id", people)
        plays = Listen.objects.filter(_PLAYS, theirs, listened_at__gte=since, listened_at__lte=until)
        likes = Feedback.objects.filter(_LIKES, theirs, given_at__gte=since, given_at__lte=until)
        plays = plays.filter(Q(listened_at__lt=until) | Q(pk__lt=play))
        likes = likes.filter(Q(given_at__lt=until) | Q(pk__lt=like))
        return _as_plays(plays).union(_as_likes(likes), all=True).order_by("-at", "-what", "-pk")[: count + 1]

    return CompiledQuery(rule, KEYS, SINCE, UNTIL, NUMBER, OTHER_NUMBER)


def _as_plays(plays: QuerySet[Listen]) -> QuerySet[Any, Any]:
    # Typed as the other part of the union: a bare NULL is text.
    nothing = Value(0, output_field=BigIntegerField())
    return _columns(
        plays,
        what=Value(ActivityKind.PLAYED.value),
        at=F("listened_at"),
        of_track=F("track_id"),
        of_artist=nothing,
    )


def _as_likes(likes: QuerySet[Feedback]) -> QuerySet[Any, Any]:
    return _columns(
        likes,
        what=Value(ActivityKind.LIKED.value),
        at=F("given_at"),
        of_track=F("track_id"),
        of_artist=F("artist_id"),
    )


def _columns(rows: QuerySet[Any], **columns: Any) -> QuerySet[Any, Any]:
    values: QuerySet[Any, Any] = rows.order_by().annotate(**columns)
    return values.values_list("what", "pk", "user_id", "at", "of_track", "of_artist")
