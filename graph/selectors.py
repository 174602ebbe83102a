"""What the other rooms read of music; `graph.histories` reads what people listened to.

Whose rows may be read is the callers' to ask of policies.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Length, Lower, StrIndex
from django.utils.translation import gettext as _

from accounts.compiled_query import TEXT, CompiledQuery
from accounts.conditions import Viewer, active_user
from accounts.models import User
from accounts.policies import friends_of, sees
from accounts.presentation import NOBODYS, Draft, Presented, Ref, nodes_shown, present, rows_shown
from accounts.selectors import contribution_spans
from discovery.platform.errors import NotFound
from discovery.platform.names import name_clean, name_key
from graph.models import (
    Artist,
    Deletion,
    Feedback,
    History,
    HistoryRow,
    ItemKind,
    ItemRecommendation,
    Listen,
    ModelVersion,
    Playlist,
    PlaylistCollaborator,
    Standing,
    Tag,
    Track,
)

SEARCH_LENGTH = 200  # of a search text
FURTHEST_HIT = 1000  # nobody pages further through a search
FIRST_PAGES = 100  # hits that most searches end with
ASKED_AT_ONCE = 100  # hits of which at first is asked whether the viewer may see them


# --- catalog --------------------------------------------------------------------------------


def tracks_get(ids: Collection[int]) -> QuerySet[Track]:
    """Tracks with their artists, in no particular order."""
    return Track.objects.filter(pk__in=ids).select_related("artist")


def artists_get(ids: Collection[int]) -> QuerySet[Artist]:
    return Artist.objects.filter(pk__in=ids)


def item_get(*, kind: ItemKind, item_id: int) -> Track | Artist:
    """Raises NotFound."""
    item: Track | Artist | None = (
        tracks_get([item_id]).first() if kind is ItemKind.TRACK else artists_get([item_id]).first()
    )
    if item is None:
        raise NotFound(_("There is no such item"), field="itemId")
    return item


def artists_of(tracks: Collection[int]) -> dict[int, int]:
    """By track: who stands first in its credit."""
    return dict(Track.objects.filter(pk__in=tracks).values_list("pk", "artist_id"))


def external_ids(kind: ItemKind) -> dict[int, str]:
    """By primary key: the id in the data set an item came from, or ``earshot:<key>`` for what is our own."""
    model = Track if kind is ItemKind.TRACK else Artist
    rows = model.objects.values_list("pk", "external_id").iterator()
    return {pk: external or f"earshot:{pk}" for pk, external in rows}


class Hit(NamedTuple):
    """In the order in which hits are shown."""

    rank: int  # 0 exact, 1 begins with it, 2 contains it
    size: int
    kind: ItemKind
    item_id: int

    @classmethod
    def read(cls, values: Sequence[Any]) -> Hit:
        rank, size, kind, item_id = values
        return cls(rank, size, ItemKind(kind), item_id)


class Hits(NamedTuple):
    """A page of a search: hits with their items, the last that was looked at, and whether there are more."""

    items: list[tuple[Hit, Track | Artist]]
    last: Hit | None
    has_next: bool


def search_key(text: str) -> str:
    """What is compared of a search text. Raises InvalidInput."""
    return name_key(name_clean(text, field="text", length=SEARCH_LENGTH))


def search(
    *, viewer: Viewer, text: str, kind: ItemKind | None, behind: Hit | None = None, count: int
) -> Presented[Hits]:
    """Items whose name contains ``text``, whatever its case and accents: exact hits, then those that begin
    with it, then the rest; shorter names first; of these, what the viewer may see, ``behind`` a hit. A few queries,
    however many hits. Raises InvalidInput.
    """
    key = search_key(text)
    kinds = list(ItemKind) if kind is None else [kind]
    # How many stand before the hit is not known: there may be more of them by now than when it was shown.
    most = count + 1 if behind is None else FURTHEST_HIT
    hits = sorted(hit for item_kind in kinds for hit in _hits(viewer, key, item_kind, most))[:most]
    rest = [hit for hit in hits if behind is None or hit > behind]
    page = rest[:count]

    def shown(nodes: Mapping[Ref, Any]) -> Hits:
        refs = [(hit, item_ref(hit.kind, hit.item_id)) for hit in page]
        items = [(hit, nodes[ref]) for hit, ref in refs if ref in nodes]
        return Hits(items, page[-1] if page else None, len(rest) > count)

    return present(viewer, Draft([item_ref(hit.kind, hit.item_id) for hit in page], shown, NOBODYS))


def tags_found(*, viewer: Viewer, text: str) -> Presented[QuerySet[Tag]]:
    """Tags whose word contains ``text``, whatever its case: the word itself first, then those that begin with it, then the
    rest; shorter ones first. Raises InvalidInput.
    """
    key = name_clean(text, field="text", length=SEARCH_LENGTH).lower()
    tags: QuerySet[Tag] = Tag.objects.annotate(key=Lower("name"))
    return rows_shown(viewer, _placed(tags, key))


def item_ref(kind: ItemKind, item_id: int) -> Ref:
    """The reference of an item of this kind."""
    return Ref(kind.value.title(), item_id)


def _hits(viewer: Viewer, key: str, kind: ItemKind, count: int) -> list[Hit]:
    """The first ``count`` hits of one kind, of those that the viewer may see."""
    # The rule costs more than all the rest, and what is everybody's needs it not: it is asked where there is more.
    most = FIRST_PAGES if count <= FIRST_PAGES else FURTHEST_HIT
    hits = _of_kind(kind, _everybodys(kind, most).rows(key)[:count])
    if active_user(viewer) is not None:
        hits += _seen(viewer, _of_kind(kind, _of_few(kind).rows(key)), count)
    return sorted(hits)[:count]


def _of_kind(kind: ItemKind, rows: Iterable[tuple[Any, ...]]) -> list[Hit]:
    return [Hit(rank, size, kind, pk) for rank, size, pk in rows]


def _seen(viewer: Viewer, hits: Sequence[Hit], count: int) -> list[Hit]:
    """The first ``count`` of these hits that the viewer may see. Asked of a part that grows: the first mostly suffices."""
    seen: list[Hit] = []
    start, size = 0, ASKED_AT_ONCE
    while start < len(hits) and len(seen) < count:
        part = hits[start : start + size]
        shown = nodes_shown(viewer, [item_ref(hit.kind, hit.item_id) for hit in part])
        seen += [hit for hit in part if item_ref(hit.kind, hit.item_id) in shown]
        start, size = start + size, size * 10
    return seen


def _ranked(items: QuerySet[Any], key: str) -> QuerySet[Any, Any]:
    """Rank, size and key of the items whose name contains this, first hits first.

    Not by LIKE: a compiled query knows a text, but no pattern of it.
    """
    return _placed(items, key).values_list("rank", "size", "pk")


def _placed(rows: QuerySet[Any], key: str) -> QuerySet[Any]:
    rank = Case(
        When(key=key, then=Value(0)),
        When(place=1, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    hits: QuerySet[Any] = rows.annotate(place=StrIndex("key", Value(key))).filter(place__gt=0)
    hits = hits.annotate(rank=rank, size=Length("key"))
    return hits.order_by("rank", "size", "pk")


@cache
def _everybodys(kind: ItemKind, most: int) -> CompiledQuery:
    """The first hits of a text among what is everybody's."""
    openly = _CATALOG[kind].objects.filter(standing__gt=Standing.LISTENERS)
    return CompiledQuery(lambda key, _now: _ranked(openly, key)[:most], TEXT)


