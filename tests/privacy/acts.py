"""What people do in the state machine: what they answer, whom they befriend, what they play, and that they go."""

import uuid
from datetime import timedelta

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

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
from accounts.services.consent import consent_set, consent_withdraw_all, level_set
from accounts.services.friendship import block_create, block_remove, friendship_end, friendship_request
from accounts.services.private_session import private_session_end, private_session_start
from discovery.platform.errors import Refusal
from discovery.privacy.erasure import erasure_advance, erasure_request
from graph.ingest.incoming import IncomingPlay
from graph.models import Listen, ModelVersion
from graph.services.deletion import listens_delete
from graph.services.exclusions import taste_exclusion_set
from graph.services.listening import listens_record
from tests import factories
from tests.privacy.together import name_, track_

USED = (
    Purpose.RECORD, Purpose.SELF, Purpose.CONTRIBUTE, Purpose.SOCIAL_IN, Purpose.SOCIAL_OUT, Purpose.NAMED,
    Purpose.DISCOVERABLE,
)  # fmt: skip
# Mostly yes, so that something can be seen and then taken back.
MOSTLY = st.sampled_from([True, True, True, False])


class Acts:
    """Rules for a machine with ``oracle``, ``tracks``, ``user``, ``both``, ``obeyed``, ``exported``, ``gone``, ``train`` and imports."""

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
            person.spoke = True
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
            self.oracle.people[name].spoke = True
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
            person.spoke = True
            person.towards = dict.fromkeys(person.towards, False)
            granted = Consent.objects.filter(user=person.user, state=ConsentState.GRANTED)
            assert not granted.exists(), "15: one step withdraws all"
            self.obeyed(name)

    @rule(name=name_, level=st.sampled_from([*PersonalizationLevel, *[PersonalizationLevel.SOCIAL] * 5]))
    def choose_level(self, name, level):
        if person := self.oracle.people.get(name):
            level_set(user=self.user(name), level=level)
            person.level, person.chose_level = level, True

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
        play = IncomingPlay(
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
            person.spoke = True
            assert policies.granted_purposes(self.user(name)) == person.granted, (
                "14: THIRD_PARTY and nothing else"
            )

    @precondition(lambda self: len(self.oracle.people) > 3)
    @rule(name=name_)
    def erase(self, name):
        if name in self.oracle.people:
            export, person = self.exported(name), self.oracle.people.pop(name)
            key = erasure_request(user=User.objects.get(pk=person.user.pk), confirm=name).pk
            ModelVersion.objects.all().delete()  # as if each had been replaced: see test_erasure
            assert erasure_advance(erasure_id=str(key)).state == "CLOSED"
            self.oracle.friends = {pair for pair in self.oracle.friends if name not in pair}
            self.oracle.asked = {pair for pair in self.oracle.asked if name not in pair}
            self.oracle.blocks = {pair for pair in self.oracle.blocks if name not in pair}
            for other in self.oracle.people.values():
                other.towards = {key: value for key, value in other.towards.items() if key[1] != name}
            self.gone(name, person.user.pk)
            self.stays_away(export)
            self.import_what_lastfm_knows(assume=True)
            self.train()
