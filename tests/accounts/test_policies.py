"""Each rule against an oracle in plain Python, on random small worlds; then the cases by name."""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import combinations, permutations
from unittest import mock

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts import hearing, pairs, policies
from accounts.conditions import PER_FRIEND
from accounts.groups import shared_among, without_blocks
from accounts.hearing import Sharing, SocialSource
from accounts.models import Consent, ConsentState, Friendship, PersonalizationLevel, Purpose, User, pair
from accounts.policies import Use
from accounts.services.private_session import private_session_start
from tests.factories import answered, befriended, blocked, listener, requested

GRANTED, DENIED, WITHDRAWN = ConsentState.GRANTED, ConsentState.DENIED, ConsentState.WITHDRAWN
L, P = PersonalizationLevel, Purpose
PURPOSES = (P.SELF, P.SOCIAL_IN, P.SOCIAL_OUT, P.NAMED, P.DISCOVERABLE, P.CONTRIBUTE)
PEOPLE = range(5)
PAIRS = [(low, high) for high in PEOPLE for low in range(high)]


def soon(ahead):
    """A moment that lies ahead, or one that has passed."""
    return timezone.now() + timedelta(hours=1 if ahead else -1)


@dataclass
class World:
    """A world in plain Python: who answered what, and who is linked with whom."""

    levels: list[int]
    active: list[bool]
    answers: dict[
        tuple[int, Purpose, int | None], str
    ]  # (person, purpose, friend | None) -> "yes" | "no" | "over" (granted, but past its date)
    links: dict[tuple[int, int], str]  # (low, high) -> "friends" | "asked"
    blocks: set[tuple[int, int]]  # (blocker, blocked)
    silent: list[bool]  # by person: whether friends without a name are, for now
    late: set[tuple[int, int]]  # (viewer, friend): not heard of yet, without a name
    private: list[bool]
    users: list[User] = field(default_factory=list)

    def store(self):
        self.users = [
            listener(
                level=level,
                is_active=active,
                unnamed_silent_until=soon(silent),
                private_until=soon(private),
            )
            for level, active, silent, private in zip(
                self.levels, self.active, self.silent, self.private, strict=True
            )
        ]
        for (person, purpose, friend), answer in self.answers.items():
            answered(
                self.users[person], purpose,
                state=DENIED if answer == "no" else GRANTED,
                friend=None if friend is None else self.users[friend],
                valid_until=timezone.now() + timedelta(hours=-1 if answer == "over" else 1),
            )  # fmt: skip
        for (low, high), link in self.links.items():
            (befriended if link == "friends" else requested)(self.users[low], self.users[high])
            Friendship.objects.filter(**pair(self.users[low], self.users[high])).update(
                low_hears_from=soon((low, high) in self.late),
                high_hears_from=soon((high, low) in self.late),
            )
        for blocker, other in self.blocks:
            blocked(self.users[blocker], self.users[other])
        return self

    # the oracle: the specification's sentences

    def grants(self, person, purpose, friend=None):
        answer = self.answers.get((person, purpose, friend), self.answers.get((person, purpose, None)))
        return self.active[person] and answer == "yes"

    def link(self, one, other):
        return self.links.get((min(one, other), max(one, other)))

    def apart(self, one, other):
        return bool({(one, other), (other, one)} & self.blocks)

    def reaches(self, source, viewer):
        return self.could_reach(source, viewer) and self.grants(viewer, P.SOCIAL_IN, source)

    def could_reach(self, source, viewer):
        """But for what the viewer says of this one friend."""
        return (
            self.active[viewer]
            and not self.private[viewer]
            and self.link(source, viewer) == "friends"
            and self.grants(source, P.SOCIAL_OUT, viewer)
            and self.grants(viewer, P.SELF)
            and self.grants(viewer, P.SOCIAL_IN)
            and self.levels[viewer] >= L.SOCIAL
            and not self.apart(source, viewer)
        )

    def sources(self, viewer):
        """Whom the viewer hears of: who may not be named in company alone."""
        nameless = [
            one
            for one in PEOPLE
            if one != viewer and self.could_reach(one, viewer) and not self.grants(one, P.NAMED, viewer)
        ]
        settled = [one for one in nameless if (viewer, one) not in self.late]
        silent = (
            len(settled) < 3 or self.silent[viewer] or any(not self.reaches(one, viewer) for one in nameless)
        )
        company = [] if silent else settled
        named = [
            one
            for one in PEOPLE
            if one != viewer and self.reaches(one, viewer) and self.grants(one, P.NAMED, viewer)
        ]
        return sorted([*named, *company])

    def sees(self, viewer, other):
        if not (self.active[viewer] and self.active[other]):
            return False
        known = viewer == other or self.link(viewer, other) or self.grants(other, P.DISCOVERABLE)
        return bool(known) and not self.apart(viewer, other)


