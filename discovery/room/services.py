"""Opening a room, coming and going, and saying what is to be played.

Whoever changes a room holds its row's lock, so that two skips at once are one after the other; the second
then names a step that is over and is refused. Everybody in the room is told after the commit, and whoever is
invited too where it looks another way from its door.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policies
from accounts.groups import shared_among
from accounts.intake import deliberate, ensure_kept_here
from accounts.models import User
from accounts.signals import on_device_beginning
from discovery.models import Room, RoomMember, RoomPlay, RoomVote
from discovery.platform.errors import Conflict, InvalidInput, LimitExceeded, NotAllowed, NotFound
from discovery.platform.events import door_channel, publish, room_channel
from discovery.platform.names import name_clean
from discovery.recommend.provenance import marks_of, stands
from discovery.recommend.serving import index_for, playable_kind
from discovery.room.lineup import lineup
from discovery.room.presence import (
    MOST_PEOPLE,
    MOST_ROOMS,
    by_link,
    invitation_get,
    no_room,
    rooms_with,
    sweep,
)
from discovery.room.votes import said_in
from graph.models import Artist, ItemKind, Track

TITLE_LENGTH = 80
MOST_INVITED = 50  # to one room, those who came included
IDLE = timedelta(days=7)  # after that a room nobody touched is gone


@transaction.atomic
def room_create(
    *, user: User, title: str = "", kind: ItemKind | None = None, friends: Sequence[User] = ()
) -> Room:
    """A new room with ``user`` as its host, which plays at once; ``friends`` are invited.

    Raises InvalidInput for the title, NotFound for somebody who is no friend, LimitExceeded for one room too many, and
    ConsentMissing (ON_DEVICE_ONLY) for whoever plays on their own device only: a room keeps what was played in it.
    """
    words = name_clean(title, field="title", length=TITLE_LENGTH, required=False)
    _entering(user)
    room = Room.objects.create(title=words, kind=kind or playable_kind())
    RoomMember.objects.create(room=room, user=user, joined_at=deliberate(user).about_when)
    for friend in friends:
        _invite(room, user, friend, field="with")
    _play_next(room, [user])
    _tell_doors(_doors([room.pk]))
    return room


@transaction.atomic
def room_invite(*, user: User, room_id: int, other: User) -> Room:
    """Invite a friend of ``user``, who is in the room; twice is once. Raises NotFound and LimitExceeded."""
    inside = _inside(user, room_id)
    _invite(inside.room, user, other, field="listenerId")
    _tell(inside.room)
    _tell_doors(_doors([inside.room.pk]))
    return inside.room


@transaction.atomic
def room_join(*, user: User, room_id: int) -> Room:
    """Enter a room one is invited to, or whose host lets friends in by its link; being there already is no error.

    Raises NotFound, LimitExceeded and ConsentMissing as ``room_create`` does.
    """
    room = _locked(room_id)
    people = _swept(room)
    if user in people:
        return room
    _entering(user)
    if people and by_link(room, people[0]) and user.pk in policies.friend_keys(people[0]):
        _invite(room, people[0], user, field="roomId")
    invitation = invitation_get(viewer=user, room=room, people=people)
    if len(people) >= MOST_PEOPLE:
        raise LimitExceeded(
            _("A room has at most %(most)d people.") % {"most": MOST_PEOPLE}, field="roomId", code="ROOM_FULL"
        )
    before = RoomMember.objects.filter(room=room).aggregate(last=Max("joined_at"))["last"]
    act = deliberate(user)
    invitation.joined_at = act.moment or before or act.about_when
    invitation.save(update_fields=["joined_at"])
    _settle(room, [*people, user])
    _tell(room)
    _tell_doors(_doors([room.pk]))
    return room


@transaction.atomic
def room_link_set(*, user: User, room_id: int, lets_in: bool) -> Room:
    """Whether friends of ``user``, the host, come in by the room's link alone; it ends when they are the host no more.

    Raises NotFound, and NotAllowed for somebody else in the room.
    """
    inside = _inside(user, room_id)
    if inside.people[0] != user:
        raise NotAllowed(_("This is for the host of the room."), field="roomId")
    RoomMember.objects.filter(room=inside.room, user=user).update(lets_in=lets_in)
    return inside.told()


@transaction.atomic
def room_leave(*, user: User, room_id: int) -> None:
    """Leave, or decline an invitation; what one said in the room goes along. The last one out closes it.

    Raises NotFound where there is neither.
    """
    room = _locked(room_id)
    doors = _doors([room.pk])
    RoomVote.objects.filter(room=room, user=user).delete()
    deleted, _ = RoomMember.objects.filter(room=room, user=user).delete()
    if not deleted:
        raise no_room()
    _settle(room, _swept(room))
    _tell(room)
    _tell_doors(doors)


@transaction.atomic
def room_vote(*, user: User, room_id: int, item: Artist | Track, vote: bool) -> Room:
    """Vote for an item, or take the vote back.

    Raises NotFound for the room or an item it cannot play, and InvalidInput for an item of another kind.
    """
    inside = _inside(user, room_id)
    inside.say(item, RoomVote.Kind.VOTE if vote else None)
    return inside.told()


@transaction.atomic
def room_veto(*, user: User, room_id: int, item: Artist | Track, veto: bool) -> Room:
    """Veto an item, or take the veto back; of the item that plays now, it is a skip too.

    Raises as ``room_vote``.
    """
    inside = _inside(user, room_id)
    inside.say(item, RoomVote.Kind.VETO if veto else None)
    if veto and inside.room.now_id == item.pk:
        inside.move_on(RoomPlay.Outcome.SKIPPED)
    return inside.told()


@transaction.atomic
def room_advance(*, user: User, room_id: int, step: int, skipped: bool) -> Room:
    """What plays has ended, or is ``skipped``. Raises NotFound, and Conflict where ``step`` is over."""
    inside = _inside(user, room_id)
    now = inside.room.step
    if now != step:
        raise Conflict(
            _("This room is at step %(step)d.") % {"step": now}, field="step", code="ROOM_MOVED_ON"
        )
    inside.move_on(RoomPlay.Outcome.SKIPPED if skipped else RoomPlay.Outcome.PLAYED)
    return inside.told()


def rooms_refresh(*, user_ids: Iterable[int]) -> None:
    """Something changed about these people: whoever may not be together any more parts, and the rooms are told."""
    touched = set(user_ids)
    _settle_all(
        rooms_with(touched), also=touched
    )  # an invitation may have ended for somebody who is in none of them


def _settle_all(rooms: Sequence[int], *, also: Collection[int] = ()) -> None:
    doors = _doors(rooms).union(also)
    for room_id in rooms:
        with transaction.atomic():
            room = Room.objects.select_for_update().filter(pk=room_id).first()
            if room is not None:
                _settle(room, _swept(room))
        publish([room_channel(str(room_id))], {})
    _tell_doors(doors)


def connect() -> None:
    """Listen for people who begin to play on their own device only; called once."""
    on_device_beginning.connect(_part, dispatch_uid="discovery.room")


def _part(*, user: User, **_: Any) -> None:
    """Out of every room, with all that was said there. The rooms settle once that holds: each takes its own lock."""
    rooms = rooms_with([user.pk])
    RoomVote.objects.filter(user=user).delete()
    RoomMember.objects.filter(user=user).delete()
    transaction.on_commit(lambda: _settle_all(rooms, also=[user.pk]))


def rooms_close() -> int:
    """Delete rooms that are empty or that nobody touched for ``IDLE``; return how many."""
    alone = Room.objects.exclude(members__joined_at__isnull=False)
    idle = Room.objects.filter(touched_at__lt=timezone.now() - IDLE)
    keys = {*alone.values_list("pk", flat=True), *idle.values_list("pk", flat=True)}
    doors = _doors(keys)
    Room.objects.filter(pk__in=keys).delete()
    _tell_doors(doors)
    return len(keys)


@dataclass
class Inside:
    """A room, locked, as somebody in it acts on it; ``people`` are in it."""

    room: Room
    user: User
    people: Sequence[User]

    def say(self, item: Artist | Track, kind: RoomVote.Kind | None) -> None:
        """Vote for or veto an item, or take it back (None). Raises InvalidInput, NotFound, and Conflict in private."""
        if ItemKind(self.room.kind) is not _kind_of(item):
            raise InvalidInput(_("This room plays no such things."), field="itemId", code="INVALID_KIND")
        act = deliberate(self.user)
        about: dict[str, Any] = {"room": self.room, "user": self.user, "item_id": item.pk}
        if kind is None:  # what was said before may be taken back in private too
            RoomVote.objects.filter(**about).delete()
            return
        act.ensure_vote()
        index = index_for(ItemKind(self.room.kind)).index
        if index is None or not len(index.known_rows([item.pk])):
            raise NotFound(_("This room cannot play this item."), field="itemId")
        with act.write():
            RoomVote.objects.update_or_create(**about, defaults={"kind": kind})

    def move_on(self, outcome: RoomPlay.Outcome) -> None:
        """What plays has ended; what follows plays."""
        room = self.room
        if room.now_id is not None:
            RoomPlay.objects.create(room=room, step=room.step, item_id=room.now_id, outcome=outcome)
            RoomVote.objects.filter(room=room, item_id=room.now_id, kind=RoomVote.Kind.VOTE).delete()
        room.step += 1
        _play_next(room, self.people)

    def told(self) -> Room:
        """The room, whose people are told of the change."""
        _tell(self.room)
        return self.room


def _inside(user: User, room_id: int) -> Inside:
    """The room, locked, with ``user`` in it. Raises NotFound."""
    room = _locked(room_id)
    people = _swept(room)
    if user not in people:
        raise no_room()
    return Inside(room, user, people)


def _locked(room_id: int) -> Room:
    room = Room.objects.select_for_update().filter(pk=room_id).first()
    if room is None:
        raise no_room()
    return room


def _swept(room: Room) -> list[User]:
    """Who is in the room; the rows of those who may not be there any more are deleted."""
    people, parted = sweep(room)
    if parted:
        RoomVote.objects.filter(room=room, user__in=parted).delete()
        RoomMember.objects.filter(room=room, user__in=parted).delete()
    return people


def _entering(user: User) -> None:
    """Raises LimitExceeded where ``user`` is in as many rooms as anybody may be, and ConsentMissing (ON_DEVICE_ONLY)."""
    ensure_kept_here(deliberate(user).user)
    if RoomMember.objects.filter(user=user, joined_at__isnull=False).count() >= MOST_ROOMS:
        raise LimitExceeded(
            _("You are in %(most)d rooms already.") % {"most": MOST_ROOMS}, code="TOO_MANY_ROOMS"
        )


def _invite(room: Room, user: User, other: User, *, field: str) -> None:
    """Whether there is a block between ``other`` and somebody else in the room is not to be learned here."""
    if other.pk not in policies.friend_keys(user):
        raise NotFound(_("There is no such friend."), field=field)
    if RoomMember.objects.filter(room=room).count() >= MOST_INVITED:
        raise LimitExceeded(
            _("A room has at most %(most)d guests.") % {"most": MOST_INVITED}, code="ROOM_FULL"
        )
    row, created = RoomMember.objects.get_or_create(room=room, user=other, defaults={"invited_by": user})
    if not created and row.joined_at is None and row.invited_by_id != user.pk:
        row.invited_by = user  # the newest invitation is the one that holds
        row.save(update_fields=["invited_by"])


def _play_next(room: Room, people: Sequence[User]) -> None:
    following = lineup(people, ItemKind(room.kind), None, said_in(room, people))
    room.now_id = following.lines[0].item.id if following.lines else None
    room.now_marks = list(marks_of(following.sharers))
    room.save(update_fields=["step", "now_id", "now_marks", "touched_at"])


def _tell(room: Room) -> None:
    key, step = room.pk, room.step
    transaction.on_commit(lambda: publish([room_channel(str(key))], {"step": step}))


def _doors(room_ids: Iterable[int]) -> set[int]:
    """Keys of those who are in these rooms or invited to them."""
    return set(RoomMember.objects.filter(room__in=room_ids).values_list("user_id", flat=True))


def _tell_doors(user_ids: Iterable[int]) -> None:
    channels = [door_channel(key) for key in sorted(user_ids)]
    transaction.on_commit(lambda: publish(channels, {}))


def _settle(room: Room, people: Sequence[User]) -> None:
    """Who is there has changed: without anybody the room is gone, and what may not play on among them ends."""
    if not people:
        room.delete()
    elif _is_over(room, people):
        room.step += 1
        _play_next(room, people)


def _is_over(room: Room, people: Sequence[User]) -> bool:
    """Whether what plays was chosen by plays of somebody who does not share them here any more."""
    return room.now_id is not None and not stands(room.now_marks, shared_among(people))


def _kind_of(item: Artist | Track) -> ItemKind:
    return ItemKind.ARTIST if isinstance(item, Artist) else ItemKind.TRACK
