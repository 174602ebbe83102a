"""What the other rooms read of music and listening. Whose rows may be read is the callers' to ask of policies."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Case, Count, F, IntegerField, Max, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Length
from django.utils.translation import gettext as _

from accounts.conditions import Viewer
from accounts.models import User
from accounts.policies import friends_of, listeners_visible_to
from accounts.presentation import Presented, Ref, present, rows_shown, things
from discovery.platform.errors import NotFound
from graph.models import (
    HEARD,
    Artist,
    ArtistPlayCount,
    Feedback,
    FeedbackKind,
    ItemKind,
    ItemRecommendation,
    Listen,
    ModelVersion,
    Playlist,
    PlaylistCollaborator,
    TasteExclusion,
    Track,
    counted,
)
from graph.names import name_clean, name_key

SEARCH_LENGTH = 200  # of a search text
FURTHEST_HIT = 1000  # nobody pages further through a search


_COUNTED = {
    ItemKind.TRACK: counted(track="track", artist="track__artist"),
    ItemKind.ARTIST: counted(artist="artist"),
}


class PlayCount(NamedTuple):
    """How often one listener played one item; ``last_at`` is unknown for imported counts."""

    user_id: int
    item_id: int
    plays: int
    skips: int
    last_at: datetime | None


class FeedbackRow(NamedTuple):
    item_id: int
    kind: FeedbackKind
    given_at: datetime


def excluding_among(user_ids: Collection[int]) -> frozenset[int]:
    """Who of these people excludes anything from their taste. One query."""
    rows = TasteExclusion.objects.filter(user_id__in=user_ids).order_by()
    return frozenset(rows.values_list("user_id", flat=True).distinct())


def _counted(user_ids: Collection[int], kind: ItemKind, excluding: Collection[int] | None) -> Q:
    """What these people did not exclude. Where none of them excludes anything, the costly filter is left out."""
    if excluding is None:
        excluding = excluding_among(user_ids)
    return _COUNTED[kind] if excluding else Q()


# --- evidence: compact rows of many listeners at once ---------------------------------------


def play_counts(
    user_ids: Collection[int], kind: ItemKind, *, excluding: Collection[int] | None = None
) -> list[PlayCount]:
    """Plays and skips by listener and item, ordered by both.

    An artist's plays are those of the tracks plus the imported counts. One query for tracks, two for artists, and
    one more where it is not told who is ``excluding`` (see `excluding_among`).
    """
    if excluding is None:
        excluding = excluding_among(user_ids)
    item = "track_id" if kind is ItemKind.TRACK else "track__artist_id"
    rows = (
        Listen.objects.filter(_counted(user_ids, ItemKind.TRACK, excluding), user_id__in=user_ids)
        .order_by()
        .values_list("user_id", item)
        .annotate(plays=Count("pk", filter=HEARD), listens=Count("pk"), last_at=Max("listened_at"))
    )
    counts = {
        (user, item_id): PlayCount(user, item_id, plays, listens - plays, last_at)
        for user, item_id, plays, listens, last_at in rows.iterator()
    }
    if kind is ItemKind.ARTIST:
        for imported in imported_counts(user_ids, excluding=excluding):
            key = imported.user_id, imported.item_id
            timed = counts.get(key, imported._replace(plays=0))
            counts[key] = timed._replace(plays=timed.plays + imported.plays)
    return [counts[key] for key in sorted(counts)]


def imported_counts(
    user_ids: Collection[int], *, excluding: Collection[int] | None = None
) -> list[PlayCount]:
    """Play counts by artist that a source reported without the plays themselves."""
    rows = (
        ArtistPlayCount.objects.filter(_counted(user_ids, ItemKind.ARTIST, excluding), user_id__in=user_ids)
        .order_by("user_id", "artist_id")
        .values_list("user_id", "artist_id")
        .annotate(plays=Sum("count"))
    )
    return [PlayCount(user, artist, plays, 0, None) for user, artist, plays in rows.iterator()]


def feedback_of(
    user_ids: Collection[int], kind: ItemKind, *, excluding: Collection[int] | None = None
) -> dict[int, list[FeedbackRow]]:
    """What each listener said of items of this kind, newest last. One query, or two as for `play_counts`."""
    item = "track_id" if kind is ItemKind.TRACK else "artist_id"
    rows = Feedback.objects.filter(
        _counted(user_ids, kind, excluding), user_id__in=user_ids, **{f"{item}__isnull": False}
    )
    said: dict[int, list[FeedbackRow]] = defaultdict(list)
    for user, item_id, word, at in rows.order_by("given_at", "pk").values_list(
        "user_id", item, "kind", "given_at"
    ):
        said[user].append(FeedbackRow(item_id, FeedbackKind(word), at))
    return dict(said)


def excluded_items(user_ids: Collection[int], kind: ItemKind) -> dict[int, set[int]]:
    """By listener: the items of this kind that they excluded from their taste. One query."""
    lookups = (
        ("track", "artist__tracks", "playlist__entries__track") if kind is ItemKind.TRACK else ("artist",)
    )
    rows = TasteExclusion.objects.filter(user_id__in=user_ids).values_list("user_id", *lookups)
    found: dict[int, set[int]] = defaultdict(set)
    for user_id, *items in rows.iterator():
        found[user_id].update(item for item in items if item is not None)
    return dict(found)


# --- catalogue ------------------------------------------------------------------------------


def tracks_get(ids: Collection[int]) -> QuerySet[Track]:
    """Tracks with their artists, in no particular order."""
    return Track.objects.filter(pk__in=ids).select_related("artist")


def artists_get(ids: Collection[int]) -> QuerySet[Artist]:
    return Artist.objects.filter(pk__in=ids)


def item_get(*, kind: ItemKind, item_id: int) -> Track | Artist:
    """Raises NotFound."""
    found: Track | Artist | None = (
        tracks_get([item_id]).first() if kind is ItemKind.TRACK else artists_get([item_id]).first()
    )
    if found is None:
        raise NotFound(_("There is no such item"), field="itemId")
    return found


def external_ids(kind: ItemKind) -> dict[int, str]:
    """By primary key: the id in the data set an item came from, or ``earshot:<key>`` for what is our own."""
    model = Track if kind is ItemKind.TRACK else Artist
    rows = model.objects.values_list("pk", "external_id").iterator()
    return {pk: external or f"earshot:{pk}" for pk, external in rows}


def search(
    *, viewer: Viewer, text: str, kind: ItemKind | None, start: int, count: int
) -> Presented[list[Track | Artist]]:
    """Items whose name contains ``text``, whatever its case and accents: exact hits, then those that begin
    with it, then the rest; shorter names first; of these, what the viewer may see. Four queries at most.
    Raises InvalidInput.
    """
    key = name_key(name_clean(text, field="text", length=SEARCH_LENGTH))
    stop = min(start + count, FURTHEST_HIT)
    kinds = list(ItemKind) if kind is None else [kind]
    hits = sorted(hit for each in kinds for hit in _hits(viewer, key, each, stop))[start:stop]
    return present(viewer, things([item_ref(hit.kind, hit.item_id) for hit in hits]))


def item_ref(kind: ItemKind, item_id: int) -> Ref:
    """The reference of an item of this kind."""
    return Ref(kind.value.title(), item_id)


class _Hit(NamedTuple):
    """In the order in which hits are shown."""

    rank: int  # 0 exact, 1 begins with it, 2 contains it
    size: int
    kind: ItemKind
    item_id: int


def _hits(viewer: Viewer, key: str, kind: ItemKind, count: int) -> list[_Hit]:
    """The first ``count`` hits of one kind, of those that the viewer may see."""
    items: QuerySet[Any] = Track.objects.all() if kind is ItemKind.TRACK else Artist.objects.all()
    items = rows_shown(viewer, items).answer
    rank = Case(
        When(key=key, then=Value(0)),
        When(key__startswith=key, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = (
        items.filter(key__contains=key)
        .annotate(rank=rank, size=Length("key"))
        .order_by("rank", "size", "pk")
        .values_list("rank", "size", "pk")
    )
    return [_Hit(rank, size, kind, pk) for rank, size, pk in rows[:count]]


# --- a listener's own -----------------------------------------------------------------------


def listen_list(*, owner: User) -> QuerySet[Listen]:
    """The owner's plays, latest first."""
    return Listen.objects.filter(user=owner).order_by("-listened_at", "-pk")


