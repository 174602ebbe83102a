"""Music and listening as GraphQL types."""

from enum import Enum
from typing import Annotated

import strawberry
import strawberry_django
from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet, Subquery
from strawberry import auto, relay
from strawberry.scalars import JSON
from strawberry_django.relay import DjangoListConnection

from accounts.api.context import Info
from accounts.api.types import Listener
from accounts.policies import listeners_visible_to
from discovery.platform.graphql.nested import nested_connection
from graph import models, selectors
from graph.models import FeedbackKind, ItemKind

strawberry.enum(ItemKind, description="What can be played, liked and recommended.")
strawberry.enum(
    FeedbackKind, description="LIKE, DISLIKE and HIDE replace one another; SKIP stands beside them."
)

TAGS = "Words for it: the catalogue's own, then those that enough listeners chose."


@strawberry_django.type(models.Artist, description="A performer.")
class Artist(relay.Node):
    name: auto

    @strawberry_django.field(only=["mbid"], description="MusicBrainz artist id.")
    def mbid(self, root: strawberry.Parent[models.Artist]) -> str | None:
        return root.mbid or None

    @strawberry_django.field(only=["tags"], description=TAGS)
    def tags(self, root: strawberry.Parent[models.Artist]) -> list[str]:
        words: list[str] = root.tags
        return words


@strawberry_django.type(models.Track, description="A recording by one artist.")
class Track(relay.Node):
    title: auto
    artist: Artist
    duration_ms: auto

    @strawberry_django.field(only=["album"])
    def album(self, root: strawberry.Parent[models.Track]) -> str | None:
        return root.album or None

    @strawberry_django.field(only=["mbid"], description="MusicBrainz recording id.")
    def mbid(self, root: strawberry.Parent[models.Track]) -> str | None:
        return root.mbid or None

    @strawberry_django.field(only=["isrc"])
    def isrc(self, root: strawberry.Parent[models.Track]) -> str | None:
        return root.isrc or None

    @strawberry_django.field(only=["description"], description="A line of lyric or description.")
    def description(self, root: strawberry.Parent[models.Track]) -> str | None:
        return root.description or None

    @strawberry_django.field(only=["tags"], description=TAGS)
    def tags(self, root: strawberry.Parent[models.Track]) -> list[str]:
        words: list[str] = root.tags
        return words


Item = Annotated[Track | Artist, strawberry.union("Item")]


@strawberry.type
class ItemEdge:
    node: Item
    cursor: str


@strawberry.type
class ItemConnection:
    edges: list[ItemEdge]
    page_info: relay.PageInfo


@strawberry_django.type(models.Listen, description="One play of the viewer's, as one source reported it.")
class Listen(relay.Node):
    track: Track
    listened_at: auto
    ms_played: auto
    source: auto

    @classmethod
    def get_queryset(cls, queryset: QuerySet[models.Listen], info: Info) -> QuerySet[models.Listen]:
        viewer = info.context.viewer
        return queryset.none() if viewer is None else queryset.filter(user=viewer)


@strawberry.enum(
    description="What somebody may do with a playlist: OWNER shares it, EDITOR changes what is in it."
)
class PlaylistRole(Enum):
    OWNER = "OWNER"
    EDITOR = "EDITOR"
    VIEWER = "VIEWER"


def _adder_visible(info: Info) -> Exists:
    return Exists(listeners_visible_to(info.context.viewer).filter(pk=OuterRef("added_by_id")))


