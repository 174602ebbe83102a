"""A state machine that lives in the product as people would, and compares every answer with the oracle's."""

import uuid
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from accounts import policies
from accounts.middleware.gpc import refuse_third_party
from accounts.models import (
    Consent,
    ConsentEvent,
    ConsentState,
    Friendship,
    PersonalizationLevel,
    Purpose,
    User,
)
from accounts.services.audit import ledger_verify
from accounts.services.consent import consent_set, consent_withdraw_all, consents_grant_many, level_set
from accounts.services.friendship import block_create, block_remove, friendship_end, friendship_request
from accounts.services.private_session import private_session_end, private_session_start
from discovery.platform.errors import Refusal
from discovery.privacy.erasure import erasure_advance, erasure_request
from discovery.recommend import feed
from discovery.recommend.evidence import gather
from discovery.recommend.explain import ReasonKind
from graph import snapshot
from graph.models import ItemKind, Listen, ModelVersion
from graph.services.deletion import listens_delete
from graph.services.exclusions import taste_exclusion_set
from graph.services.listening import Play, listens_record
from graph.serving.active_model import ServedModel
from tests import factories
from tests.discovery.small_index import small_index
from tests.privacy.oracle import Oracle, Person
from tests.privacy.together import NAMES, TRACKS, Together, name_, track_
from tests.serving import OneIndex

USED = (
    Purpose.RECORD, Purpose.SELF, Purpose.CONTRIBUTE, Purpose.SOCIAL_IN, Purpose.SOCIAL_OUT, Purpose.NAMED,
    Purpose.DISCOVERABLE,
)  # fmt: skip
# Mostly yes, so that something can be seen and then taken back.
MOSTLY = st.sampled_from([True, True, True, False])
# How many, who of them may not be named, and how the first two stand.
CROWDS = [
    (0, (), "friends"), (2, NAMES[:1], "friends"), (3, (), "friends"), *[(len(NAMES), (), "friends")] * 2,
    (len(NAMES), NAMES[2:3], "friends"), (len(NAMES), NAMES, "friends"), (len(NAMES), NAMES[1:], "friends"),
    (len(NAMES), NAMES[1:], "strangers"), *[(len(NAMES), NAMES, "late")] * 2, (len(NAMES), NAMES[1:], "late"),
]  # fmt: skip
# What stands in for the registry's active model; steps so far, and what was met with in them.
served = SimpleNamespace(model=None, steps=0, seen=Counter())


