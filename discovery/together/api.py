"""Music between people, as GraphQL: blends, taste matches, paths, activity, recommendations by hand."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any, Self

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import relay

from accounts.api.context import Info, ShownRows, ViewerPart, connection, mutation, shown
from accounts.api.mutations import listener_get
from accounts.api.repeats import row_again
from accounts.api.types import Listener, ListenerConnection
from accounts.models import User
from accounts.presentation import Presented, Ref, rows_shown
from discovery.platform.graphql.cursors import position_opened, position_sealed, viewer_of
from discovery.platform.graphql.messages import OperationInfo
from discovery.platform.graphql.node import PlainNode, node_id, node_ref
from discovery.platform.graphql.pagination import DEFAULT_PAGE, LARGEST_PAGE, Rows, page_info, page_size
from discovery.recommend.serving import DegradedReason
from discovery.together import activity, blend, communities, paths, taste
from discovery.together.activity import ActivityKind
from discovery.together.paths import LinkKind
from graph import models, selectors
from graph.api.mutations import item_get
from graph.api.types import Artist, Item, ModelVersion
from graph.models import ItemKind
from graph.services.sharing import item_recommend, recommendation_remove

ACTIVITY = "activity"  # the list that its cursors are of

strawberry.enum(ActivityKind, description="What somebody did.")
strawberry.enum(LinkKind, description="What links two things next to each other on a path.")

# --- blends ---------------------------------------------------------------------------------


@strawberry.type(description="A person in a blend.")
class BlendMember:
    listener: Listener
    satisfaction: float = strawberry.field(
        description="0 to 1: how much of the best list of this length for them alone this list holds for them."
    )


@strawberry.type(description="Somebody an item is for.")
class BlendBeneficiary:
    listener: Listener
    relevance: float = strawberry.field(description="0 (their median candidate) to 1 (their best).")
    because: list[Item] = strawberry.field(description="What they play that speaks most for it.")


@strawberry.type
class BlendItem:
    item: Item
    score: float = strawberry.field(description="The relevance to all members, on average.")
    people: list[BlendBeneficiary] = strawberry.field(description="Who it is for, the keenest first.")


@strawberry.type(
    description="One list for several people, each item chosen to lift the least-served of them highest."
    " Who does not share with the viewer, or the viewer with them, changes nothing in it."
)
class Blend:
    members: list[BlendMember]
    items: list[BlendItem]
    match: float | None = strawberry.field(description="How alike the members' tastes are, 0 to 1.")
    model_version: ModelVersion | None
    degraded: DegradedReason | None

    @classmethod
    def of(cls, presented: Presented[blend.BlendView]) -> "Blend":
        answer = presented.answer
        return cls(
            members=[
                BlendMember(listener=member.listener, satisfaction=member.satisfaction)  # type: ignore[arg-type]  # strawberry-django types are their models
                for member in answer.members
            ],
            items=[
                BlendItem(item=row.item, score=row.score, people=beneficiaries(row.people))  # type: ignore[arg-type]
                for row in answer.items
            ],
            match=answer.match,
            model_version=answer.model_version,  # type: ignore[arg-type]
            degraded=answer.degraded,
        )


def beneficiaries(people: Sequence[blend.BeneficiaryView]) -> list[BlendBeneficiary]:
    return [
        BlendBeneficiary(listener=person.listener, relevance=person.relevance, because=list(person.because))  # type: ignore[arg-type]
        for person in people
    ]


# --- taste ----------------------------------------------------------------------------------


@strawberry.type(description="Something two people both play, and which part of their plays it is.")
class SharedItem:
    item: Item
    yours: float
    theirs: float


@strawberry.type(description="Two tastes side by side, by what both let the other know.")
class TasteMatch:
    listener: Listener
    percent: int = strawberry.field(
        description="How alike what both would be recommended is; without a model, how much of the plays is the same."
    )
    shared: list[SharedItem]
    only_you: list[Item] = strawberry.field(description="What you play most and they do not.")
    only_them: list[Item] = strawberry.field(description="What they play most and you do not.")
    degraded: DegradedReason | None

    @classmethod
    def of(cls, presented: Presented[taste.TasteMatch]) -> "TasteMatch":
        match = presented.answer
        return cls(
            listener=match.listener,  # type: ignore[arg-type]
            percent=match.percent,
            shared=[
                SharedItem(item=row.item, yours=row.yours, theirs=row.theirs)  # type: ignore[arg-type]
                for row in match.shared
            ],
            only_you=list(match.only_you),  # type: ignore[arg-type]
            only_them=list(match.only_them),  # type: ignore[arg-type]
            degraded=match.degraded,
        )


# --- paths ----------------------------------------------------------------------------------


@strawberry.type(description="One step of a path.")
class Link:
    kind: LinkKind
    text: str


@strawberry.type(description="A path; links[i] lies between nodes[i] and nodes[i + 1].")
class Path:
    nodes: list[relay.Node]
    links: list[Link]
    length: int = strawberry.field(description="How many steps it has.")

    @classmethod
    def of(cls, presented: Presented[paths.Path | None]) -> Self | None:
        if (path := presented.answer) is None:
            return None
        return cls(
            nodes=list(path.nodes),  # type: ignore[arg-type]
            links=[Link(kind=link.kind, text=link.text) for link in path.links],
            length=len(path.links),
        )


@strawberry.type(description="A path under its old name; see `Path`.")
class Connection(Path):
    pass


# --- activity -------------------------------------------------------------------------------


@strawberry.type(description="Something a friend did who lets you know of it by name.")
class Activity(PlainNode):
    kind: ActivityKind
    listener: Listener
    item: Item
    at: dt.datetime

    @classmethod
    def resolve_node(cls, node_id: str, *, info: Info, **_: Any) -> "Activity | None":  # type: ignore[override]
        """One that the viewer is told of now."""
        viewer = info.context.viewer
        return (
            None if viewer is None else cls.of(activity.activity_get(viewer, *activity.deed_of(int(node_id))))
        )

    @classmethod
    def of(cls, presented: Presented[activity.Activity | None]) -> "Activity | None":
        return None if presented.answer is None else cls.shown(presented.answer)

    @classmethod
    def shown(cls, done: activity.Activity) -> "Activity":
        return cls(
            pk=done.pk,
            kind=done.kind,
            listener=done.listener,  # type: ignore[arg-type]
            item=done.item,  # type: ignore[arg-type]
            at=done.at,
        )


@strawberry.type
class ActivityEdge:
    node: Activity
    cursor: str


@strawberry.type
class ActivityConnection:
    edges: list[ActivityEdge]
    page_info: relay.PageInfo

    @classmethod
    def of(
        cls, presented: Presented[activity.ActivityPage], info: Info, *, further: bool
    ) -> "ActivityConnection":
        """``further``: whether it is a page behind another."""
        told, viewer = presented.answer, viewer_of(info)
        edges = [
            ActivityEdge(
                node=Activity.shown(done),
                cursor=position_sealed((done.at, done.kind, done.key), viewer=viewer, of=ACTIVITY),
            )
            for done in told.activities
        ]
        end = position_sealed(told.last, viewer=viewer, of=ACTIVITY) if told.last else None
        return cls(
            edges=edges, page_info=page_info(edges, has_previous=further, has_next=told.has_next, end=end)
        )


def _way(viewer: User, to: str) -> Presented[paths.Path | None]:
    kind, key = node_ref(to, "Listener", "Track", "Artist", field="id")
    return paths.connection_to(viewer, Ref(kind, key))


# --- communities ----------------------------------------------------------------------------


@strawberry.type(
    description="Listeners who play alike, at least the policy's smallest aggregate of them; who they are is not kept."
)
class Community(PlainNode):
    name: str
    tags: list[str] = strawberry.field(description="Words that set its music apart.")
    size: int = strawberry.field(
        description="About how many contributing listeners it had when it was found."
    )
    artists: list[Artist] = strawberry.field(
        description="What sets it apart, each played by at least the smallest aggregate of it."
    )
    found_at: dt.datetime

    @classmethod
    def resolve_node(cls, node_id: str, *, info: Info, **_: Any) -> "Community | None":  # type: ignore[override]
        """Everybody's, as the list of them is."""
        return next(iter(cls.of(communities.community_get(info.context.viewer, int(node_id)))), None)

    @classmethod
    def of(cls, presented: Presented[list[communities.CommunityView]]) -> "list[Community]":
        return [
            cls(
                pk=community.pk,
                name=community.name,
                tags=community.tags,
                size=community.size,
                artists=list(view.artists),  # type: ignore[arg-type]
                found_at=community.found_at,
            )
            for view in presented.answer
            for community in [view.community]
        ]