@strawberry_django.type(models.PlaylistEntry, description="One place in a playlist, counted from 0.")
class PlaylistEntry(relay.Node):
    track: Track
    position: auto
    added_at: auto

    @strawberry_django.field(
        only=["added_by_id"],
        annotate={"adder_visible": _adder_visible},
        prefetch_related=["added_by"],
        description="Who added it; null where you do not see them.",
    )
    def added_by(self, root: strawberry.Parent[models.PlaylistEntry], info: Info) -> Listener | None:
        seen: bool | None = getattr(root, "adder_visible", None)
        if seen is None and root.added_by is not None:  # it did not pass the optimizer
            seen = listeners_visible_to(info.context.viewer).contains(root.added_by)
        return root.added_by if seen else None  # type: ignore[return-value]

    @classmethod
    def get_queryset(
        cls, queryset: QuerySet[models.PlaylistEntry], info: Info
    ) -> QuerySet[models.PlaylistEntry]:
        viewer = info.context.viewer
        visible = selectors.playlists_visible_to(viewer) if viewer else models.Playlist.objects.none()
        return queryset.filter(playlist__in=visible)


@strawberry.type(description="Somebody who takes part in a playlist.")
class PlaylistCollaborator:
    listener: Listener
    role: PlaylistRole


def _collaborators(info: Info) -> Prefetch[str]:
    visible = selectors.collaborators_visible_to(info.context.signed_in)
    return Prefetch("collaborators", queryset=visible, to_attr="visible_collaborators")


def _own_part(info: Info) -> Subquery:
    own = models.PlaylistCollaborator.objects.filter(playlist=OuterRef("pk"), user=info.context.signed_in)
    return Subquery(own.values("role"))


@strawberry_django.type(
    models.Playlist, description="An ordered list of tracks, of one listener or shared among friends."
)
class Playlist(relay.Node):
    title: auto
    description: auto
    created_at: auto
    updated_at: auto
    owner: Listener
    entries: DjangoListConnection[PlaylistEntry] = nested_connection()

    @strawberry_django.field(
        annotate={"entry_count": Count("entries")}, description="How many entries it has."
    )
    def size(self, root: strawberry.Parent[models.Playlist]) -> int:
        # A playlist that a mutation hands back did not pass the optimizer.
        count: int | None = getattr(root, "entry_count", None)
        return root.entries.count() if count is None else count

    @strawberry_django.field(
        prefetch_related=[_collaborators],
        description="The friends it is shared with, as far as you see them.",
    )
    def collaborators(
        self, root: strawberry.Parent[models.Playlist], info: Info
    ) -> list[PlaylistCollaborator]:
        return [
            PlaylistCollaborator(listener=one.user, role=PlaylistRole(one.role))  # type: ignore[arg-type]  # strawberry-django types are their models
            for one in _visible_collaborators(root, info)
        ]

    @strawberry_django.field(
        only=["owner_id"], annotate={"own_part": _own_part}, description="What you may do with it."
    )
    def role(self, root: strawberry.Parent[models.Playlist], info: Info) -> PlaylistRole:
        viewer = info.context.signed_in
        if root.owner_id == viewer.pk:
            return PlaylistRole.OWNER
        if (part := getattr(root, "own_part", None)) is None:
            part = root.collaborators.filter(user=viewer).values_list("role", flat=True).get()
        return PlaylistRole(part)

    @classmethod
    def get_queryset(cls, queryset: QuerySet[models.Playlist], info: Info) -> QuerySet[models.Playlist]:
        viewer = info.context.viewer
        if viewer is None:
            return queryset.none()
        return queryset.filter(pk__in=selectors.playlists_visible_to(viewer).values("pk"))


def _visible_collaborators(root: models.Playlist, info: Info) -> list[models.PlaylistCollaborator]:
    """As the optimizer fetched them; asked for anew where it did not."""
    if hasattr(root, "visible_collaborators"):
        found: list[models.PlaylistCollaborator] = root.visible_collaborators
        return found
    return list(selectors.collaborators_visible_to(info.context.signed_in).filter(playlist=root))


@strawberry_django.type(models.ModelVersion, description="One trained recommender.")
class ModelVersion:
    id: strawberry.ID
    created_at: auto
    activated_at: auto
    data_hash: auto
    ledger_position: auto
    metrics: JSON


ListenConnection = DjangoListConnection[Listen]
PlaylistConnection = DjangoListConnection[Playlist]