def playlists_visible_to(viewer: User) -> QuerySet[Playlist]:
    """The viewer's own playlists, and those a friend shares with them; a friendship's end ends that."""
    return _playlists(viewer, tuple(PlaylistCollaborator.Role))


def playlists_editable_by(viewer: User) -> QuerySet[Playlist]:
    """As ``playlists_visible_to``, where the viewer may change what is in them."""
    return _playlists(viewer, (PlaylistCollaborator.Role.EDITOR,))


def _playlists(viewer: User, roles: Collection[PlaylistCollaborator.Role]) -> QuerySet[Playlist]:
    return Playlist.objects.filter(playlist_visible(viewer, roles))


def playlist_visible(
    viewer: User, roles: Collection[PlaylistCollaborator.Role] = tuple(PlaylistCollaborator.Role)
) -> Q:
    """One's own playlists, and those a friend shares with ``viewer`` in one of these roles."""
    shared = PlaylistCollaborator.objects.filter(
        user=viewer, role__in=roles, playlist__owner__in=friends_of(viewer)
    )
    return Q(owner=viewer) | Q(pk__in=shared.values("playlist"))


def playlist_list(*, viewer: User) -> QuerySet[Playlist]:
    """Every playlist the viewer may see, latest touched first."""
    return playlists_visible_to(viewer).order_by(F("updated_at").desc(nulls_last=True), "-pk")


def collaborators_visible_to(viewer: User) -> QuerySet[PlaylistCollaborator]:
    """Who takes part in playlists, of the people the viewer may see; by when they joined."""
    people = PlaylistCollaborator.objects.filter(user__in=listeners_visible_to(viewer))
    return people.order_by(F("since").asc(nulls_first=True), "pk")


def recommendations_received(*, viewer: User) -> QuerySet[ItemRecommendation]:
    """What friends recommend to the viewer, latest first; a friendship's end or a block takes it away."""
    rows = ItemRecommendation.objects.filter(recipient=viewer, sender__in=friends_of(viewer))
    return rows.order_by(F("sent_at").desc(nulls_last=True), "-pk")


def recommendations_sent(*, viewer: User) -> QuerySet[ItemRecommendation]:
    """What the viewer recommends to people who still are friends, latest first."""
    rows = ItemRecommendation.objects.filter(sender=viewer, recipient__in=friends_of(viewer))
    return rows.order_by(F("sent_at").desc(nulls_last=True), "-pk")


def model_version_active() -> ModelVersion | None:
    return ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).first()
