"""What people allow: one answer at a time, everything at once, many people at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import policies
from accounts.conditions import PER_FRIEND
from accounts.models import (
    Consent,
    ConsentActor,
    ConsentEvent,
    ConsentState,
    Friendship,
    PersonalizationLevel,
    Purpose,
)
from accounts.policy_text import DPV_IRI, policy_text_current
from accounts.services.audit import ledger_verify
from accounts.services.consent import consent_set, consent_withdraw_all, consents_grant_many, level_set
from accounts.services.friendship import block_create, friendship_end
from accounts.signals import consent_changed
from discovery.platform.errors import Conflict, InvalidInput, NotFound
from tests.factories import answered, befriended, listener

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
P = Purpose


@pytest.fixture
def told():
    """The user ids of each ``consent_changed``, in order."""
    calls = []

    def remember(user_ids, **_):
        calls.append(user_ids)

    consent_changed.connect(remember)
    yield calls
    consent_changed.disconnect(remember)


def states(user):
    """(prior, new) of each of the user's events, in order."""
    events = ConsentEvent.objects.filter(subject=user.pseudonym).order_by("pk")
    return list(events.values_list("prior_state", "new_state"))


def epoch(user):
    return type(user).objects.get(pk=user.pk).consent_epoch


def test_an_answer_is_one_event_one_row_and_one_epoch(told, django_capture_on_commit_callbacks):
    user = listener()
    with django_capture_on_commit_callbacks(execute=True):
        consent = consent_set(user=user, purpose=P.SELF, granted=True)
        assert told == []  # nothing is told before the commit
    assert (consent.state, consent.friend, consent.valid_until) == (ConsentState.GRANTED, None, None)
    event = ConsentEvent.objects.get()
    assert (event.subject, event.purpose, event.dpv_iri) == (user.pseudonym, "SELF", DPV_IRI[P.SELF])
    assert (event.prior_state, event.new_state, event.scope) == ("UNDEFINED", "GRANTED", None)
    assert (event.actor, event.channel, event.previous_hash) == ("user", "api", "")
    assert (event.policy_version, event.policy_hash) == ("2026-11-29", policy_text_current().hash)
    assert event.event_id.version == 7
    assert epoch(user) == 1
    assert told == [frozenset({user.pk})]


def test_the_states_it_goes_through():
    user = listener()
    for granted in (False, True, False, True, False):
        consent_set(user=user, purpose=P.SELF, granted=granted)
    assert states(user) == [
        ("UNDEFINED", "DENIED"),
        ("DENIED", "GRANTED"),
        ("GRANTED", "WITHDRAWN"),
        ("WITHDRAWN", "GRANTED"),
        ("GRANTED", "WITHDRAWN"),
    ]


@pytest.mark.parametrize("granted", [True, False])
def test_the_same_answer_again_writes_nothing(granted, told, django_capture_on_commit_callbacks):
    user = listener()
    consent_set(user=user, purpose=P.SELF, granted=granted)
    with django_capture_on_commit_callbacks(execute=True):
        consent_set(user=user, purpose=P.SELF, granted=granted)
    assert (ConsentEvent.objects.count(), epoch(user), told) == (1, 1, [])


def test_the_same_key_twice_is_one_event():
    user = listener()
    consent_set(user=user, purpose=P.SELF, granted=True, idempotency_key="k1")
    consent_set(user=user, purpose=P.SELF, granted=False)
    again = consent_set(user=user, purpose=P.SELF, granted=True, idempotency_key="k1")
    assert again.state == ConsentState.WITHDRAWN  # the late duplicate does not grant anew
    assert ConsentEvent.objects.count() == 2
    with pytest.raises(Conflict):
        consent_set(user=user, purpose=P.NAMED, granted=True, idempotency_key="k1")
    consent_set(user=listener(), purpose=P.NAMED, granted=True, idempotency_key="k1")  # keys are per person


@pytest.mark.parametrize("key", ["", "x" * 65, "a\x00b", "\ud800"])
def test_a_key_that_is_none(key):
    with pytest.raises(InvalidInput):
        consent_set(user=listener(), purpose=P.SELF, granted=True, idempotency_key=key)
    assert not ConsentEvent.objects.exists()


