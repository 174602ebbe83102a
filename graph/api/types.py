"""Music and listening as GraphQL types."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any

import strawberry
import strawberry_django
from django.db.models import Count, Model, OuterRef, Prefetch, QuerySet, Subquery
from strawberry import auto, relay
from strawberry.scalars import JSON

from accounts.api.context import Info, ShownRows, opened
from accounts.api.types import Listener
from accounts.conditions import active_user
from accounts.models import User
from accounts.presentation import Ref, node_shown, rows_shown
from discovery.platform.covers import cover_address
from discovery.platform.graphql.nested import nested_connection
from discovery.platform.graphql.node import uuids_of
from discovery.platform.graphql.pagination import DEFAULT_PAGE, Rows, page_size
from graph import models, selectors
from graph.api.pictures import cover_words
from graph.api.playing import PlayLink, artist_cover, play_links, track_cover
from graph.models import FeedbackKind, ItemKind
from graph.training.card import events_of, model_card
from graph.training.lineage import lineage_of
from graph.words.titles import title_feeling

strawberry.enum(ItemKind, description="What can be played, liked and recommended.")
strawberry.enum(
    FeedbackKind, description="LIKE, DISLIKE and HIDE replace one another; SKIP stands beside them."
)

COVER = "The address of its picture on this installation: of a library that you connected, or drawn here."
TAGS = "Words for it: the catalog's own, then those that enough listeners chose."


class CatalogRows(ShownRows):
    """Music: asked for by its id it goes through the rule of what the viewer may see, which costs a good deal.

    Everywhere else a row brings it along that answers for it (`presentation.carry`); what none answers for, the
    execution refuses.
    """

    @classmethod
    def get_queryset(cls, queryset: QuerySet[Any], info: Info) -> QuerySet[Any]:
        return super().get_queryset(queryset, info) if info.field_name == "node" else queryset


@strawberry_django.type(models.Artist, description="A performer.")
class Artist(CatalogRows, relay.Node):
    name: auto

    @strawberry_django.field(only=["mbid"], description="MusicBrainz artist id.")
    def mbid(self, root: strawberry.Parent[models.Artist]) -> str | None:
        return root.mbid or None

    @strawberry_django.field(only=["name", "tags"], description=COVER)
    def cover(self, root: strawberry.Parent[models.Artist], info: Info) -> str:
        return artist_cover(info, root)

    @strawberry_django.field(only=["tags"], description=TAGS)
    def tags(self, root: strawberry.Parent[models.Artist]) -> list[str]:
        words: list[str] = root.tags
        return words


@strawberry_django.type(models.Track, description="A recording by one artist.")
class Track(CatalogRows, relay.Node):
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

    @strawberry_django.field(
        only=["external_id", "tags", "duration_ms", "isrc", "mbid"],
        description="Where you hear it: what sounds here first, then pages elsewhere. Empty where nowhere.",
    )
    def play(self, root: strawberry.Parent[models.Track], info: Info) -> list[PlayLink]:
        return play_links(info, root)

    @strawberry_django.field(
        only=["title", "tags", "artist__name"], select_related=["artist"], description=COVER
    )
    def cover(self, root: strawberry.Parent[models.Track], info: Info) -> str:
        return track_cover(info, root)

    @strawberry_django.field(only=["tags"], description=TAGS)
    def tags(self, root: strawberry.Parent[models.Track]) -> list[str]:
        words: list[str] = root.tags
        return words


Item = Annotated[Track | Artist, strawberry.union("Item")]


@strawberry.type
class ItemEdge:
    node: Item
    cursor: str


@strawberry_django.type(models.Tag, description="A word for music that the catalog or enough listeners use.")
class Tag(ShownRows, relay.Node):
    name: auto


@strawberry.type
class ItemConnection:
    edges: list[ItemEdge]
    page_info: relay.PageInfo
    text: strawberry.Private[str]

    @strawberry.field(
        description="Tags whose word holds the text, whatever its case; the best hits first. `startRadio` takes their ids."
    )
    def tags(self, info: Info, first: int = DEFAULT_PAGE) -> list[Tag]:
        found = opened(selectors.tags_found(viewer=info.context.viewer, text=self.text), info)
        return list(found[: page_size(first)])  # type: ignore[arg-type]  # strawberry-django types are their models


def _whole(model: type[Model], lookup: str) -> list[str]:
    """Every column of a relation, for the optimizer."""
    return [f"{lookup}__{column.name}" for column in model._meta.concrete_fields]  # noqa: SLF001  # Django documents it


@strawberry_django.type(models.Listen, description="One play of the viewer's, as one source reported it.")
class Listen(ShownRows, relay.Node):
    listened_at: auto
    ms_played: auto
    source: auto

    @strawberry_django.field(
        only=[
            *_whole(models.Naming, "naming"),
            *_whole(models.Track, "track"),
            *_whole(models.Artist, "track__artist"),
        ],
        select_related=["naming", "track", "track__artist"],
        description="What was played, in the words in which the source told it.",
    )
    def track(self, root: strawberry.Parent[models.Listen]) -> Track:
        return root.track_as_told  # type: ignore[return-value]


@strawberry_django.type(models.Feedback, description="What the viewer said of a track or artist.")
class Feedback(ShownRows, relay.Node):
    kind: FeedbackKind
    given_at: auto

    @strawberry_django.field(only=["track_id", "artist_id"], prefetch_related=["artist", "track__artist"])
    def item(self, root: strawberry.Parent[models.Feedback]) -> Item:
        return root.track or root.artist  # type: ignore[return-value]


@strawberry.enum(
    description="What somebody may do with a playlist: OWNER shares it, EDITOR changes what is in it."
)
class PlaylistRole(Enum):
    OWNER = "OWNER"
    EDITOR = "EDITOR"
    VIEWER = "VIEWER"


def _adders(info: Info) -> Prefetch[str]:
    return Prefetch("added_by", queryset=rows_shown(info.context.viewer, User.objects.all()).answer)


@strawberry_django.type(models.PlaylistEntry, description="One place in a playlist, counted from 0.")
class PlaylistEntry(ShownRows, relay.Node):
    track: Track
    position: auto
    added_at: auto

    @strawberry_django.field(
        only=["added_by_id"],
        prefetch_related=[_adders],
        description="Who added it; null where you do not see them.",
    )
    def added_by(self, root: strawberry.Parent[models.PlaylistEntry], info: Info) -> Listener | None:
        if "added_by" in root._state.fields_cache:  # noqa: SLF001  # as the optimizer fetched it
            return root.added_by  # type: ignore[return-value]
        return root.added_by_id and node_shown(info.context.viewer, Ref("Listener", root.added_by_id))  # type: ignore[return-value]


@strawberry.type(description="Somebody who takes part in a playlist.")
class PlaylistCollaborator:
    listener: Listener
    role: PlaylistRole


def _collaborators(info: Info) -> Prefetch[str]:
    return Prefetch("collaborators", queryset=_seen_collaborators(info), to_attr="seen_collaborators")


def _seen_collaborators(info: Info) -> QuerySet[models.PlaylistCollaborator]:
    """With their people, as far as the viewer sees them."""
    viewer = info.context.signed_in
    people = Prefetch("user", queryset=rows_shown(viewer, User.objects.all()).answer)
    return selectors.collaborators_visible_to(viewer).prefetch_related(people)


def _own_part(info: Info) -> Subquery:
    own = models.PlaylistCollaborator.objects.filter(playlist=OuterRef("pk"), user=info.context.signed_in)
    return Subquery(own.values("role"))


@strawberry_django.type(
    models.Playlist, description="An ordered list of tracks, of one listener or shared among friends."
)
class Playlist(ShownRows, relay.Node):
    title: auto
    description: auto
    created_at: auto
    updated_at: auto
    owner: Listener
    entries: Rows[PlaylistEntry] = nested_connection(parent="playlist_id", place="position")

    @strawberry_django.field(only=["title"], description="The address of its picture, drawn here.")
    def cover(self, root: strawberry.Parent[models.Playlist]) -> str:
        return cover_address(root.title, feeling=title_feeling(root.title))

    @strawberry_django.field(
        only=["title"], description="What its picture shows, for those who do not see it."
    )
    def cover_text(self, root: strawberry.Parent[models.Playlist]) -> str:
        return cover_words(title_feeling(root.title))

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
            PlaylistCollaborator(listener=collaborator.user, role=PlaylistRole(collaborator.role))  # type: ignore[arg-type]  # strawberry-django types are their models
            for collaborator in getattr(root, "seen_collaborators", None)
            or _seen_collaborators(info).filter(playlist=root)
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


strawberry.enum(
    models.ModelVersion.State,
    name="ModelState",
    description="Where a model stands between being made and serving nobody any more.",
)


@strawberry.type(description="One change of a model's state: for staff.")
class ModelEvent:
    was: models.ModelVersion.State | None
    became: models.ModelVersion.State
    who: str
    why: str
    at: datetime


@strawberry_django.type(models.ModelVersion, description="One trained recommender.")
class ModelVersion(relay.Node):
    state: models.ModelVersion.State
    created_at: auto
    activated_at: auto
    data_hash: auto
    ledger_position: auto

    @classmethod
    def resolve_node(cls, node_id: str, *, info: Info, **_: Any) -> models.ModelVersion | None:  # type: ignore[override]
        """The one that answers now, and those that may have seen what the viewer played."""
        least, largest = uuids_of(int(node_id))
        return selectors.model_version_seen(viewer=info.context.viewer, least=least, largest=largest)

    @strawberry_django.field(
        only=["metrics"],
        description="How it measured, and on how much: for staff alone, as exact counts tell who joined and who left.",
    )
    def metrics(self, root: strawberry.Parent[models.ModelVersion], info: Info) -> JSON | None:
        return root.metrics if _is_staff(info) else None

    @strawberry_django.field(
        only=["share"],
        description="Of those who agreed to experiments, how many a canary answers; for staff, and null of all else.",
    )
    def share(self, root: strawberry.Parent[models.ModelVersion], info: Info) -> float | None:
        return root.share if _is_staff(info) and root.share else None

    @strawberry_django.field(
        only=["lineage"],
        description="The root (SHA-256) of the tree over what it learned from, to which proofs of presence and absence lead.",
    )
    def training_root(self, root: strawberry.Parent[models.ModelVersion]) -> str | None:
        return lineage_of(root).get("trainingRoot")

    @strawberry.field(
        description="Its card, as Markdown: what it learned from, how it measured, what became of it; for staff."
    )
    def card(self, root: strawberry.Parent[models.ModelVersion], info: Info) -> str | None:
        return model_card(root) if _is_staff(info) else None

    @strawberry.field(description="What became of it, in order; for staff.")
    def events(self, root: strawberry.Parent[models.ModelVersion], info: Info) -> list[ModelEvent] | None:
        if not _is_staff(info):
            return None
        return [
            ModelEvent(
                was=models.ModelVersion.State(event.was) if event.was else None, became=models.ModelVersion.State(event.became), who=event.who, why=event.why, at=event.at
            )
            for event in events_of(root)
        ]  # fmt: skip


def _is_staff(info: Info) -> bool:
    viewer = active_user(info.context.viewer)
    return viewer is not None and viewer.is_staff


ListenConnection = Rows[Listen]
ModelVersionConnection = Rows[ModelVersion]
FeedbackConnection = Rows[Feedback]
PlaylistConnection = Rows[Playlist]
