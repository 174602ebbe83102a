"""A room as one of the people in it sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from accounts import policies
from accounts.models import User
from accounts.presentation import Draft, Presented, Ref, present
from discovery.models import Room
from discovery.recommend.serving import DegradedReason
from discovery.room.lineup import Chosen, Lineup, lineup
from discovery.room.presence import Presence, by_link, presence_get
from discovery.room.votes import Said, said_in
from discovery.together.blend import BlendItemView, Line, line_disclosures
from graph.models import ItemKind, ModelVersion


@dataclass(frozen=True)
class RoomMemberView:
    """Somebody in the room. ``satisfaction`` (0 to 1) with the queue is None for who does not count in it."""

    listener: User
    is_host: bool
    satisfaction: float | None


@dataclass(frozen=True)
class RoomItemView:
    """An item, for whom it is and why, as far as the viewer may know; ``votes`` for it in this room."""

    shown: BlendItemView
    votes: int
    voted_by_viewer: bool


@dataclass(frozen=True)
class RoomView:
    """``others``: how many people are there whom the viewer may not see. ``by_link``: whether friends of the host come in
    by the room's link.
    """

    room: Room
    by_link: bool
    members: Sequence[RoomMemberView]
    others: int
    now: RoomItemView | None
    queue: Sequence[RoomItemView]
    model_version: ModelVersion | None
    degraded: DegradedReason | None


def room_get(*, viewer: User, room_id: int) -> Presented[RoomView]:
    """A room the viewer is in, with its queue. Raises NotFound for every other one alike."""
    return _Look(viewer, presence_get(viewer=viewer, room_id=room_id)).presented()


def playing(room: Room) -> Chosen | None:
    """What a room plays, if it plays."""
    return None if room.now_id is None else Chosen(room.now_id, tuple(room.now_marks))


@dataclass
class _Look:
    """One look of ``viewer`` at a room they are in."""

    viewer: User
    presence: Presence

    @cached_property
    def said(self) -> Said:
        return said_in(self.presence.room, self.presence.people)

    @cached_property
    def queued(self) -> Lineup:
        room = self.presence.room
        return lineup(self.presence.people, ItemKind(room.kind), playing(room), self.said)

    @cached_property
    def named(self) -> frozenset[int]:
        """Keys of those here whom the viewer may be told of by name."""
        keys = [person.pk for person in self.presence.people]
        return policies.nameable_to(self.viewer, keys)

    @cached_property
    def lines(self) -> list[Line]:
        """What plays, if anything does, and the queue; of each line those people alone who may be named."""
        now = [self.queued.now] if self.queued.now else []
        return [
            replace(line, people=tuple(person for person in line.people if person[0] in self.named))
            for line in (*now, *self.queued.lines)
        ]

    def presented(self) -> Presented[RoomView]:
        refs = {*self._people(), *(ref for line in self.lines for ref in line.refs())}
        return present(
            self.viewer, Draft(refs, self._shown, line_disclosures(self.lines, self.queued.sharers))
        )

    def _shown(self, nodes: Mapping[Ref, Any]) -> RoomView:
        people = self._people()
        satisfaction = {key: part for key, part in self.queued.satisfaction.items() if key in self.named}
        members = [
            RoomMemberView(nodes[ref], ref.id == self.presence.host.pk, satisfaction.get(ref.id))
            for ref in people
            if ref in nodes
        ]
        items = [self._item(line, nodes) for line in self.lines]
        now, queue = (items[0], items[1:]) if self.queued.now else (None, items)
        return RoomView(
            room=self.presence.room, by_link=by_link(self.presence.room, self.presence.host), members=members, others=len(people) - len(members), now=now,
            queue=[item for item in queue if item is not None],
            model_version=self.queued.model_version, degraded=self.queued.degraded,
        )  # fmt: skip

    def _item(self, line: Line, nodes: Mapping[Ref, Any]) -> RoomItemView | None:
        votes = self.said.votes.get(line.item.id, frozenset())
        shown = line.shown(nodes)
        return None if shown is None else RoomItemView(shown, len(votes), self.viewer.pk in votes)

    def _people(self) -> list[Ref]:
        return [Ref("Listener", person.pk) for person in self.presence.people]