class Listening(Together, RuleBasedStateMachine):
    """One example lives in a savepoint that is rolled back."""

    def __init__(self):
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.oracle = Oracle()
        self.tracks = [factories.track(f"Piece {number}") for number in range(TRACKS)]
        for name in NAMES:
            self.oracle.people[name] = Person(User.objects.create(username=name))
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
            person.level = PersonalizationLevel.SOCIAL
            person.granted.update(USED)
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
        if shy == NAMES:  # chance seldom does this while enough of them share
            self.private_session(names[0], on=True)
            self.private_session(names[0], on=False)

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

    # -- what people do ---------------------------------------------------------------------------

    @rule(name=name_, purpose=st.sampled_from(USED), granted=MOSTLY)
    def answer(self, name, purpose, granted):
        if person := self.oracle.people.get(name):
            key, events = uuid.uuid4().hex, []
            for _ in range(
                2
            ):  # told twice, by one key; a general no also ends what single friends were granted
                consent_set(user=self.user(name), purpose=purpose, granted=granted, idempotency_key=key)
                events.append(ConsentEvent.objects.count())
            assert events[0] == events[1], "17: one key, one event"
            (person.granted.add if granted else person.granted.discard)(purpose)
            if not granted:
                person.end_single_friends(purpose)
                self.obeyed(name)

    @rule(
        name=name_,
        other=name_,
        purpose=st.sampled_from([Purpose.SOCIAL_OUT, Purpose.NAMED, Purpose.SOCIAL_IN]),
        granted=st.booleans(),
    )
    def answer_for_one(self, name, other, purpose, granted):
        if self.both(name, other) and self.oracle.are_friends(name, other):
            consent_set(user=self.user(name), purpose=purpose, granted=granted, friend=self.user(other))
            if purpose == Purpose.SOCIAL_IN:
                self.oracle.divide(name, other)
            self.oracle.people[name].towards[purpose, other] = granted
            self.obeyed(name)

    @rule(name=name_, place=st.integers(0, 3), granted=st.booleans())
    def leave_out_one_without_a_name(self, name, place, granted):
        if nameless := name in self.oracle.people and sorted(self.oracle.nameless(name)):
            self.answer_for_one(name, nameless[place % len(nameless)], Purpose.SOCIAL_IN, granted)

    @rule(name=name_)
    def withdraw_all(self, name):
        if person := self.oracle.people.get(name):
            consent_withdraw_all(user=self.user(name))
            person.granted.clear()
            person.towards = dict.fromkeys(person.towards, False)
            granted = Consent.objects.filter(user=person.user, state=ConsentState.GRANTED)
            assert not granted.exists(), "15: one step withdraws all"
            self.obeyed(name)

    @rule(name=name_, level=st.sampled_from([*PersonalizationLevel, *[PersonalizationLevel.SOCIAL] * 5]))
    def choose_level(self, name, level):
        if person := self.oracle.people.get(name):
            level_set(user=self.user(name), level=level)
            person.level = level

    @rule(name=name_, other=name_)
    def ask(self, name, other):
        """Ask for friendship; asking back is a yes."""
        if not self.both(name, other):
            return
        pair = frozenset((name, other))
        known = other in self.oracle.visible(name)
        try:
            friendship_request(user=self.user(name), other=self.user(other))
        except Refusal as refusal:
            expected = "ALREADY_FRIENDS" if known and pair in self.oracle.friends else "NOT_FOUND"
            assert refusal.specific_code == expected, "9: hidden and absent are one"  # noqa: PT017
            return
        assert known, "9: who cannot be seen cannot be asked"
        row = Friendship.objects.get(low__in=self._pks(pair), high__in=self._pks(pair))
        if row.state == Friendship.State.ACCEPTED:
            self.oracle.befriend(name, other)
        else:
            self.oracle.asked.add(pair)

    def _pks(self, pair):
        return [self.oracle.people[name].user.pk for name in pair]

    @rule(name=name_, other=name_)
    def unfriend(self, name, other):
        if self.both(name, other) and frozenset((name, other)) in self.oracle.friends | self.oracle.asked:
            friendship_end(user=self.user(name), other=self.user(other))
            self.oracle.part(name, other)
            self.obeyed(name)
            self.obeyed(other)

    @rule(name=name_, other=name_)
    def block(self, name, other):
        if self.both(name, other) and other in self.oracle.visible(name):
            block_create(user=self.user(name), other=self.user(other))
            self.oracle.part(name, other)
            self.oracle.blocks.add((name, other))
            self.obeyed(name)
            self.obeyed(other)

    @rule(name=name_, other=name_)
    def unblock(self, name, other):
        if self.both(name, other) and (name, other) in self.oracle.blocks:
            block_remove(user=self.user(name), other=self.user(other))
            self.oracle.blocks.discard((name, other))

    @rule(name=name_, track=track_)
    def listen(self, name, track):
        if person := self.oracle.people.get(name):
            try:
                stored = self.play(name, track, timezone.now())
            except Refusal:
                stored = 0
            expected = Purpose.RECORD in person.granted and not person.private
            assert stored == expected, "11, RECORD: kept only where that is permitted"
            person.plays.update([self.tracks[track].pk] * stored)

    def play(self, name, track, moment):
        """Record one play; how many were stored."""
        play = Play(
            source="app", source_id=uuid.uuid4().hex, track=self.tracks[track].pk, listened_at=moment
        )  # fmt: skip
        return listens_record(user=self.user(name), plays=[play]).stored

    @rule(name=name_, on=st.booleans())
    def private_session(self, name, on):
        if person := self.oracle.people.get(name):
            if on:
                private_session_start(user=self.user(name))
            elif person.private:
                begun = self.user(name).private_from
                private_session_end(user=self.user(name))
                # It lasted a while, and what follows happens after it, not in its last microsecond.
                User.objects.filter(pk=person.user.pk).update(
                    private_from=begun - timedelta(seconds=3),
                    private_until=timezone.now() - timedelta(seconds=1),
                )
                person.heard_in_private.append(begun - timedelta(seconds=2))
            person.private = on
            self.obeyed(name)

    @rule(name=name_, track=track_, place=st.integers(0, 9))
    def a_play_arrives_late(self, name, track, place):
        """Of any private session that was, however many there were since."""
        person = self.oracle.people.get(name)
        if person and person.heard_in_private:
            moment = person.heard_in_private[place % len(person.heard_in_private)]
            try:
                assert self.play(name, track, moment) == 0, (
                    "11: nothing of a private session is kept, whenever it comes"
                )
            except Refusal:
                assert Purpose.RECORD not in person.granted

    @rule(name=name_, track=track_)
    def delete_plays(self, name, track):
        if person := self.oracle.people.get(name):
            item = self.tracks[track].pk
            ids = list(Listen.objects.filter(user=person.user, track=item).values_list("pk", flat=True))
            if ids:
                listens_delete(user=self.user(name), ids=ids)
            person.plays.pop(item, None)
            self.obeyed(name)

    @rule(weeks=st.sampled_from([1, 2]))
    def weeks_go_by(self, weeks):
        self.oracle.period += weeks
        factories.weeks_pass(weeks)
        for name in sorted(self.oracle.people):
            self._gathers_what_is_permitted(name, self.user(name))

    @rule(name=name_, track=track_, excluded=MOSTLY)
    def exclude(self, name, track, excluded):
        """Of what they play, where they play anything: else there is seldom anything to leave out."""
        if person := self.oracle.people.get(name):
            played = [liked for liked in self.tracks if liked.pk in person.plays] or self.tracks
            item = played[track % len(played)]
            taste_exclusion_set(user=self.user(name), thing=item, excluded=excluded)
            (person.excluded.add if excluded else person.excluded.discard)(item.pk)
            if excluded:
                self.obeyed(name)

    @rule(name=name_)
    def send_gpc(self, name):
        if person := self.oracle.people.get(name):
            refuse_third_party(self.user(name))
            assert policies.granted_purposes(self.user(name)) == person.granted, (
                "14: THIRD_PARTY and nothing else"
            )

    @precondition(lambda self: len(self.oracle.people) > 3)
    @rule(name=name_)
    def erase(self, name):
        if person := self.oracle.people.pop(name, None):
            key = erasure_request(user=User.objects.get(pk=person.user.pk), confirm=name).pk
            ModelVersion.objects.all().delete()  # as if each had been replaced: see test_erasure
            assert erasure_advance(erasure_id=str(key)).state == "CLOSED"
            self.oracle.friends = {pair for pair in self.oracle.friends if name not in pair}
            self.oracle.asked = {pair for pair in self.oracle.asked if name not in pair}
            self.oracle.blocks = {pair for pair in self.oracle.blocks if name not in pair}
            for other in self.oracle.people.values():
                other.towards = {key: value for key, value in other.towards.items() if key[1] != name}
            assert not User.objects.filter(username=name).exists(), "19: the name is gone"
            assert not Listen.objects.filter(user_id=person.user.pk).exists(), "19: the plays are gone"
            self.train()

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

    # -- what people see --------------------------------------------------------------------------

    @rule(name=name_)
    def read(self, name):
        if name not in self.oracle.people:
            return
        viewer = self.user(name)
        self._gathers_what_is_permitted(name, viewer)
        self._looks_right(name, viewer)

    def _gathers_what_is_permitted(self, name, viewer):
        names = {somebody.user.pk: other for other, somebody in self.oracle.people.items()}
        evidence = gather(viewer, ItemKind.TRACK)
        rows = zip(evidence.friend.tolist(), evidence.key_id.tolist(), evidence.amount.tolist(), strict=True)
        entering = {(names[friend] if friend else "", item): amount for friend, item, amount in rows}
        expected = {key: times for key, times in self.oracle.evidence(name).items() if times}
        served.seen.update(self.oracle.situations(name))
        assert entering == expected, "1, 3, 6, 8, 10, 12: exactly what is permitted enters"

    def _looks_right(self, name, viewer):
        allowed = {other for other, named in self.oracle.sources(name).items() if named}
        person = self.oracle.people[name]
        for answer in (
            feed.for_you(viewer, ItemKind.TRACK).answer,
            feed.from_friends(viewer, ItemKind.TRACK).answer,
        ):
            for shown in answer.items:
                known = {*person.counted, *person.excluded} if self.oracle.own(name) else set()
                assert shown.item.pk not in known, "what is known or excluded is not proposed"
                total = sum(reason.cited.contribution for reason in shown.reasons) + shown.remainder
                assert abs(total - shown.score) < 1e-4
                for reason in shown.reasons:
                    cited = {node.username for node in reason.evidence if isinstance(node, User)}
                    assert cited <= allowed & self.oracle.visible(name), (
                        "2, 20: named only where that is allowed"
                    )
                    told = {other for other in NAMES if other in reason.text.lower()}
                    assert told <= allowed, "2: nor in words"
                    if reason.cited.kind is ReasonKind.FRIEND and not cited:
                        nameless = [other for other, named in self.oracle.sources(name).items() if not named]
                        assert len(nameless) >= 3, "a count below three tells who"

    @rule(name=name_)
    def look_around(self, name):
        if name in self.oracle.people:
            seen = set(policies.listeners_visible_to(self.user(name)).values_list("username", flat=True))
            assert seen == self.oracle.visible(name), "9: blocked and hidden are out of sight"

    @rule(name=name_, other=name_)
    def read_with_and_without_anothers_plays(self, name, other):
        """Of a friend without a name, what fewer than three such friends play is not shared."""
        if self.both(name, other):
            with_plays, heard = self._answer(name), self.oracle.heard_of(name, other)
            with transaction.atomic():
                Listen.objects.filter(user=self.oracle.people[other].user).exclude(track__in=heard).delete()
                without = self._answer(name)
                transaction.set_rollback(True)
            assert with_plays == without, "1: no answer depends on plays that are not shared"

    def _answer(self, name):
        shown = feed.for_you(self.user(name), ItemKind.TRACK).answer.items
        return [
            (explanation.item.pk, explanation.score, [reason.text for reason in explanation.reasons])
            for explanation in shown
        ]

    @rule()
    def read_at_off(self):
        answers = [
            [
                (explanation.item.pk, explanation.score)
                for explanation in feed.for_you(self.user(name), ItemKind.TRACK, level=0).answer.items
            ]
            for name in self.oracle.people
        ]
        assert all(answer == answers[0] for answer in answers), "8: OFF is the same for everyone"

    @rule()
    def audit(self):
        assert list(ledger_verify()) == [], "4, 5: the chain holds, and the projection is its fold"

    @invariant()
    def permissions_are_what_was_said(self):
        served.steps += 1
        granted = {person.user.pk: set() for person in self.oracle.people.values()}
        rows = Consent.objects.filter(user__in=granted, friend=None, state="GRANTED")
        for user_id, purpose in rows.values_list("user_id", "purpose"):
            granted[user_id].add(purpose)
        for name, person in self.oracle.people.items():
            assert granted[person.user.pk] == person.granted, f"3, 4, 16: {name}"
