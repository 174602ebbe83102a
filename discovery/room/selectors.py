"""A room as one of the people in it sees it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from accounts import policies
from accounts.models import User
from accounts.presentation import Draft, Presented, Ref, present
from discovery.models import Room
from discovery.recommend.serving import DegradedReason
from discovery.room.lineup import Chosen, Lineup, lineup
from discovery.room.presence import Presence, presence_get
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
    """``others``: how many people are there whom the viewer may not see."""

    room: Room
    members: Sequence[RoomMemberView]
    others: int
    now: RoomItemView | None
    queue: Sequence[RoomItemView]
    model_version: ModelVersion | None
    degraded: DegradedReason | None


def room_get(*, viewer: User, room_id: int) -> Presented[RoomView]:
    """A room the viewer is in, with its queue. Raises NotFound for every other one alike."""
    presence = presence_get(viewer=viewer, room_id=room_id)
    said = said_in(presence.room, presence.people)
    queued = lineup(presence.people, ItemKind(presence.room.kind), playing(presence.room), said)
    keys = [person.pk for person in presence.people]
    named = set(policies.nameable_to(viewer).filter(pk__in=keys).values_list("pk", flat=True))
    return present(viewer, _draft(viewer, presence, queued, said, named))


def playing(room: Room) -> Chosen | None:
    """What a room plays, if it plays."""
    return None if room.now_id is None else Chosen(room.now_id, tuple(room.now_marks))


def _draft(
    viewer: User, presence: Presence, queued: Lineup, said: Said, named: Collection[int]
) -> Draft[RoomView]:
    """Of each line, those people alone whom the viewer may be told of by name."""
    now = _named(queued.now, named) if queued.now else None
    queue = [_named(line, named) for line in queued.lines]
    lines = queue if now is None else [now, *queue]
    people = [Ref("Listener", person.pk) for person in presence.people]
    satisfaction = {key: part for key, part in queued.satisfaction.items() if key in named}

    def item(line: Line, nodes: Mapping[Ref, Any]) -> RoomItemView | None:
        votes = said.votes.get(line.item.id, frozenset())
        shown = line.shown(nodes)
        return None if shown is None else RoomItemView(shown, len(votes), viewer.pk in votes)

    def shown(nodes: Mapping[Ref, Any]) -> RoomView:
        members = [
            RoomMemberView(nodes[ref], ref.id == presence.host.pk, satisfaction.get(ref.id))
            for ref in people
            if ref in nodes
        ]
        items = (item(line, nodes) for line in queue)
        return RoomView(
            room=presence.room, members=members, others=len(people) - len(members),
            now=item(now, nodes) if now else None,
            queue=[each for each in items if each is not None],
            model_version=queued.model_version, degraded=queued.degraded,
        )  # fmt: skip

    refs = {*people, *(ref for line in lines for ref in line.refs())}
    return Draft(refs, shown, line_disclosures(lines, queued.sharers))


def _named(line: Line, named: Collection[int]) -> Line:
    return replace(line, people=tuple(person for person in line.people if person[0] in named))