@cache
def _of_few(kind: ItemKind) -> CompiledQuery:
    """All hits of a text among what is its listeners'."""
    few = _CATALOG[kind].objects.filter(standing=Standing.LISTENERS)
    return CompiledQuery(lambda key, _now: _ranked(few, key), TEXT)


_CATALOG: dict[ItemKind, Any] = {ItemKind.TRACK: Track, ItemKind.ARTIST: Artist}


# --- a listener's own -----------------------------------------------------------------------


def listen_list(*, owner: User) -> QuerySet[Listen]:
    """The owner's plays, latest first."""
    plays: QuerySet[Listen] = Listen.objects.filter(user=owner)
    return plays.order_by("-listened_at", "-pk")


def feedback_list(*, owner: User) -> QuerySet[Feedback]:
    """What the owner said of music, latest first."""
    return Feedback.objects.filter(user=owner).order_by("-given_at", "-pk")


def history_list(*, owner: User) -> QuerySet[History]:
    """What the owner handed in, latest first."""
    return History.objects.filter(user=owner).order_by("-pk")


def history_rows(history: History, *, outcome: str | None = None) -> QuerySet[HistoryRow]:
    """What of an import was not stored, in the order in which it was read."""
    rows = HistoryRow.objects.filter(history=history).order_by("pk")
    return rows if outcome is None else rows.filter(outcome=outcome)


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


def playlist_list() -> QuerySet[Playlist]:
    """Every playlist, latest touched first."""
    return Playlist.objects.order_by(F("updated_at").desc(nulls_last=True), "-pk")


def collaborators_visible_to(viewer: User) -> QuerySet[PlaylistCollaborator]:
    """Who takes part in playlists, of the people the viewer may see; by when they joined."""
    people = PlaylistCollaborator.objects.filter(sees(viewer, "user"))
    return people.order_by(F("since").asc(nulls_first=True), "pk")


def recommendations_received(*, viewer: User) -> QuerySet[ItemRecommendation]:
    """What friends recommend to the viewer, latest first; a friendship's end or a block takes it away."""
    rows = ItemRecommendation.objects.filter(recipient=viewer, sender__in=friends_of(viewer))
    return rows.order_by(F("sent_at").desc(nulls_last=True), "-pk")


def recommendations_sent(*, viewer: User) -> QuerySet[ItemRecommendation]:
    """What the viewer recommends to people who still are friends, latest first."""
    rows = ItemRecommendation.objects.filter(sender=viewer, recipient__in=friends_of(viewer))
    return rows.order_by(F("sent_at").desc(nulls_last=True), "-pk")


def deletions_after(position: int) -> list[Deletion]:
    """What people whose plays train models deleted after a position, in order: a model that old knew of it."""
    return list(Deletion.objects.filter(pk__gt=position).order_by("pk"))


def model_version_active() -> ModelVersion | None:
    return ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).first()


def models_that_saw(user: User) -> list[ModelVersion]:
    """Models trained while ``user`` granted CONTRIBUTE, newest first; served, retired or refused.

    A model's ``ledger_position`` says up to where its snapshot knew the answers; where that lies in a
    span in which the permission stood, the snapshot held what this person had played by then.
    """
    spans = contribution_spans(user)
    if not spans:
        return []
    versions = ModelVersion.objects.order_by("-created_at")
    return [version for version in versions if any(version.ledger_position in span for span in spans)]


def model_version_seen(*, viewer: Viewer, least: UUID, largest: UUID) -> ModelVersion | None:
    """The model with a key between these, where it answers now or was trained while the viewer let it."""
    somebody = active_user(viewer)
    own = [] if somebody is None else [version.pk for version in models_that_saw(somebody)]
    seen = Q(state=ModelVersion.State.ACTIVE) | Q(pk__in=own)
    return ModelVersion.objects.filter(seen, pk__gte=least, pk__lte=largest).first()
