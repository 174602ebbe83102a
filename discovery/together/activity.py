"""What friends play now, and played and liked of late, for as long as they let the viewer know of it by name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from django.db.models import BigIntegerField, F, Q, QuerySet, Value
from django.utils import timezone

from accounts import hearing, pairs
from accounts.compiled_query import KEYS, SINCE, Among, CompiledQuery, Keys
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
FURTHEST = 1_000  # nobody pages further back
_KEPT = counted(track="track", artist="track__artist")  # what somebody excludes is not told either
_PLAYS = HEARD & _KEPT
_LIKES = Q(kind=FeedbackKind.LIKE) & _KEPT & counted(artist="artist")


class ActivityKind(StrEnum):
    PLAYED = "PLAYED"
    LIKED = "LIKED"
    PLAYING = "PLAYING"  # at this moment; its key is the listener's


@dataclass(frozen=True)
class Activity:
    """One thing a friend did. ``key`` is unique among the activities of its kind."""

    key: int
    kind: ActivityKind
    listener: User
    item: Artist | Track
    at: datetime


class ActivityPage(NamedTuple):
    """A page of activities, latest first, and whether there is more."""

    activities: list[Activity]
    has_next: bool


class Done(NamedTuple):
    """An activity before it has names."""

    kind: ActivityKind
    key: int
    listener: int
    item: Ref
    at: datetime


def activity_list(viewer: User, *, start: int = 0, count: int = 20) -> Presented[ActivityPage]:
    """A page of what the viewer may be told. What is told of anyone ends with their SOCIAL_OUT or NAMED, a block, or
    the friendship.
    """
    people = hearing.activity_sources(viewer)
    stop = min(start + count, FURTHEST)
    if not people or start >= stop:
        return present_nothing(viewer, ActivityPage([], has_next=False))
    done = [_done(row) for row in _page(start, stop).values(people, timezone.now() - RECENT)]
    has_next, done = len(done) > stop - start and stop < FURTHEST, done[: stop - start]
    return present(
        viewer,
        _told(done, lambda told: ActivityPage([activity for activity in told if activity], has_next)),
    )


def playing_list(viewer: User) -> Presented[list[Activity]]:
    """What friends play at this moment, by their keys, as far as the viewer may be told of their plays."""
    done = _playing(hearing.activity_sources(viewer))
    return present(viewer, _told(done, lambda told: [activity for activity in told if activity]))


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
def _page(start: int, stop: int) -> CompiledQuery:
    """The activities of these people since then from place ``start`` on, latest first, and one more."""

    def rule(people: Keys, since: datetime, _now: datetime) -> QuerySet[Any, Any]:
        theirs = Among("user_id", people)
        plays = Listen.objects.filter(_PLAYS, theirs, listened_at__gte=since)
        likes = Feedback.objects.filter(_LIKES, theirs, given_at__gte=since)
        return (
            _as_plays(plays)
            .union(_as_likes(likes), all=True)
            .order_by("-at", "-what", "-pk")[start : stop + 1]
        )

    return CompiledQuery(rule, KEYS, SINCE)


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
