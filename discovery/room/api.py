"""Listening rooms, as the GraphQL schema shows them. No rule lives here: ``discovery.room`` has them."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry
from django.utils.translation import gettext as _

from accounts.api.context import Info, ViewerPart, mutation
from accounts.api.mutations import listener_get
from accounts.api.repeats import Again
from accounts.api.types import Listener
from accounts.models import User
from accounts.presentation import Presented
from discovery import models
from discovery.platform.errors import InvalidInput, NotFound
from discovery.platform.graphql.messages import OperationInfo
from discovery.platform.graphql.node import PlainNode, global_id, node_id
from discovery.recommend.serving import DegradedReason
from discovery.room import presence, selectors, services
from discovery.together.api import BlendBeneficiary, beneficiaries
from graph.api.mutations import item_get
from graph.api.types import Item, ModelVersion
from graph.models import ItemKind


@strawberry.type(description="Somebody in a room.")
class RoomMember:
    listener: Listener
    is_host: bool
    counts: bool = strawberry.field(
        description="Whether the queue goes by their taste or votes. Plays count only of those who share them, "
        "by name, with everybody in the room."
    )
    satisfaction: float | None = strawberry.field(
        description="0 to 1: how much of the best queue for them alone this one holds for them."
    )


@strawberry.type(description="An item of a room's queue.")
class RoomItem:
    item: Item
    score: float = strawberry.field(description="The relevance to all who count, on average.")
    people: list[BlendBeneficiary] = strawberry.field(
        description="Who it is for and why, as far as the viewer may know; the keenest first."
    )
    votes: int
    voted_by_you: bool

    @classmethod
    def of(cls, item: selectors.RoomItemView) -> RoomItem:
        return cls(
            item=item.shown.item, score=item.shown.score,  # type: ignore[arg-type]  # strawberry-django types are their models
            people=beneficiaries(item.shown.people), votes=item.votes, voted_by_you=item.voted_by_viewer,
        )  # fmt: skip


@strawberry.type(
    description="A room the viewer is in: one queue for everybody there, whose turn it is first. "
    "Votes, vetoes and skips count in the very next answer."
)
class Room(PlainNode):
    title: str
    kind: ItemKind
    step: int = strawberry.field(
        description="How often it moved on. Hand it back, and two skips at once count once."
    )
    by_link: bool = strawberry.field(
        description="Whether friends of the host come in with the room's id alone, as its link has it; others have to be invited."
    )
    members: list[RoomMember] = strawberry.field(description="In the order in which they came.")
    others: int = strawberry.field(description="People in the room whom the viewer may not see.")
    now: RoomItem | None = strawberry.field(description="Null where nothing is left to play.")
    queue: list[RoomItem]
    model_version: ModelVersion | None
    degraded: DegradedReason | None

    @classmethod
    def resolve_node(cls, node_id: str, *, info: Info, **_: Any) -> Room | None:  # type: ignore[override]
        """One that the viewer is in."""
        viewer = info.context.viewer
        try:
            return None if viewer is None else room_shown(viewer, int(node_id))
        except NotFound:
            return None

    @classmethod
    def of(cls, presented: Presented[selectors.RoomView]) -> Room:
        view = presented.answer
        return cls(
            pk=view.room.pk, title=view.room.title, kind=ItemKind(view.room.kind), step=view.room.step, by_link=view.by_link,
            members=[
                RoomMember(
                    listener=member.listener, is_host=member.is_host,  # type: ignore[arg-type]
                    counts=member.satisfaction is not None, satisfaction=member.satisfaction,
                )
                for member in view.members
            ],
            others=view.others,
            now=RoomItem.of(view.now) if view.now else None,
            queue=[RoomItem.of(item) for item in view.queue],
            model_version=view.model_version, degraded=view.degraded,  # type: ignore[arg-type]
        )  # fmt: skip


@strawberry.type(description="A room as one sees it from the door.")
class RoomSummary:
    id: strawberry.ID
    title: str
    kind: ItemKind
    people: int
    in_room: bool = strawberry.field(description="Whether the viewer is in it; otherwise they are invited.")
    host: Listener | None = strawberry.field(description="Null where the viewer may not see them.")
    invited_by: Listener | None

    @classmethod
    def of(cls, view: presence.RoomSummaryView) -> RoomSummary:
        return cls(
            id=_id(view.room), title=view.room.title, kind=ItemKind(view.room.kind), people=view.people,
            in_room=view.inside, host=view.host, invited_by=view.invited_by,  # type: ignore[arg-type]
        )  # fmt: skip


@strawberry.type(description="A room the viewer is no longer in.")
class LeftRoom:
    room_id: strawberry.ID


RoomPayload = Annotated[Room | OperationInfo, strawberry.union("RoomPayload")]
LeaveRoomPayload = Annotated[LeftRoom | OperationInfo, strawberry.union("LeaveRoomPayload")]


@strawberry.type
class Viewer(ViewerPart):
    @strawberry.field(description="Rooms the viewer is in or invited to, latest touched first.")
    def rooms(self) -> list[RoomSummary]:
        return rooms_shown(self.user)


@strawberry.type
class Query:
    @strawberry.field(description="A room the viewer is in; null for every other one alike.")
    def room(self, info: Info, id: strawberry.ID) -> Room | None:  # noqa: A002
        if (viewer := info.context.viewer) is None:
            return None
        try:
            return room_shown(viewer, room_key(id, field="id"))
        except (InvalidInput, NotFound):
            return None


SAME_ROOM = Again(
    lambda info, key, **_arguments: room_shown(info.context.signed_in, key),
    kept=lambda room: room.pk,
)


@strawberry.type
class Mutation:
    @mutation(
        again=SAME_ROOM,
        description="Open a room, with yourself as its host, and invite friends. It plays at once.",
    )
    def create_room(
        self,
        info: Info,
        title: str | None = None,
        kind: ItemKind | None = None,
        with_: Annotated[list[strawberry.ID] | None, strawberry.argument(name="with")] = None,
    ) -> RoomPayload:
        viewer = info.context.signed_in
        wanted = with_ or []
        if len(wanted) >= services.MOST_INVITED:
            raise InvalidInput(
                _("A room has at most %(most)d guests.") % {"most": services.MOST_INVITED}, field="with"
            )
        friends = [listener_get(friend_id, info, field="with") for friend_id in wanted]
        room = services.room_create(user=viewer, title=title or "", kind=kind, friends=friends)
        return room_shown(viewer, room.pk)

    @mutation(again=SAME_ROOM, description="Invite a friend of yours to a room you are in.")
    def invite_to_room(self, info: Info, room_id: strawberry.ID, listener_id: strawberry.ID) -> RoomPayload:
        viewer, key = info.context.signed_in, room_key(room_id)
        services.room_invite(user=viewer, room_id=key, other=listener_get(listener_id, info))
        return room_shown(viewer, key)

    @mutation(
        description="Enter a room you are invited to, or whose host is a friend of yours and lets friends in by its link."
    )
    def join_room(self, info: Info, room_id: strawberry.ID) -> RoomPayload:
        viewer, key = info.context.signed_in, room_key(room_id)
        services.room_join(user=viewer, room_id=key)
        return room_shown(viewer, key)

    @mutation(
        description="As the host: let friends of yours come in by the room's link, uninvited, for as long as you are the host; or "
        "no more. NOT_ALLOWED for others in the room."
    )
    def set_room_link(self, info: Info, room_id: strawberry.ID, lets_in: bool) -> RoomPayload:
        viewer, key = info.context.signed_in, room_key(room_id)
        services.room_link_set(user=viewer, room_id=key, lets_in=lets_in)
        return room_shown(viewer, key)

    @mutation(
        description="Leave a room, or decline an invitation. A host's place goes to who came next; "
        "with the last one the room is gone."
    )
    def leave_room(self, info: Info, room_id: strawberry.ID) -> LeaveRoomPayload:
        services.room_leave(user=info.context.signed_in, room_id=room_key(room_id))
        return LeftRoom(room_id=room_id)

    @mutation(
        again=SAME_ROOM,
        description="Vote for something to be played, in the queue or not; or take the vote back.",
    )
    def vote_in_room(
        self, info: Info, room_id: strawberry.ID, item_id: strawberry.ID, vote: bool = True
    ) -> RoomPayload:
        viewer, key = info.context.signed_in, room_key(room_id)
        services.room_vote(user=viewer, room_id=key, item=item_get(item_id, info), vote=vote)
        return room_shown(viewer, key)

    @mutation(
        again=SAME_ROOM,
        description="Keep something from being played while you are there; or take the veto back.",
    )
    def veto_in_room(
        self, info: Info, room_id: strawberry.ID, item_id: strawberry.ID, veto: bool = True
    ) -> RoomPayload:
        viewer, key = info.context.signed_in, room_key(room_id)
        services.room_veto(user=viewer, room_id=key, item=item_get(item_id, info), veto=veto)
        return room_shown(viewer, key)

    @mutation(description="Skip what plays. ROOM_MOVED_ON where somebody else was quicker.")
    def skip_in_room(self, info: Info, room_id: strawberry.ID, step: int) -> RoomPayload:
        return _advance(info, room_id, step, skipped=True)

    @mutation(description="What played has ended by itself. ROOM_MOVED_ON where somebody else was quicker.")
    def advance_room(self, info: Info, room_id: strawberry.ID, step: int) -> RoomPayload:
        return _advance(info, room_id, step, skipped=False)


def room_key(value: str, *, field: str = "roomId") -> int:
    return node_id(value, "Room", field=field)


def room_shown(viewer: User, key: int) -> Room:
    """The room as ``viewer`` sees it. Raises NotFound."""
    return Room.of(selectors.room_get(viewer=viewer, room_id=key))


def rooms_shown(viewer: User) -> list[RoomSummary]:
    """The rooms ``viewer`` is in or invited to, latest touched first."""
    return [RoomSummary.of(view) for view in presence.rooms_of(viewer).answer]


def _advance(info: Info, room_id: str, step: int, *, skipped: bool) -> Room:
    viewer, key = info.context.signed_in, room_key(room_id)
    services.room_advance(user=viewer, room_id=key, step=step, skipped=skipped)
    return room_shown(viewer, key)


def _id(room: models.Room) -> strawberry.ID:
    return strawberry.ID(global_id("Room", room.pk))
