"""Which music, plays and playlists a viewer may see: what `accounts.presentation` asks."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from accounts import presentation
from accounts.conditions import Viewer, active_user
from accounts.models import User
from accounts.policies import NOBODY
from accounts.presentation import Kind
from graph import selectors
from graph.models import Artist, Feedback, ItemRecommendation, Listen, Playlist, PlaylistEntry, Tag, Track


def register() -> None:
    """Called once, when the app is ready."""
    presentation.register(Kind("Artist", Artist, _everybodys, pairs_visible=_everybodys_pairs, hot=True))
    presentation.register(
        Kind(
            "Track", Track, _everybodys,
            called=lambda track: f"{track.title} ({track.artist.name})", joined=("artist",),
            pairs_visible=_everybodys_pairs, hot=True,
        )
    )  # fmt: skip
    presentation.register(Kind("Tag", Tag, _everybodys, hot=True))
    presentation.register(Kind("Listen", Listen, _own))
    presentation.register(Kind("Feedback", Feedback, _own))
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


def _everybodys(viewer: Viewer, now: datetime | None = None) -> Q:
    """The catalog is everybody's."""
    return Q()


def _everybodys_pairs(viewers: Collection[User], ids: Collection[int]) -> set[tuple[int, int]]:
    return {(viewer.pk, key) for viewer in viewers for key in ids}


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
