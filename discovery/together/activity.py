"""What friends played and liked of late, for as long as they let the viewer know of it by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import BigIntegerField, F, Q, QuerySet, Value
from django.utils import timezone

from accounts import policies
from accounts.models import User
from discovery.recommend import explain, feed
from graph.models import HEARD, Artist, Feedback, FeedbackKind, Listen, Track, counted

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


def activity_list(viewer: User, *, start: int = 0, count: int = 20) -> tuple[list[Activity], bool]:
    """A page of what the viewer may be told, latest first, and whether there is more.

    Four queries at most. What is told of anyone ends with their SOCIAL_OUT or NAMED, a block, or the friendship.
    """
    people = policies.activity_sources(viewer).in_bulk()
    stop = min(start + count, FURTHEST)
    if not people or start >= stop:
        return [], False
    since = timezone.now() - RECENT
    rows = list(_rows(people, since).order_by("-at", "-what", "-pk")[start : stop + 1])
    more, rows = len(rows) > stop - start and stop < FURTHEST, rows[: stop - start]
    return _dress(viewer, people, rows), more


def news_told(
    asked: Collection[tuple[int, ActivityKind, int]],
) -> dict[tuple[int, ActivityKind, int], Activity]:
    """Of these (viewer, kind, play or like), those that the viewer may be told of now; six queries for any number."""
    keys = {kind: {key for _, its, key in asked if its is kind} for kind in ActivityKind}
    plays = Listen.objects.filter(_PLAYS, pk__in=keys[ActivityKind.PLAYED]).select_related(
        "user", "track__artist"
    )
    likes = Feedback.objects.filter(_LIKES, pk__in=keys[ActivityKind.LIKED]).select_related(
        "user", "artist", "track__artist"
    )
    done = {
        **{(ActivityKind.PLAYED, listen.pk): played(listen) for listen in plays},
        **{(ActivityKind.LIKED, like.pk): _liked(like) for like in likes},
    }
    people = {viewer for viewer, _, _ in asked} | {each.listener.pk for each in done.values()}
    sources = {
        (viewer, source.user_id)
        for viewer, found in policies.social_pairs(people).items()
        for source in found
        if source.named
    }
    return {
        (viewer, kind, key): each
        for viewer, kind, key in asked
        if (each := done.get((kind, key))) is not None and (viewer, each.listener.pk) in sources
    }


def played(listen: Listen) -> Activity:
    """A play as activity. Whom it may be told, and whether it counts, is to be asked elsewhere."""
    return Activity(listen.pk, ActivityKind.PLAYED, listen.user, listen.track, listen.listened_at)


def _liked(like: Feedback) -> Activity:
    item = like.artist or like.track
    assert item is not None  # noqa: S101 the database sees to it
    return Activity(like.pk, ActivityKind.LIKED, like.user, item, like.given_at)


def _rows(people: Iterable[int], since: datetime) -> QuerySet[Any, Any]:
    plays = Listen.objects.filter(_PLAYS, user__in=list(people), listened_at__gte=since)
    likes = Feedback.objects.filter(_LIKES, user__in=list(people), given_at__gte=since)
    none = Value(
        0, output_field=BigIntegerField()
    )  # typed as the other part of the union: a bare NULL is text
    return (
        plays.order_by()
        .annotate(
            what=Value(ActivityKind.PLAYED.value), at=F("listened_at"), of_track=F("track_id"), of_artist=none
        )
        .values("what", "pk", "user_id", "at", "of_track", "of_artist")
        .union(
            likes.order_by()
            .annotate(
                what=Value(ActivityKind.LIKED.value),
                at=F("given_at"),
                of_track=F("track_id"),
                of_artist=F("artist_id"),
            )
            .values("what", "pk", "user_id", "at", "of_track", "of_artist"),
            all=True,
        )
    )


def _dress(viewer: User, people: dict[int, User], rows: list[dict[str, Any]]) -> list[Activity]:
    refs = [
        explain.NodeRef(explain.NodeKind.ARTIST, row["of_artist"])
        if row["what"] == ActivityKind.LIKED and row["of_artist"]
        else explain.NodeRef(explain.NodeKind.TRACK, row["of_track"])
        for row in rows
    ]
    nodes = feed.nodes_fetch(viewer, set(refs))
    found = []
    for row, ref in zip(rows, refs, strict=True):
        item = nodes.get(ref)
        if isinstance(item, Artist | Track):
            kind = ActivityKind(row["what"])
            found.append(Activity(row["pk"], kind, people[row["user_id"]], item, row["at"]))
    return found