class TestDates:
    @pytest.mark.parametrize("purpose", [P.CALENDAR, P.LOCATION])
    def test_the_calendar_and_the_place_end_after_90_days(self, purpose):
        user, now = listener(), timezone.now()
        until = consent_set(user=user, purpose=purpose, granted=True).valid_until
        assert until is not None
        assert timedelta(days=90) <= until - now < timedelta(days=90, minutes=1)
        later = now + timedelta(days=200)
        until = consent_set(user=user, purpose=purpose, granted=True, valid_until=later).valid_until
        assert until is not None
        assert until - now < timedelta(days=90, minutes=1)

    def test_a_shorter_time_holds(self):
        user, until = listener(), timezone.now() + timedelta(hours=1)
        consent_set(user=user, purpose=P.SELF, granted=True, valid_until=until)
        assert policies.permits(user, P.SELF)
        Consent.objects.update(valid_until=timezone.now())
        assert not policies.permits(user, P.SELF)

    def test_a_time_that_has_passed_is_refused(self):
        with pytest.raises(InvalidInput):
            consent_set(user=listener(), purpose=P.SELF, granted=True, valid_until=timezone.now())
        assert not Consent.objects.exists()


class TestOneFriend:
    def test_it_overrides_the_general_answer(self):
        user, ben, cleo = listener(), listener(), listener()
        befriended(user, ben, cleo)
        consent_set(user=user, purpose=P.SOCIAL_OUT, granted=True)
        consent_set(user=user, purpose=P.SOCIAL_OUT, granted=False, friend=ben)
        assert not policies.permits(user, P.SOCIAL_OUT, ben)
        assert policies.permits(user, P.SOCIAL_OUT, cleo)
        assert ConsentEvent.objects.latest("pk").scope == ben.pseudonym

    @pytest.mark.parametrize("purpose", sorted(set(P) - PER_FRIEND))
    def test_other_purposes_have_no_single_friends(self, purpose):
        user, ben = listener(), listener()
        befriended(user, ben)
        with pytest.raises(InvalidInput):
            consent_set(user=user, purpose=purpose, granted=True, friend=ben)

    def test_only_friends(self):
        with pytest.raises(NotFound):
            consent_set(user=listener(), purpose=P.NAMED, granted=True, friend=listener())
        assert not ConsentEvent.objects.exists()

    @pytest.mark.parametrize("purpose", sorted(PER_FRIEND))
    def test_a_general_no_ends_what_single_friends_were_granted_and_nothing_else(self, purpose):
        user, ben, cleo = listener(), listener(), listener()
        befriended(user, ben, cleo)
        other = min(PER_FRIEND - {purpose})
        consent_set(user=user, purpose=purpose, granted=True, friend=ben)
        consent_set(user=user, purpose=purpose, granted=False, friend=cleo)
        consent_set(user=user, purpose=other, granted=True, friend=ben)
        consent_set(user=cleo, purpose=purpose, granted=True, friend=user)
        consent_set(user=user, purpose=purpose, granted=False)
        assert not policies.permits(user, purpose, ben)
        assert policies.permits(user, other, ben)
        assert policies.permits(cleo, purpose, user)
        assert states(user)[-2:] == [("UNDEFINED", "DENIED"), ("GRANTED", "WITHDRAWN")]
        assert list(ledger_verify()) == []
        consent_set(user=user, purpose=purpose, granted=True, friend=ben)  # expressly, afterwards
        assert policies.permits(user, purpose, ben)
        assert not policies.permits(user, purpose, cleo)

    @pytest.mark.parametrize("part", [friendship_end, block_create])
    def test_parting_takes_back_what_was_granted_and_leaves_a_no(self, part):
        user, ben = listener(), listener()
        befriended(user, ben)
        consent_set(user=user, purpose=P.SOCIAL_OUT, granted=True, friend=ben)
        consent_set(user=user, purpose=P.NAMED, granted=False, friend=ben)
        consent_set(user=ben, purpose=P.NAMED, granted=True, friend=user)
        part(user=user, other=ben)
        assert states(user)[-1] == ("GRANTED", "WITHDRAWN")
        assert states(ben)[-1] == ("GRANTED", "WITHDRAWN")
        assert Consent.objects.get(user=user, purpose=P.NAMED).state == ConsentState.DENIED
        assert not Friendship.objects.exists()


