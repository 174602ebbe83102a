"""Music and listening as GraphQL types."""

from typing import Annotated

import strawberry
import strawberry_django
from django.db.models import Count, QuerySet
from strawberry import auto, relay
from strawberry.scalars import JSON
from strawberry_django.relay import DjangoListConnection

from discovery.gql.context import Info
from discovery.gql.nested import nested_connection
from graph import models
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


@strawberry_django.type(models.PlaylistEntry, description="One place in a playlist, counted from 0.")
class PlaylistEntry(relay.Node):
    track: Track
    position: auto
    added_at: auto

    @classmethod
    def get_queryset(
        cls, queryset: QuerySet[models.PlaylistEntry], info: Info
    ) -> QuerySet[models.PlaylistEntry]:
        viewer = info.context.viewer
        return queryset.none() if viewer is None else queryset.filter(playlist__owner=viewer)


@strawberry_django.type(models.Playlist, description="An ordered list of tracks of the viewer's.")
class Playlist(relay.Node):
    title: auto
    description: auto
    created_at: auto
    updated_at: auto
    entries: DjangoListConnection[PlaylistEntry] = nested_connection()

    @strawberry_django.field(
        annotate={"entry_count": Count("entries")}, description="How many entries it has."
    )
    def size(self, root: strawberry.Parent[models.Playlist]) -> int:
        # A playlist that a mutation hands back did not pass the optimizer.
        count: int | None = getattr(root, "entry_count", None)
        return root.entries.count() if count is None else count

    @classmethod
    def get_queryset(cls, queryset: QuerySet[models.Playlist], info: Info) -> QuerySet[models.Playlist]:
        viewer = info.context.viewer
        return queryset.none() if viewer is None else queryset.filter(owner=viewer)


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