def of_each(drawn):
    return st.lists(drawn, min_size=len(PEOPLE), max_size=len(PEOPLE))


@st.composite
def worlds(draw):
    answer = st.sampled_from(["yes", "yes", "no", "over"])
    general = st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PURPOSES), st.none())
    about_one = st.tuples(
        st.sampled_from(PEOPLE), st.sampled_from(sorted(PER_FRIEND)), st.sampled_from(PEOPLE)
    ).filter(lambda key: key[0] != key[2])
    # Most people answered most questions yes: else nearly no random world has a social source in it.
    answers = {(person, purpose, None): "yes" for person in PEOPLE for purpose in PURPOSES}
    for person in draw(st.sets(st.sampled_from(PEOPLE)) | st.just({*PEOPLE})):  # and these no to a name
        answers[person, P.NAMED, None] = "no"
    answers |= draw(st.dictionaries(general, answer, max_size=8))
    for key in draw(st.sets(general, max_size=5)):
        answers.pop(key, None)
    return World(
        levels=draw(of_each(st.sampled_from([L.OFF, L.OWN, L.SOCIAL, L.CONTEXT]))),
        active=draw(of_each(st.sampled_from([True, True, True, False]))),
        answers=answers | draw(st.dictionaries(about_one, answer, max_size=5)),
        links=draw(
            st.dictionaries(st.sampled_from(PAIRS), st.sampled_from(["friends", "friends", "asked"]))
            | st.just(dict.fromkeys(PAIRS, "friends"))
        ),
        blocks=draw(st.sets(st.sampled_from([*PAIRS, (3, 0), (2, 1)]), max_size=2)),
        silent=draw(of_each(st.sampled_from([False, False, False, True]))),
        late=draw(st.sets(st.sampled_from([*PAIRS, *((high, low) for low, high in PAIRS)]), max_size=2)),
        private=draw(of_each(st.sampled_from([False, False, False, True]))),
    )


class RulesAgree(TestCase):
    """The queryset, the predicate and the specification answer alike."""

    @settings(max_examples=25, deadline=None)
    @given(world=worlds())
    def test_everywhere(self, world):
        users = world.store().users
        social = pairs.social_pairs()
        self.check_purposes(world, users)
        for viewer, user in enumerate(users):
            visible = {pk for pk, other in enumerate(users) if world.sees(viewer, pk)}
            assert set(policies.listeners_visible_to(user)) == {users[pk] for pk in visible}
            assert set(policies.friends_of(user)) == {
                users[pk] for pk in visible if world.link(viewer, pk) == "friends"
            }
            assert policies.friend_keys(user) == {friend.pk for friend in policies.friends_of(user)}
            assert set(policies.suggestible_to(user)) == {
                users[pk]
                for pk in visible
                if pk != viewer and not world.link(viewer, pk) and world.grants(pk, P.DISCOVERABLE)
            }
            assert set(policies.bridges_for(user)) == {
                users[pk]
                for pk in visible
                if world.link(viewer, pk) == "friends"
                and world.grants(pk, P.DISCOVERABLE)
                and world.grants(viewer, P.DISCOVERABLE)
            }
            nameable = {pk for pk in visible if pk == viewer or world.grants(pk, P.NAMED, viewer)}
            keys = [other.pk for other in users]
            assert policies.nameable_to(user, keys) == {users[pk].pk for pk in nameable}
            assert policies.nameable_to(user, keys[:1]) == {users[pk].pk for pk in nameable if pk == 0}

            sources = [
                SocialSource(users[pk].pk, named=world.grants(pk, P.NAMED, viewer))
                for pk in world.sources(viewer)
            ]
            assert hearing.social_sources(user) == sources
            assert social.get(user.pk, []) == sources
            assert pairs.social_pairs([each.pk for each in users]) == social
        self.check_groups(world, users)

    def check_groups(self, world, users):
        for size in range(1, len(users) + 1):
            for group in combinations(PEOPLE, size):
                shared = {
                    users[one].pk
                    for one in group
                    if all(world.reaches(one, v) and world.grants(one, P.NAMED, v) for v in group if v != one)
                }
                assert shared_among([users[pk] for pk in group]) == shared
        blocked = pairs.blocked_pairs()
        for group in permutations(PEOPLE):
            together = [users.index(one) for one in without_blocks([users[pk] for pk in group], blocked)]
            for place, one in enumerate(group):
                earlier = [other for other in group[:place] if other in together]
                expected = world.active[one] and not any(world.apart(one, other) for other in earlier)
                assert (one in together) == expected

    def check_purposes(self, world, users):
        keys: list[tuple[Purpose, int | None]] = [(purpose, None) for purpose in PURPOSES]
        keys += [(purpose, friend) for purpose in (*PER_FRIEND, P.SELF) for friend in PEOPLE]
        for purpose, friend in keys:
            towards = None if friend is None else users[friend]
            expected = {users[pk] for pk in PEOPLE if world.grants(pk, purpose, friend)}
            assert set(policies.permitting(purpose, towards)) == expected
            assert {user for user in users if policies.permits(user, purpose, towards)} == expected


