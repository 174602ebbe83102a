"""Which music, plays and playlists a viewer may see: what `accounts.presentation` asks.

The catalog that the operator brought, and what enough contributors play, is everybody's. What only a few listeners'
plays brought is theirs: it may be a title that nobody else should read. They see it, and the friends they share it with.
What a music server holds, those see who connected it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.db.models import Count, Exists, Manager, OuterRef, Q, QuerySet

from accounts import hearing, presentation
from accounts.compiled_query import PERSON, CompiledQuery
from accounts.conditions import Viewer, active_user
from accounts.hearing import SMALLEST_FRIEND_COUNT
from accounts.models import User
from accounts.policies import NOBODY
from accounts.presentation import Kind
from graph import selectors
from graph.models import (
    Artist,
    ArtistPlayCount,
    Feedback,
    FeedbackKind,
    History,
    ItemRecommendation,
    LibraryAccount,
    LibrarySong,
    Listen,
    Playlist,
    PlaylistEntry,
    Standing,
    Tag,
    Tagging,
    Track,
)

Column = dict[str, OuterRef]  # the column that leads from a row to the item that is asked about

EVERYBODYS = Q(standing__gt=Standing.LISTENERS)


def register() -> None:
    """Called once, when the app is ready."""
    presentation.register(
        Kind(
            "Artist", Artist, _artist_visible,
            openly=EVERYBODYS, pairs_visible=partial(_catalog_pairs, Artist), hot=True,
        )
    )  # fmt: skip
    presentation.register(
        Kind(
            "Track", Track, _track_visible,
            called=lambda track: f"{track.title} ({track.artist.name})", joined=("artist",),
            openly=EVERYBODYS, pairs_visible=partial(_catalog_pairs, Track), hot=True,
        )
    )  # fmt: skip
    presentation.register(Kind("Tag", Tag, _tag_visible, openly=EVERYBODYS, hot=True))
    presentation.register(Kind("Listen", Listen, _own))
    presentation.register(Kind("Feedback", Feedback, _own))
    presentation.register(Kind("Import", History, _own))
    presentation.register(Kind("Library", LibraryAccount, _own))
    presentation.register(Kind("Playlist", Playlist, _playlist_visible, hot=True))
    presentation.register(Kind("PlaylistEntry", PlaylistEntry, _entry_visible, hot=True))
    presentation.register(Kind("ItemRecommendation", ItemRecommendation, _recommendation_visible, hot=True))
    _carry()


def _carry() -> None:
    presentation.carry("Track", "artist", "whoever may see a track may know who made it")
    presentation.carry("Listen", "track", "one's own play")
    presentation.carry("Feedback", "item", "one's own word")
    presentation.carry("PlaylistEntry", "track", "whoever may see a playlist may see what is in it")
    presentation.carry(
        "Playlist", "owner", "a playlist is visible only while its owner is oneself or a friend"
    )
    between = "a recommendation is visible only while its two ends are friends"
    for field in ("sender", "recipient", "item"):
        presentation.carry("ItemRecommendation", field, between)


# --- the catalog ----------------------------------------------------------------------------


def _track_visible(viewer: Viewer, now: datetime | None = None) -> Q:
    somebody = active_user(viewer)
    if somebody is None:
        return EVERYBODYS
    this = {"track": OuterRef("pk")}
    theirs = _played_or_liked(somebody, _friends(somebody, now), listened=this, said=this)
    theirs |= _held(somebody, track=OuterRef("pk"))
    return EVERYBODYS | theirs | _handed_on(somebody, listed=this, recommended=this)


def _artist_visible(viewer: Viewer, now: datetime | None = None) -> Q:
    somebody = active_user(viewer)
    if somebody is None:
        return EVERYBODYS
    this, by_this = {"artist": OuterRef("pk")}, {"track__artist": OuterRef("pk")}
    friends = _friends(somebody, now)
    theirs = _played_or_liked(somebody, friends, listened=by_this, said=this)
    for rows in _of(ArtistPlayCount.objects, this, friends):
        theirs |= Q(Exists(rows))
    theirs |= Q(Exists(ArtistPlayCount.objects.filter(user=somebody, **this)))
    theirs |= Q(Exists(Listen.objects.filter(user=somebody, track__guests__artist=OuterRef("pk"))))
    theirs |= _held(somebody, track__artist=OuterRef("pk")) | _held(
        somebody, track__guests__artist=OuterRef("pk")
    )
    return EVERYBODYS | theirs | _handed_on(somebody, listed=by_this, recommended=this)


def _held(viewer: User, **item: OuterRef) -> Q:
    """What a library holds that the viewer connected; friends' libraries show nothing to anybody."""
    return Q(Exists(LibrarySong.objects.filter(user=viewer, **item)))


