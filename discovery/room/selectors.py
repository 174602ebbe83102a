"""A room as one of the people in it sees it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from accounts import policies
from accounts.models import User
from discovery.models import Room
from discovery.recommend import feed
from discovery.recommend.disclosure import social_use_named
from discovery.room.lineup import Lineup, lineup
from discovery.room.presence import presence_get
from discovery.room.words import Said, said_in
from discovery.together import blend
from graph.models import ItemKind, ModelVersion


@dataclass(frozen=True)
class RoomMember:
    """Somebody in the room. ``satisfaction`` (0 to 1) with the queue is None for who does not count in it."""

    listener: User
    is_host: bool
    satisfaction: float | None


@dataclass(frozen=True)
class RoomItem:
    """An item, for whom it is and why, as far as the viewer may know; ``votes`` for it in this room."""

    shown: blend.BlendItem
    votes: int
    voted_by_viewer: bool


@dataclass(frozen=True)
class RoomView:
    """``others``: how many people are there whom the viewer may not see."""

    room: Room
    members: Sequence[RoomMember]
    others: int
    now: RoomItem | None
    queue: Sequence[RoomItem]
    model_version: ModelVersion | None
    degraded: feed.DegradedReason | None


def room_get(*, viewer: User, room_id: int) -> RoomView:
    """A room the viewer is in, with its queue. Raises NotFound for every other one alike."""
    there = presence_get(viewer=viewer, room_id=room_id)
    room, people = there.room, there.people
    said = said_in(room, people)
    found = lineup(people, ItemKind(room.kind), room.now_id, said)
    keys = [one.pk for one in people]
    visible = _keys(policies.listeners_visible_to(viewer), keys)
    named = _keys(policies.nameable_to(viewer), keys)
    items = _items(viewer, found, said, named)
    has_now = found.now is not None and bool(items) and items[0].shown.item.pk == room.now_id
    satisfaction = {key: part for key, part in found.satisfaction.items() if key in named}
    return RoomView(
        room=room,
        members=[
            RoomMember(one, one == there.host, satisfaction.get(one.pk))
            for one in people
            if one.pk in visible
        ],
        others=len(people) - len(visible),
        now=items[0] if has_now else None,
        queue=items[1:] if has_now else items,
        model_version=found.model_version,
        degraded=found.degraded,
    )


def _items(viewer: User, found: Lineup, said: Said, named: Collection[int]) -> list[RoomItem]:
    """What plays and the queue, with names; of people, those whom the viewer may be told of."""
    lines = [
        replace(line, people=tuple(one for one in line.people if found.members[one[0]].pk in named))
        for line in (*((found.now,) if found.now else ()), *found.lines)
    ]
    cited = {
        (found.members[place].pk, ref.kind.value, ref.id)
        for line in lines
        for place, _, because in line.people
        for ref in because
    }
    social_use_named(viewer, cited)
    return [
        RoomItem(shown, len(votes), viewer.pk in votes)
        for shown in blend.dress(viewer, found.members, lines)
        for votes in [said.votes.get(shown.item.pk, frozenset())]
    ]


def _keys(people: QuerySet[User], among: Collection[int]) -> set[int]:
    return set(people.filter(pk__in=among).values_list("pk", flat=True))