def test_withdrawing_everything_is_one_step():
    user, ben = listener(), listener()
    befriended(user, ben)
    for purpose in (P.RECORD, P.SELF, P.CONTRIBUTE):
        consent_set(user=user, purpose=purpose, granted=True)
    consent_set(user=user, purpose=P.NAMED, granted=True, friend=ben)
    consent_set(user=user, purpose=P.FEEDBACK, granted=False)
    other = listener()
    consent_set(user=other, purpose=P.SELF, granted=True)

    answered(user, P.EXPERIMENT, state=ConsentState.EXPIRED)

    assert {event.purpose for event in consent_withdraw_all(user=user)} == set(P) - {P.FEEDBACK}
    answers = dict(Consent.objects.filter(user=user, friend=None).values_list("purpose", "state"))
    assert answers.keys() == set(P), "a no to every purpose, also to those never answered"
    assert {purpose for purpose, state in answers.items() if state == "WITHDRAWN"} == {
        "RECORD",
        "SELF",
        "CONTRIBUTE",
    }
    assert set(answers.values()) == {"WITHDRAWN", "DENIED"}
    assert Consent.objects.get(user=user, friend=ben).state == ConsentState.WITHDRAWN
    assert policies.permits(other, P.SELF)
    assert consent_withdraw_all(user=user) == []


def test_the_level_is_stored_and_outdates_caches():
    user = listener(level=PersonalizationLevel.OFF)
    level_set(user=user, level=PersonalizationLevel.SOCIAL)
    level_set(user=user, level=PersonalizationLevel.SOCIAL)
    user.refresh_from_db()
    assert (user.level, user.consent_epoch, user.level_chosen) == (PersonalizationLevel.SOCIAL, 1, True)


class TestManyAtOnce:
    PURPOSES = (P.SELF, P.CONTRIBUTE, P.NAMED)

    def test_it_writes_what_single_answers_would_where_there_is_none(self):
        users = [listener() for _ in range(4)]
        consent_set(user=users[0], purpose=P.SELF, granted=True)
        consent_set(user=users[1], purpose=P.SELF, granted=False)
        answered(users[3], P.SELF, state=ConsentState.EXPIRED)
        assert consents_grant_many(users=users, purposes=self.PURPOSES) == 9
        for user in (users[0], users[2]):
            assert all(policies.permits(user, purpose) for purpose in self.PURPOSES)
        assert states(users[1]) == [("UNDEFINED", "DENIED"), *[("UNDEFINED", "GRANTED")] * 2]
        assert not policies.permits(users[1], P.SELF)
        assert not policies.permits(users[3], P.SELF)  # what ran out is asked again of the person alone
        assert epoch(users[2]) == 1
        assert ConsentEvent.objects.filter(actor=ConsentActor.IMPORT, channel="import").count() == 9

    def test_nothing_is_granted_to_who_took_everything_back(self):
        user = listener()
        consent_withdraw_all(user=user)
        assert consents_grant_many(users=[user], purposes=self.PURPOSES) == 0
        assert policies.granted_purposes(user) == frozenset()

    def test_twice_is_once(self):
        users = [listener() for _ in range(3)]
        consents_grant_many(users=users, purposes=(P.SELF, P.CONTRIBUTE))
        assert consents_grant_many(users=[*users, users[0]], purposes=(P.SELF, P.CONTRIBUTE)) == 0
        assert ConsentEvent.objects.count() == 6

    def test_the_number_of_queries_does_not_grow(self, django_assert_num_queries):
        for size in (3, 30):
            users = [listener() for _ in range(size)]
            with django_assert_num_queries(8):
                consents_grant_many(users=users, purposes=(P.SELF, P.CONTRIBUTE))