def _played_or_liked(viewer: User, friends: _Friends, *, listened: Column, said: Column) -> Q:
    """What the viewer played or spoke of, and what friends who share that played or like."""
    seen = Q(Exists(Feedback.objects.filter(user=viewer, **said)))
    for rows in _of(Listen.objects, listened, friends):
        seen |= Q(Exists(rows))
    seen |= Q(Exists(Listen.objects.filter(user=viewer, **listened)))
    likes = Feedback.objects.filter(kind=FeedbackKind.LIKE, **said)
    return seen | Q(Exists(likes.filter(user__in=friends.named)))


def _of(plays: Manager[Any], item: Column, friends: _Friends) -> Iterator[QuerySet[Any, Any]]:
    """Of the plays of an item those of friends with a name, and of those without where enough played it."""
    rows = plays.filter(**item)
    yield rows.filter(user__in=friends.named)
    unnamed = rows.filter(user__in=friends.unnamed).order_by().values(*item)
    yield unnamed.annotate(people=Count("user", distinct=True)).filter(people__gte=SMALLEST_FRIEND_COUNT)


class _Friends(NamedTuple):
    """Of whose plays a viewer may be told by name, and of whose in company alone."""

    named: QuerySet[User] | list[int]
    unnamed: QuerySet[User] | list[int]


def _friends(viewer: User, now: datetime | None) -> _Friends:
    """As a part of the query where it is compiled; else their keys, which cost a hundredth of making that part anew."""
    if viewer is PERSON:
        return _Friends(hearing.named_sources(viewer, now), hearing.unnamed_sources(viewer, now))
    return _Friends(*hearing.source_keys(viewer))


def _handed_on(viewer: User, *, listed: Column, recommended: Column) -> Q:
    """What stands in a playlist that the viewer sees, or what a friend recommends to them."""
    playlists: Any = selectors.playlists_visible_to(viewer)
    received: Any = selectors.recommendations_received(viewer=viewer).order_by().values("pk")
    if viewer is not PERSON:  # as with friends
        playlists, received = _keys(_PLAYLISTS, viewer), _keys(_RECEIVED, viewer)
    entries = PlaylistEntry.objects.filter(playlist__in=playlists, **listed)
    handed = ItemRecommendation.objects.filter(pk__in=received, **recommended)
    return Q(Exists(entries)) | Q(Exists(handed))


def _keys(rule: CompiledQuery, viewer: User) -> list[int]:
    return [key for (key,) in rule.rows(viewer)]


_PLAYLISTS = CompiledQuery(
    lambda viewer, _now: selectors.playlists_visible_to(viewer).values_list("pk"), PERSON
)
_RECEIVED = CompiledQuery(
    lambda viewer, _now: selectors.recommendations_received(viewer=viewer).order_by().values_list("pk"),
    PERSON,
)


def _catalog_pairs(
    model: type[Artist | Track], viewers: Collection[User], ids: Collection[int]
) -> set[tuple[int, int]]:
    rows = model._default_manager.filter(pk__in=ids)  # noqa: SLF001  # Django documents it
    everybodys = set(rows.filter(EVERYBODYS).values_list("pk", flat=True))
    seen = {(viewer.pk, key) for viewer in viewers for key in everybodys}
    if rest := set(ids) - everybodys:
        visible = _track_visible if model is Track else _artist_visible
        few = rows.filter(pk__in=rest)
        seen |= {
            (viewer.pk, key)
            for viewer in viewers
            for key in few.filter(visible(viewer)).values_list("pk", flat=True)
        }
    return seen


def _tag_visible(viewer: Viewer, now: datetime | None = None) -> Q:
    somebody = active_user(viewer)
    if somebody is None:
        return EVERYBODYS
    return EVERYBODYS | Q(Exists(Tagging.objects.filter(tag=OuterRef("pk"), user=somebody)))


# --- what is somebody's ---------------------------------------------------------------------


def _own(viewer: Viewer, now: datetime | None = None) -> Q:
    somebody = active_user(viewer)
    return NOBODY if somebody is None else Q(user=somebody)


def _playlist_visible(viewer: Viewer, now: datetime | None = None) -> Q:
    somebody = active_user(viewer)
    return NOBODY if somebody is None else selectors.playlist_visible(somebody)


def _entry_visible(viewer: Viewer, now: datetime | None = None) -> Q:
    somebody = active_user(viewer)
    return NOBODY if somebody is None else Q(playlist__in=selectors.playlists_visible_to(somebody))


def _recommendation_visible(viewer: Viewer, now: datetime | None = None) -> Q:
    somebody = active_user(viewer)
    if somebody is None:
        return NOBODY
    received, sent = (
        selectors.recommendations_received(viewer=somebody),
        selectors.recommendations_sent(viewer=somebody),
    )
    return Q(pk__in=received.order_by().values("pk")) | Q(pk__in=sent.order_by().values("pk"))
