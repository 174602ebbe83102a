"""What friends played and liked of late, for as long as they let the viewer know of it by name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from django.db.models import BigIntegerField, F, Q, QuerySet, Value
from django.utils import timezone

from accounts import policies
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


@dataclass(frozen=True)
class Activity:
    """One thing a friend did. ``key`` is unique among the activities of its kind."""

    key: int
    kind: ActivityKind
    listener: User
    item: Artist | Track
    at: datetime


@dataclass(frozen=True)
class ActivityPage:
    """A page of activities, latest first, and whether there is more."""

    activities: tuple[Activity, ...]
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
    people = list(policies.activity_sources(viewer).values_list("pk", flat=True))
    stop = min(start + count, FURTHEST)
    if not people or start >= stop:
        return present_nothing(viewer, ActivityPage((), has_next=False))
    rows = list(_rows(people, timezone.now() - RECENT).order_by("-at", "-what", "-pk")[start : stop + 1])
    has_next, rows = len(rows) > stop - start and stop < FURTHEST, rows[: stop - start]
    done = [_done(row) for row in rows]
    return present(
        viewer,
        _told(done, lambda told: ActivityPage(tuple(activity for activity in told if activity), has_next)),
    )


def news_told(
    asked: Collection[tuple[User, ActivityKind, int]],
) -> dict[tuple[int, ActivityKind, int], Presented[Activity | None]]:
    """Of these (viewer, kind, play or like), those that the viewer may be told of now, by (viewer key, kind, key).

    As many queries for hundreds as for one.
    """
    done = _done_among({(kind, key) for _viewer, kind, key in asked})
    people = {viewer.pk for viewer, *_ in asked} | {each.listener for each in done.values()}
    sources = {
        (viewer, source.user_id)
        for viewer, heard in policies.social_pairs(people).items()
        for source in heard
        if source.named
    }
    tellable = [
        (viewer, each)
        for viewer, kind, key in asked
        if (each := done.get((kind, key))) is not None and (viewer.pk, each.listener) in sources
    ]
    drafts = [(viewer, _told([each], lambda told: told[0])) for viewer, each in tellable]
    presented = present_each(drafts)
    return {
        (viewer.pk, each.kind, each.key): told
        for (viewer, each), told in zip(tellable, presented, strict=True)
    }


def _told(done: Sequence[Done], answer: Callable[[list[Activity | None]], Answer]) -> Draft[Answer]:
    """The draft of an ``answer`` made of these activities; in the place of one that may not be seen, None."""
    people = [Ref("Listener", each.listener) for each in done]

    def shown(nodes: Mapping[Ref, Any]) -> Answer:
        return answer(
            [
                Activity(each.key, each.kind, nodes[person], nodes[each.item], each.at)
                if person in nodes and each.item in nodes
                else None
                for each, person in zip(done, people, strict=True)
            ]
        )

    refs = {*people, *(each.item for each in done)}
    return Draft(refs, shown, {Disclosure(each.listener, named=True, item=each.item) for each in done})


def _done_among(keys: Collection[tuple[ActivityKind, int]]) -> dict[tuple[ActivityKind, int], Done]:
    """What stands behind these keys, as far as its owner lets it count. Two queries."""
    plays = Listen.objects.filter(_PLAYS, pk__in=[key for kind, key in keys if kind is ActivityKind.PLAYED])
    likes = Feedback.objects.filter(_LIKES, pk__in=[key for kind, key in keys if kind is ActivityKind.LIKED])
    done = [_done(row) for row in (*_as_plays(plays), *_as_likes(likes))]
    return {(each.kind, each.key): each for each in done}


def _done(row: dict[str, Any]) -> Done:
    item = Ref("Artist", row["of_artist"]) if row["of_artist"] else Ref("Track", row["of_track"])
    return Done(ActivityKind(row["what"]), row["pk"], row["user_id"], item, row["at"])


def _rows(people: Collection[int], since: datetime) -> QuerySet[Any, Any]:
    plays = Listen.objects.filter(_PLAYS, user__in=people, listened_at__gte=since)
    likes = Feedback.objects.filter(_LIKES, user__in=people, given_at__gte=since)
    return _as_plays(plays).union(_as_likes(likes), all=True)


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
    return values.values("what", "pk", "user_id", "at", "of_track", "of_artist")