@pytest.mark.django_db
class TestEffectiveUse:
    def test_nothing_answered_is_basic_at_most(self):
        assert policies.effective_use(listener()) == Use(L.BASIC, not_used=(P.SELF, P.SOCIAL_IN))
        assert policies.effective_use(listener(level=L.OFF)) == Use(L.OFF)
        assert policies.effective_use(listener(level=L.BASIC)) == Use(L.BASIC)

    @pytest.mark.parametrize("state", [DENIED, WITHDRAWN, ConsentState.EXPIRED, ConsentState.UNDEFINED])
    def test_every_state_but_granted_acts_as_undefined(self, state):
        user = answered(listener(), P.SELF, P.SOCIAL_IN, state=state)
        assert policies.effective_use(user) == policies.effective_use(listener())

    def test_own_history(self):
        user = answered(listener(level=L.OWN), P.SELF)
        assert policies.effective_use(user) == Use(L.OWN, own=True)

    def test_friends_need_both_answers(self):
        user = answered(listener(), P.SELF)
        assert policies.effective_use(user) == Use(L.CONTEXT, own=True, not_used=(P.SOCIAL_IN,))
        answered(user, P.SOCIAL_IN)
        assert policies.effective_use(user) == Use(L.CONTEXT, own=True, friends=True)
        only_friends = answered(listener(), P.SOCIAL_IN)
        assert policies.effective_use(only_friends) == Use(L.BASIC, not_used=(P.SELF,))

    def test_a_request_lowers_and_never_raises(self):
        user = answered(listener(level=L.OWN), P.SELF, P.SOCIAL_IN)
        assert policies.effective_use(user, L.BASIC) == Use(L.BASIC)
        assert policies.effective_use(user, L.CONTEXT) == Use(L.OWN, own=True)

    @pytest.mark.parametrize("level", [L.SOCIAL, L.CONTEXT])
    def test_in_a_private_session_it_is_own_at_most(self, level):
        user = answered(listener(level=level), P.SELF, P.SOCIAL_IN)
        assert policies.effective_use(user).friends
        private_session_start(user=user)
        assert policies.effective_use(user) == policies.effective_use(user, L.CONTEXT) == Use(L.OWN, own=True)
        low = answered(listener(level=L.BASIC), P.SELF)
        private_session_start(user=low)
        assert policies.effective_use(low) == Use(L.BASIC)
        assert policies.effective_uses([user, low, user]) == [
            Use(L.OWN, own=True), Use(L.BASIC), Use(L.OWN, own=True)
        ]  # fmt: skip
        assert policies.effective_uses([user, low], L.CONTEXT) == [Use(L.OWN, own=True), Use(L.BASIC)]

    def test_consent_past_its_date_permits_nothing(self):
        user = answered(listener(level=L.OWN), P.SELF, valid_until=timezone.now())
        assert policies.effective_use(user) == Use(L.BASIC, not_used=(P.SELF,))

    def test_what_cannot_be_read_is_off(self):
        user = answered(listener(), P.SELF)
        with mock.patch.object(policies, "granted_purposes", side_effect=DatabaseError):
            assert policies.effective_use(user) == Use(L.OFF)
        user.level = 77
        assert policies.effective_use(user) == Use(L.OFF)

    @pytest.mark.parametrize("nobody", [None, AnonymousUser(), User(username="unsaved")])
    def test_nobody_uses_and_sees_nothing(self, nobody):
        befriended(answered(listener(), *P), answered(listener(), *P))
        assert policies.effective_use(nobody, L.CONTEXT) == Use(L.OFF)
        assert hearing.social_sources(nobody) == []
        for rule in (policies.listeners_visible_to, policies.suggestible_to, policies.bridges_for):
            assert list(rule(nobody)) == []


