"""A state machine that lives in the product as people would, and compares every answer with the oracle's.

What can be done and looked at stands in parts, one a room of the product; here is what they have in common.
"""

import numpy as np
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from accounts.models import Consent, PersonalizationLevel, Purpose, User
from accounts.services.consent import consents_grant_many, level_set
from discovery.models import RoomVote
from discovery.radio.session import SeedKind
from graph import snapshot
from graph.models import ItemKind, Listen, ModelVersion
from graph.serving.active_model import ServedModel
from tests import factories
from tests.discovery.small_index import small_index
from tests.privacy.acts import USED, Acts
from tests.privacy.imports import IDS, Imports
from tests.privacy.looks import Looks
from tests.privacy.oracle import Oracle, Person
from tests.privacy.previews import Previews
from tests.privacy.radios import Radios
from tests.privacy.rooms import Rooms
from tests.privacy.served import served
from tests.privacy.together import NAMES, TRACKS, Together
from tests.serving import OneIndex

# How many, who of them may not be named, and how the first two stand.
CROWDS = [
    (0, (), "friends"), (2, NAMES[:1], "friends"), (3, (), "friends"), *[(len(NAMES), (), "friends")] * 2,
    (len(NAMES), NAMES[2:3], "friends"), (len(NAMES), NAMES, "friends"), (len(NAMES), NAMES[1:], "friends"),
    (len(NAMES), NAMES[1:], "strangers"), *[(len(NAMES), NAMES, "late")] * 2, (len(NAMES), NAMES[1:], "late"),
]  # fmt: skip


class Listening(Acts, Looks, Together, Rooms, Radios, Previews, Imports, RuleBasedStateMachine):
    """One example lives in a savepoint that is rolled back."""

    def __init__(self):
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.oracle = Oracle()
        self.hall = None  # the room, where there is one
        self.radios = {}  # by name
        self.tracks = [factories.track(f"Piece {number}") for number in range(TRACKS)]
        for name in NAMES:
            self.oracle.people[name] = Person(User.objects.create(username=name, external_id=IDS[name]))
        self.train()

    def teardown(self):
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    def user(self, name):
        """As the next request would find them."""
        return User.objects.get(pk=self.oracle.people[name].user.pk)

    def both(self, name, other):
        return name != other and {name, other} <= self.oracle.people.keys()

    # -- a crowd to begin with, because three friends seldom come by chance ----------------------

    @initialize(crowd=st.sampled_from(CROWDS))
    def crowd(self, crowd):
        """So many people who allow everything, are friends and play something each, and the same thing too.

        Some may not be named; and the first two are friends like all others, not yet, or only since all others are.
        """
        size, shy, first_two = crowd
        names = NAMES[:size]
        for name in names:
            person = self.oracle.people[name]
            level_set(user=person.user, level=PersonalizationLevel.SOCIAL)
            person.level, person.chose_level = PersonalizationLevel.SOCIAL, True
            person.granted.update(USED)
            person.spoke = True
        consents_grant_many(users=[self.user(name) for name in names], purposes=USED)
        self.befriend_all(names, but=NAMES[:2] if first_two != "friends" else ())
        for name in shy:
            if name in names:
                self.answer(name, Purpose.NAMED, granted=False)
        if first_two == "late":
            self.ask(*NAMES[:2])
            self.ask(*NAMES[1::-1])
        for name in names:
            self.read(name)
        if names:
            self.meet(names)
        if shy == NAMES:  # chance seldom does this while enough of them share
            self.private_session(names[0], on=True)
            self.say(names[0], 0, RoomVote.Kind.VOTE, given=True)
            self.start_radio(names[0], names[1], SeedKind.NOTHING, 0)
            self.private_session(names[0], on=False)
            for granted in (False, True):
                self.leave_out_one_without_a_name(names[2], 0, granted)
            self.read(names[2])

    def meet(self, names):
        """In a room where all of them are, while one hears a radio of all friends, and one of a single friend."""
        self.open_a_room(names[-1], coming=len(names))
        self.start_radio(names[0], names[1], SeedKind.NOTHING, 0)
        self.start_radio(names[1], names[-1], SeedKind.FRIEND, 0)

    def befriend_all(self, names, but):
        """Each plays something of their own and something that all play; these two are no friends."""
        for place, name in enumerate(names):
            for track in (place, TRACKS - 1):
                self.listen(name, track)
            for other in names[place + 1 :]:
                if {name, other} == set(but):
                    continue
                factories.befriended(self.user(name), self.user(other))
                self.oracle.friends.add(frozenset((name, other)))

    def obeyed(self, name):
        """3: what ``name`` has just taken back is used in no answer to them or to anybody they know."""
        for viewer in sorted(self.oracle.people):
            if viewer == name or self.oracle.are_friends(viewer, name):
                self._gathers_what_is_permitted(viewer, self.user(viewer))
                self.activity_is_what_may_be_told(viewer)
                self.radio_obeyed(viewer)
        self.room_obeyed(name)

    def gone(self, name, key):
        """19: ``name``, who had this key, is nowhere any more."""
        assert not User.objects.filter(username=name).exists(), "19: the name is gone"
        assert not Listen.objects.filter(user_id=key).exists(), "19: the plays are gone"
        self.radio_gone(name, key)
        self.room_without(name)

    # -- training ---------------------------------------------------------------------------------

    @rule()
    def train(self):
        """A model of popularity, from the snapshot alone."""
        taken = snapshot.take()
        people = {
            name: contributor
            for name, contributor in self.oracle.people.items()
            if Purpose.CONTRIBUTE in contributor.granted
        }
        assert set(taken.users.tolist()) == {contributor.user.pk for contributor in people.values()}, (
            "7: contributors only"
        )
        edges = zip(
            taken.users[taken.track_plays.user].tolist(), taken.tracks[taken.track_plays.item].tolist(),
            taken.track_plays.count.tolist(), strict=True,
        )  # fmt: skip
        expected = {
            (contributor.user.pk, track, float(times))
            for contributor in people.values()
            for track, times in contributor.counted.items()
            if times
        }
        assert set(edges) == expected, "7, 12: what is excluded is not trained on"
        counts = np.bincount(
            taken.track_plays.item, weights=taken.track_plays.count, minlength=len(taken.tracks)
        )
        of = dict(zip(taken.tracks.tolist(), counts.tolist(), strict=True))
        vectors = [[1.0, number % 2, number % 3] for number in range(TRACKS)]
        index = small_index(
            vectors, ids=[t.pk for t in self.tracks], prior=[of[t.pk] / 10 for t in self.tracks]
        )
        version = ModelVersion(
            state=ModelVersion.State.ACTIVE,
            data_hash="",
            ledger_position=taken.ledger_position,
            config={},
            metrics={},
        )
        served.model = ServedModel(version, OneIndex(ItemKind.TRACK, index))

    @invariant()
    def permissions_are_what_was_said(self):
        served.steps += 1
        granted = {person.user.pk: set() for person in self.oracle.people.values()}
        rows = Consent.objects.filter(user__in=granted, friend=None, state="GRANTED")
        for user_id, purpose in rows.values_list("user_id", "purpose"):
            granted[user_id].add(purpose)
        for name, person in self.oracle.people.items():
            assert granted[person.user.pk] == person.granted, f"3, 4, 16: {name}"
