"""Who is in a room, and who may know of it. Asked anew each time: a block or an ended friendship counts at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import pairs, policies
from accounts.compiled_query import KEYS, PERSON, Among, CompiledQuery, Keys
from accounts.groups import without_blocks
from accounts.models import User
from accounts.presentation import NOBODYS, Draft, Presented, Ref, present
from discovery.models import Room, RoomMember
from discovery.platform.errors import NotFound

MOST_PEOPLE = 10  # in a room
MOST_ROOMS = 20  # that one person is in


@dataclass(frozen=True)
class Presence:
    """A room and who is in it, in the order in which they came; the first is the host."""

    room: Room
    people: Sequence[User]

    @property
    def host(self) -> User:
        return self.people[0]


@dataclass(frozen=True)
class RoomSummaryView:
    """A room as somebody sees it from the door: ``host`` and ``invited_by`` as far as they may see them."""

    room: Room
    people: int
    inside: bool
    host: User | None
    invited_by: User | None


def people_in(room: Room) -> list[User]:
    """Who is in ``room``. Of two with a block between them, who came later is not."""
    return _together(_came([room.pk]))[room.pk]


def sweep(room: Room) -> tuple[list[User], set[int]]:
    """`people_in`, and the keys of those who came and may not be there any more."""
    came = _came([room.pk])
    people = _together(came)[room.pk]
    return people, {person.pk for person in came[room.pk]} - {person.pk for person in people}


def presence_get(*, viewer: User, room_id: int) -> Presence:
    """The room the viewer is in. Raises NotFound for every other room alike."""
    rooms: list[Room] = _ENTERED.instances(viewer, (room_id,))
    people = people_in(rooms[0]) if rooms else []
    if viewer not in people:
        raise no_room()
    return Presence(rooms[0], people)


def by_link(room: Room, host: User) -> bool:
    """Whether the host lets friends of theirs in who have the room's link."""
    return RoomMember.objects.filter(room=room, user=host, lets_in=True).exists()


def invitation_get(*, viewer: User, room: Room, people: Sequence[User]) -> RoomMember:
    """The viewer's invitation to ``room``, which ``people`` are in.

    Raises NotFound where there is none that holds: it ends when who gave it leaves or is no friend any more,
    and it does not lead to anybody with a block between them and the viewer.
    """
    row = RoomMember.objects.filter(room=room, user=viewer, joined_at=None).first()
    if row is None or not _may_enter(viewer, [row], {room.pk: people}):
        raise no_room()
    return row


def rooms_of(viewer: User) -> Presented[list[RoomSummaryView]]:
    """Rooms the viewer is in or may enter, latest touched first. Six queries."""
    rows = list(
        RoomMember.objects.filter(user=viewer)
        .select_related("room", "invited_by")
        .order_by("-room__touched_at", "-room_id")[: 2 * MOST_ROOMS]
    )
    people = _together(_came([row.room_id for row in rows]))
    open_ = _may_enter(viewer, [row for row in rows if row.joined_at is None], people)
    entered = [
        row
        for row in rows
        if (viewer in people[row.room_id] if row.joined_at is not None else row.pk in open_)
    ]
    return present(viewer, _summaries(entered, people))


def _summaries(
    rows: Sequence[RoomMember], people: Mapping[int, Sequence[User]]
) -> Draft[list[RoomSummaryView]]:
    hosts = {row.pk: Ref("Listener", people[row.room_id][0].pk) for row in rows}
    inviters = {row.pk: Ref("Listener", row.invited_by_id or 0) for row in rows if row.joined_at is None}

    def shown(nodes: Mapping[Ref, User]) -> list[RoomSummaryView]:
        return [
            RoomSummaryView(
                room=row.room, people=len(people[row.room_id]), inside=row.joined_at is not None,
                host=nodes.get(hosts[row.pk]),
                invited_by=nodes.get(inviters[row.pk]) if row.pk in inviters else None,
            )
            for row in rows
        ]  # fmt: skip

    return Draft({*hosts.values(), *inviters.values()}, shown, NOBODYS)


def rooms_with(user_ids: Iterable[int]) -> list[int]:
    """Keys of the rooms that any of these people are in."""
    rows = RoomMember.objects.filter(user__in=user_ids, joined_at__isnull=False)
    return list(rows.order_by("room_id").values_list("room_id", flat=True).distinct())


def _came(room_ids: Sequence[int]) -> dict[int, list[User]]:
    """Who came into each room and did not leave, in this order."""
    came: dict[int, list[User]] = {room_id: [] for room_id in room_ids}
    for row in _CAME.instances(room_ids):
        came[row.room_id].append(row.user)
    return came


def _together(came: Mapping[int, Sequence[User]]) -> dict[int, list[User]]:
    """Of those who came into each room, who may be there together."""
    blocked = pairs.blocked_pairs({person.pk for people in came.values() for person in people})
    return {room_id: without_blocks(people, blocked) for room_id, people in came.items()}


def _members_of(rooms: Keys, _now: datetime) -> QuerySet[RoomMember]:
    rows = RoomMember.objects.filter(Among("room_id", rooms), joined_at__isnull=False)
    return rows.select_related("user").order_by("joined_at", "pk")


_CAME = CompiledQuery(_members_of, KEYS)
_ENTERED = CompiledQuery(
    lambda viewer, rooms, _now: Room.objects.filter(
        Among("pk", rooms), members__user=viewer, members__joined_at__isnull=False
    ),
    PERSON, KEYS,
)  # fmt: skip


def _may_enter(viewer: User, rows: Sequence[RoomMember], people: Mapping[int, Sequence[User]]) -> set[int]:
    """Of these invitations to rooms with these ``people``, the keys of those that hold. Two queries."""
    friends = policies.friend_keys(viewer)
    there = {person.pk for row in rows for person in people[row.room_id]}
    blocked = pairs.blocked_pairs({viewer.pk, *there})
    return {
        row.pk
        for row in rows
        if row.invited_by_id in friends
        and row.invited_by in people[row.room_id]
        and viewer in without_blocks([*people[row.room_id], viewer], blocked)
    }


def no_room() -> NotFound:
    return NotFound(_("There is no such room."), field="roomId")