BREAKS = {
    "no friendship": lambda _viewer, _friend: Friendship.objects.all().delete(),
    "only a request": lambda _viewer, _friend: Friendship.objects.update(state="REQUESTED"),
    "not shared": lambda _viewer, _friend: Consent.objects.filter(purpose=P.SOCIAL_OUT).delete(),
    "not shared with the viewer": lambda _viewer, _friend: answered(
        _friend, P.SOCIAL_OUT, friend=_viewer, state=DENIED
    ),
    "shared until just now": lambda _viewer, _friend: Consent.objects.filter(purpose=P.SOCIAL_OUT).update(
        valid_until=timezone.now()
    ),
    "not wanted": lambda _viewer, _friend: Consent.objects.filter(purpose=P.SOCIAL_IN).delete(),
    "no profile": lambda _viewer, _friend: Consent.objects.filter(purpose=P.SELF).delete(),
    "below SOCIAL": lambda _viewer, _friend: User.objects.update(level=L.OWN),
    "blocked": lambda _viewer, _friend: blocked(_friend, _viewer),
    "blocks": blocked,
    "friend gone": lambda _viewer, _friend: User.objects.filter(pk=_friend.pk).update(is_active=False),
    "in a private session": lambda viewer, _friend: private_session_start(user=viewer),
    "viewer gone": lambda _viewer, _friend: User.objects.filter(pk=_viewer.pk).update(is_active=False),
}


@pytest.mark.django_db
@pytest.mark.parametrize("broken", [None, *BREAKS])
def test_every_condition_of_the_mutual_rule(broken):
    viewer, friend = answered(listener(), P.SELF, P.SOCIAL_IN), answered(listener(), P.SOCIAL_OUT, P.NAMED)
    befriended(viewer, friend)
    if broken:
        BREAKS[broken](viewer, friend)
    viewer.refresh_from_db()
    expected = [] if broken else [SocialSource(friend.pk, named=True)]
    assert hearing.social_sources(viewer) == pairs.social_pairs().get(viewer.pk, []) == expected


@pytest.mark.django_db
@pytest.mark.parametrize("sharing", [1, 2, 3, 4])
def test_without_a_name_three_are_heard_or_nobody(sharing):
    viewer = answered(listener(), P.SELF, P.SOCIAL_IN)
    unnamed = [answered(listener(), P.SOCIAL_OUT) for _ in range(sharing)]
    named = [answered(listener(), P.SOCIAL_OUT, P.NAMED) for _ in range(2)]
    befriended(viewer, *unnamed, *named, answered(listener(), P.NAMED))
    heard = [*unnamed, *named] if sharing >= hearing.SMALLEST_FRIEND_COUNT else named
    expected = [SocialSource(friend.pk, named=friend in named) for friend in heard]
    assert hearing.social_sources(viewer) == pairs.social_pairs()[viewer.pk] == expected


@pytest.mark.django_db
def test_a_bridge_needs_both_ends_to_be_discoverable():
    viewer, bridge = answered(listener(), P.DISCOVERABLE), answered(listener(), P.DISCOVERABLE)
    befriended(viewer, bridge)
    assert list(policies.bridges_for(viewer)) == [bridge]
    assert list(policies.bridges_for(bridge)) == [viewer]
    Consent.objects.filter(user=viewer).delete()
    assert list(policies.bridges_for(viewer)) == list(policies.bridges_for(bridge)) == []


@pytest.mark.django_db
def test_query_counts_do_not_grow(django_assert_num_queries):
    for size in (3, 30):
        viewer = answered(listener(), P.SELF, P.SOCIAL_IN)
        befriended(viewer, *(answered(listener(), P.SOCIAL_OUT) for _ in range(size)))
        with django_assert_num_queries(2):
            assert len(hearing.social_sources(viewer)) == size
        with django_assert_num_queries(4):
            assert len(pairs.social_pairs()[viewer.pk]) == size


def test_the_floors_are_those_of_the_specification():
    assert (hearing.SMALLEST_FRIEND_COUNT, policies.SMALLEST_AGGREGATE) == (3, 10)


def test_every_other_floor_is_no_more_than_people_agreed_to_for_counts(monkeypatch):
    assert [policies.floor(default) for default in (3, 5, 10)] == [3, 5, 10]
    monkeypatch.setattr(policies, "SMALLEST_AGGREGATE", 4)
    assert [policies.floor(default) for default in (3, 5, 10)] == [3, 4, 4]
    # The three friends without a name are three, whatever was agreed.
    nameless = [Sharing(SocialSource(number, named=False), wanted=True) for number in (1, 2, 3)]
    monkeypatch.setattr(policies, "SMALLEST_AGGREGATE", 1)
    assert hearing.heard(nameless[:2], silent=False) == []
    assert len(hearing.heard(nameless, silent=False)) == 3
