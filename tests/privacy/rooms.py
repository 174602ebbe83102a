"""The state machine's listening room: who is in it, what plays there and by whose plays, and what they say of it."""

from dataclasses import dataclass, field

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import rule

from accounts.models import Purpose
from discovery.models import Room, RoomMember, RoomVote
from discovery.platform.errors import Conflict, NotFound
from discovery.room import services
from discovery.room.selectors import room_get
from graph.models import ItemKind, Listen
from tests.privacy.served import served
from tests.privacy.together import name_, track_

VOTE, VETO = RoomVote.Kind.VOTE, RoomVote.Kind.VETO


@dataclass
class Hall:
    """The room as its people know it."""

    pk: int
    came: list[str]  # in their order; who may not be there any more is swept out with the next act
    invited: dict[str, str] = field(default_factory=dict)  # by name: who invited them last
    words: dict[tuple[str, int], str] = field(default_factory=dict)  # votes and vetoes, by name and track
    step: int = -1
    now: int | None = None  # the track that plays
    chosen_by: frozenset[str] = frozenset()  # whose plays entered when it was chosen

    def said(self, kind, there):
        return {(name, item) for (name, item), word in self.words.items() if word == kind and name in there}


class Rooms:
    """Rules for a machine with ``hall``, ``oracle``, ``tracks``, ``user`` and ``both``: one room at a time."""

    # -- the rules again, in sets ------------------------------------------------------------------

    def _there(self):
        """Of two with a block between them, who came later is not there."""
        there = []
        for name in self.hall.came:
            if name in self.oracle.people and not any(self.oracle.apart(name, other) for other in there):
                there.append(name)
        return there

    def _sharers(self, there):
        """Whose plays enter: who lets everybody else there hear of them, by name."""
        return {
            name
            for name in there
            if all(name in self.oracle.told_of(other) for other in there if other != name)
        }

    def _heard(self, there):
        """Those of them who play anything that counts."""
        people = self.oracle.people
        return {
            name
            for name in self._sharers(there)
            if self.oracle.own(name) and any(people[name].counted.values())
        }

    def _may_join(self, name, there):
        inviter = self.hall.invited.get(name)
        return (
            inviter in there
            and self.oracle.are_friends(name, inviter)
            and not any(self.oracle.apart(name, other) for other in there)
        )

    # -- what people do there ------------------------------------------------------------------------

    @rule(name=name_, coming=st.integers(1, 4))
    def open_a_room(self, name, coming):
        """All friends are invited, and so many of them come."""
        if name not in self.oracle.people:
            return
        Room.objects.all().delete()
        friends = [other for other in sorted(self.oracle.people) if self.oracle.are_friends(name, other)]
        invited = [self.user(other) for other in friends]
        room = services.room_create(user=self.user(name), kind=ItemKind.TRACK, friends=invited)
        self.hall = Hall(room.pk, [name], dict.fromkeys(friends, name))
        self._follow()
        for other in friends[:coming]:
            self.join(other)

    @rule(name=name_, way=st.sampled_from(["unfriend", "leave", "block"]))
    def come_too_late(self, name, way):
        """Of two who are invited one comes; then who invited the other, or who came, wants to be without them."""
        invited = [other for other in sorted(self.oracle.people) if self.oracle.are_friends(name, other)]
        if len(invited) < 2:
            return
        self.open_a_room(name, coming=1)
        if way == "unfriend":
            self.unfriend(name, invited[-1])
        elif way == "leave":
            self.leave(name)
        else:
            self.block(invited[0], invited[-1])
        served.seen["an invitation ends"] += 1
        self.join(invited[-1])

    @rule(name=name_, other=name_)
    def invite(self, name, other):
        if not self.hall or not self.both(name, other):
            return
        allowed = name in self._there() and self.oracle.are_friends(name, other)
        if self._refused(services.room_invite, name, other=self.user(other)) is not None:
            assert not allowed
            return
        assert allowed, "9: who is not there invites nobody, and nobody but friends"
        self._sweep()
        if other not in self.hall.came:
            self.hall.invited[other] = name
        self._follow()

    @rule(name=name_)
    def join(self, name):
        if not self.hall or name not in self.oracle.people:
            return
        there = self._there()
        allowed = name in there or self._may_join(name, there)
        if self._refused(services.room_join, name) is not None:
            assert not allowed, "an invitation of a friend who is there holds"
            return
        assert allowed, "9: no room without an invitation that holds, and none across a block"
        self._sweep()
        if name not in there:
            del self.hall.invited[name]
            self.hall.came.append(name)
        # In a private session nobody keeps the moment of coming, and stands beside who came last.
        rows = RoomMember.objects.filter(room=self.hall.pk, joined_at__isnull=False).order_by(
            "joined_at", "pk"
        )
        order = list(rows.values_list("user__username", flat=True))
        assert sorted(order) == sorted(self.hall.came)
        self.hall.came = order
        self._follow()

    @rule(name=name_)
    def leave(self, name):
        if not self.hall or name not in self.oracle.people:
            return
        allowed = name in self.hall.came or name in self.hall.invited
        if self._refused(services.room_leave, name) is not None:
            assert not allowed
            return
        assert allowed, "9: a room one has nothing to do with is not there"
        self.hall.invited.pop(name, None)
        self.hall.came = [other for other in self.hall.came if other != name]
        self._sweep()
        if not self.hall.came:
            assert not Room.objects.filter(pk=self.hall.pk).exists(), "the last one out closes it"
            self.hall = None
            return
        self._follow()

    @rule(
        name=name_,
        track=track_,
        kind=st.sampled_from([VOTE, VOTE, VETO]),
        given=st.sampled_from([True, True, False]),
    )
    def say(self, name, track, kind, given):
        if not self.hall or name not in self.oracle.people:
            return
        item, act = self.tracks[track], services.room_vote if kind == VOTE else services.room_veto
        there, private = self._there(), self.oracle.people[name].private
        refusal = self._refused(act, name, item=item, **{kind.lower(): given})
        if name not in there:
            assert refusal is NotFound
            return
        assert (refusal is Conflict) == (private and given), (
            "11: in private nobody votes, and may take a vote back"
        )
        if refusal is not None:
            served.seen["no vote in private"] += 1
            return
        self._sweep()
        self.hall.words.pop((name, item.pk), None)
        if given:
            self.hall.words[name, item.pk] = kind
        if given and kind == VETO and item.pk == self.hall.now:
            self._moved_on()
        self._follow()

    @rule(name=name_, skipped=st.booleans())
    def room_goes_on(self, name, skipped):
        if not self.hall or name not in self.oracle.people:
            return
        step = Room.objects.get(pk=self.hall.pk).step
        if self._refused(services.room_advance, name, step=step, skipped=skipped) is not None:
            assert name not in self._there()
            return
        assert name in self._there(), "9: who is not there skips nothing"
        self._sweep()
        self._moved_on()
        self._follow()

    def _refused(self, act, name, **asked):
        """The kind of refusal that ``act`` in the room met with; None where it was done."""
        try:
            act(user=self.user(name), room_id=self.hall.pk, **asked)
        except (NotFound, Conflict) as refusal:
            return type(refusal)
        return None

    def _sweep(self):
        self.hall.came = self._there()
        self.hall.words = {key: word for key, word in self.hall.words.items() if key[0] in self.hall.came}

    def _moved_on(self):
        """What played has ended, and the votes for it with that."""
        over = {key for key in self.hall.words if key[1] == self.hall.now and self.hall.words[key] == VOTE}
        self.hall.words = {key: word for key, word in self.hall.words.items() if key not in over}

    def _follow(self):
        """What the room plays now, and by whose plays that was chosen, if it has just been."""
        room = Room.objects.get(pk=self.hall.pk)
        if room.step != self.hall.step:
            self.hall.step, self.hall.now = room.step, room.now_id
            self.hall.chosen_by = frozenset(self._heard(self._there()))

    # -- what people see there -------------------------------------------------------------------------

    @rule(name=name_)
    def look_into_the_room(self, name):
        if not self.hall or name not in self.oracle.people:
            return
        if name in self._there():
            self._room_looks_right(name)
        else:
            assert self._room(name) is None, "9: from outside there is no room"

    def room_obeyed(self, name):
        """3: at once, and after the message of the change, which has the room choose anew."""
        if not self.hall or name not in self.hall.came:
            return
        for viewer in self._there()[:1]:
            self._room_looks_right(viewer)
        services.rooms_refresh(user_ids=[self.oracle.people[name].user.pk])
        self._sweep()
        if not self.hall.came:
            self.hall = None
            return
        step, stands = self.hall.step, self.hall.chosen_by <= self._sharers(self.hall.came)
        self._follow()
        assert (self.hall.step == step) == (stands or self.hall.now is None), (
            "3: what plays ends, and nothing else"
        )
        served.seen["a room's item " + ("plays on" if stands else "ends")] += self.hall.now is not None

    def room_without(self, name):
        """19: with ``name`` goes what they said, and what their plays chose."""
        if not self.hall:
            return
        self.hall.invited.pop(name, None)
        self.hall.came = [other for other in self.hall.came if other != name]
        self._sweep()
        if there := self.hall.came:
            self.room_obeyed(there[0])
        else:
            self.hall = None

    def _room(self, name):
        try:
            return room_get(viewer=self.user(name), room_id=self.hall.pk).answer
        except NotFound:
            return None

    def _room_looks_right(self, name):
        there, visible = self._there(), self.oracle.visible(name)
        view, heard = self._room(name), self._heard(there)
        assert {member.listener.username for member in view.members} == visible & {*there}, (
            "9: nobody out of sight"
        )
        assert view.others == len({*there} - visible)
        stands = self.hall.now is not None and self.hall.chosen_by <= heard
        playing = view.now.shown.item.pk if view.now else None
        assert playing == (self.hall.now if stands else None), (
            "3: it plays while all by whose plays it was chosen share"
        )
        votes, named = self.hall.said(VOTE, there), self._named(name, there)
        for shown in filter(None, (view.now, *view.queue)):
            item = shown.shown.item.pk
            voters = {voter for voter, voted in votes if voted == item}
            assert (shown.votes, shown.voted_by_viewer) == (len(voters), name in voters), (
                "only words of who is there"
            )
            for part in shown.shown.people:
                person = part.listener.username
                assert person in named, "2: in a room, too, nobody is named who does not want to be"
                assert not part.because or person in heard, (
                    "1: nobody's plays who does not share them with all there"
                )
                assert {cited.pk for cited in part.because} <= set(self.oracle.people[person].counted), (
                    "12, 20"
                )
        assert not {shown.shown.item.pk for shown in view.queue} & {
            item for _name, item in self.hall.said(VETO, there)
        }
        measured = {member.listener.username for member in view.members if member.satisfaction is not None}
        assert measured <= named & (heard | {voter for voter, _item in votes}), "1, 2"

    def _named(self, viewer, there):
        named = {name for name in there if self.oracle.grants(name, Purpose.NAMED, viewer)} | {viewer}
        return named & self.oracle.visible(viewer)

    @rule(name=name_)
    def look_with_and_without_anothers_plays(self, name):
        """Of the first who is there and has no say in what plays."""
        there = self._there() if self.hall else []
        unheard = [other for other in there if other not in self._heard(there)]
        if name not in there or not unheard:
            return
        other = unheard[0]
        with_plays = self._queue(name)
        with transaction.atomic():
            Listen.objects.filter(user=self.oracle.people[other].user).delete()
            without = self._queue(name)
            transaction.set_rollback(True)
        served.seen["in a room without a say"] += 1
        assert with_plays == without, "1: no queue depends on plays that are not shared with everybody there"

    def _queue(self, name):
        view = self._room(name)
        lines = [(shown.shown.item.pk, shown.shown.score) for shown in filter(None, (view.now, *view.queue))]
        return lines, [member.satisfaction for member in view.members]