# --- recommendations by hand ----------------------------------------------------------------


@strawberry_django.type(
    models.ItemRecommendation, description="A track or artist that one friend recommends to another."
)
class ItemRecommendation(ShownRows, relay.Node):
    sender: Listener
    recipient: Listener
    note: strawberry.auto
    sent_at: strawberry.auto

    @strawberry_django.field(only=["track_id", "artist_id"], prefetch_related=["artist", "track__artist"])
    def item(self, root: strawberry.Parent[models.ItemRecommendation]) -> Item:
        return root.track or root.artist  # type: ignore[return-value]


ItemRecommendationConnection = Rows[ItemRecommendation]


@strawberry.type(description="A recommendation that is no more.")
class RemovedRecommendation:
    recommendation_id: strawberry.ID


RecommendItemPayload = Annotated[ItemRecommendation | OperationInfo, strawberry.union("RecommendItemPayload")]
RemoveRecommendationPayload = Annotated[
    RemovedRecommendation | OperationInfo, strawberry.union("RemoveRecommendationPayload")
]

# --- the fields -----------------------------------------------------------------------------


@strawberry.type
class Viewer(ViewerPart):
    """The part of ``Viewer`` that is about music between people."""

    @strawberry.field(description="One list for you and up to nine friends, and who each item of it is for.")
    def blend(
        self,
        with_: Annotated[list[strawberry.ID], strawberry.argument(name="with")],
        kind: ItemKind = ItemKind.TRACK,
        first: int = 50,
    ) -> Blend:
        others = [node_id(listener_id, "Listener", field="with") for listener_id in with_[: LARGEST_PAGE + 1]]
        return Blend.of(blend.blend(self.user, others, kind, count=page_size(first)))

    @strawberry.field(description="Your taste beside a friend's, where both share with the other.")
    def taste_match(
        self,
        with_: Annotated[strawberry.ID, strawberry.argument(name="with")],
        kind: ItemKind = ItemKind.ARTIST,
    ) -> TasteMatch:
        return TasteMatch.of(taste.taste_match(self.user, node_id(with_, "Listener", field="with"), kind))

    @connection(ListenerConnection, description="People you are not linked with who listen most like you.")
    def similar_listeners(self) -> Presented[list[User]]:
        return taste.similar_listeners(self.user)

    @strawberry.field(description="The shortest way from you to a person, track or artist that you may see.")
    def path_to(self, id: strawberry.ID) -> Path | None:  # noqa: A002
        return Path.of(_way(self.user, id))

    @strawberry.field(
        description="The way of `pathTo`, under its old name.", deprecation_reason="Ask `pathTo`."
    )
    def connection_to(self, id: strawberry.ID) -> Connection | None:  # noqa: A002
        return Connection.of(_way(self.user, id))

    @strawberry.field(description="What friends played and liked in the last 30 days, latest first.")
    def activity(self, info: Info, first: int = DEFAULT_PAGE, after: str | None = None) -> ActivityConnection:
        size, behind = page_size(first), None
        if after is not None:
            at, kind, key = position_opened(after, viewer=viewer_of(info), of=ACTIVITY)
            behind = activity.Place(
                dt.datetime.fromisoformat(str(at)), ActivityKind(str(kind)), int(key or 0)
            )
        told = activity.activity_list(self.user, behind=behind, count=size)
        return ActivityConnection.of(told, info, further=after is not None)

    @strawberry.field(
        description="What friends play at this moment, as their players say; kept for minutes and told as a play is."
    )
    def playing_now(self) -> list[Activity]:
        return [Activity.shown(done) for done in activity.playing_list(self.user).answer]

    @connection(
        ItemRecommendationConnection, moving=True, description="What friends recommend to you, latest first."
    )
    def recommendations_received(self) -> Presented[QuerySet[models.ItemRecommendation]]:
        return rows_shown(self.user, selectors.recommendations_received(viewer=self.user))

    @connection(
        ItemRecommendationConnection, moving=True, description="What you recommend to friends, latest first."
    )
    def recommendations_sent(self) -> Presented[QuerySet[models.ItemRecommendation]]:
        return rows_shown(self.user, selectors.recommendations_sent(viewer=self.user))

    @strawberry.field(
        description="The community whose music you play most, where your own plays may be used."
    )
    def community(self) -> Community | None:
        return next(iter(Community.of(communities.community_of(self.user))), None)


@strawberry.type
class Query:
    @strawberry.field(description="Communities of taste, the largest first; the same for everyone.")
    def communities(self, info: Info) -> list[Community]:
        return Community.of(communities.community_list(info.context.viewer))


@strawberry.type
class Mutation:
    @mutation(
        again=row_again("ItemRecommendation"),
        description="Recommend a track or artist to a friend, with a note; again, to change the note.",
    )
    def recommend_item(
        self, info: Info, item_id: strawberry.ID, listener_id: strawberry.ID, note: str = ""
    ) -> RecommendItemPayload:
        recommendation = item_recommend(
            sender=info.context.signed_in,
            recipient=listener_get(listener_id, info),
            item=item_get(item_id, info),
            note=note,
        )
        return shown(recommendation, info)  # type: ignore[return-value]

    @mutation(description="Take back a recommendation of yours, or put away one made to you.")
    def remove_recommendation(
        self, info: Info, recommendation_id: strawberry.ID
    ) -> RemoveRecommendationPayload:
        key = node_id(recommendation_id, "ItemRecommendation", field="recommendationId")
        recommendation_remove(user=info.context.signed_in, recommendation_id=key)
        return RemovedRecommendation(recommendation_id=recommendation_id)
