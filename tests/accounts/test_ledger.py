"""The ledger: append-only in the database, chained by hash, and folded into the projection."""

import copy
import hashlib
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import Consent, ConsentEvent, Purpose
from accounts.policy_text import ASKED, TEXTS, policy_text_current
from accounts.services import audit
from accounts.services.consent import consent_set, consent_withdraw_all, consents_grant_many
from accounts.services.friendship import friendship_end
from accounts.services.ledger import event_canonical, event_hash
from tests.factories import answered, befriended, listener

pytestmark = pytest.mark.sqlite

TABLES = ("accounts_consentevent", "accounts_ledgerhead", "accounts_ledgertombstone")
PUBLISHED = {
    "2026-11": "0777d082cdf1ea354bcf4b9e12f327409fb95034214567bcac6e2478b4f6061d",
    "2026-11-22": "6e8c030e8d327b10d169a9e7cbd8b7fa754b9bed536774e5cf920f7b95ec0dcd",
    "2026-11-26": "7c6be83cc8c99007a691aa778ea8cefc64bce22a48cffc74614a0a1faacea2db",
    "2026-11-27": "f75a4903d5851fca2987f415a787617dd953adbdd2757c78fbd84a37961b638a",
    "2026-11-28": "05626b6c0cf9edbd12f38f6f79db555afb55846191e66b6f0da5ee6a5337e4e0",
    "2026-11-29": "579b140291e35573a11313077a411a6843497ace3608a03b216fa5c08c687327",
}


@st.composite
def steps(draw):
    """Actions of three people, two of whom are friends to begin with."""
    person, purpose = st.integers(0, 2), st.sampled_from(ASKED)
    return draw(
        st.lists(
            st.one_of(
                st.tuples(st.just("answer"), person, purpose, st.booleans()),
                st.tuples(st.just("friend"), st.sampled_from(["SOCIAL_OUT", "NAMED"]), st.booleans()),
                st.tuples(st.just("withdraw all"), person),
                st.tuples(st.just("unfriend")),
                st.tuples(st.just("many"), st.sets(purpose, max_size=3)),
            ),
            max_size=12,
        )
    )


class FoldIsProjection(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(steps=steps())
    def test_at_all_times(self, steps):
        people = [answered(listener(), Purpose.DISCOVERABLE) for _ in range(3)]
        Consent.objects.all().delete()  # known to be visible once, and nothing in the ledger
        befriended(people[0], people[1])
        friends = True
        for step in steps:
            match step:
                case ("answer", person, purpose, granted):
                    consent_set(user=people[person], purpose=purpose, granted=granted)
                case ("friend", purpose, granted) if friends:
                    consent_set(user=people[0], purpose=purpose, granted=granted, friend=people[1])
                case ("withdraw all", person):
                    consent_withdraw_all(user=people[person])
                case ("unfriend",) if friends:
                    friendship_end(user=people[1], other=people[0])
                    friends = False
                case ("many", purposes):
                    consents_grant_many(users=people, purposes=purposes)
            assert list(audit.ledger_verify()) == []
        before = set(Consent.objects.values_list("user", "purpose", "friend", "state", "valid_until"))
        assert audit.consents_rebuild() == 0
        assert set(Consent.objects.values_list("user", "purpose", "friend", "state", "valid_until")) == before


@pytest.fixture
def events(db):
    """Four events of one person, and two of another."""
    ada, ben = listener("ada"), listener("ben")
    for granted in (True, False):
        for purpose in (Purpose.SELF, Purpose.NAMED):
            consent_set(user=ada, purpose=purpose, granted=granted)
    consents_grant_many(users=[ben], purposes=(Purpose.SELF, Purpose.RECORD))
    return list(ConsentEvent.objects.order_by("pk"))


@pytest.mark.django_db
class TestTheDatabaseRefuses:
    def test_update(self, events):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            ConsentEvent.objects.filter(pk=events[0].pk).update(new_state="DENIED")
        assert ConsentEvent.objects.get(pk=events[0].pk).new_state == "GRANTED"

    def test_delete(self, events):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            ConsentEvent.objects.filter(pk=events[0].pk).delete()
        assert ConsentEvent.objects.count() == len(events)


class TestTheChain:
    def test_the_hash_is_of_the_canonical_json(self, events):
        canonical = event_canonical(events[1])
        fields = json.loads(canonical)
        assert fields["previous_hash"] == events[0].hash
        assert fields["actor"] == "user"
        assert fields["scope"] is None
        assert fields["occurred_at"].endswith("+00:00")
        assert canonical == json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert events[1].hash == hashlib.sha256(canonical.encode()).hexdigest()

    def test_it_is_whole(self, events, capsys):
        assert list(audit.ledger_verify()) == []
        call_command("ledger_verify")
        assert "whole" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("column", "value"),
        [("new_state", "GRANTED"), ("occurred_at", "2020-01-01 00:00:00+00:00"), ("channel", "x")],
    )
    def test_an_altered_event_is_found(self, events, column, value):
        with Unguarded() as cursor:
            cursor.execute(
                f"UPDATE accounts_consentevent SET {column} = %s WHERE id = %s",  # noqa: S608
                [value, events[2].pk],
            )
        problems = list(audit.ledger_verify())
        assert f"event {events[2].event_id} was altered" in problems[0]
        with pytest.raises(CommandError, match="problem"):
            call_command("ledger_verify")

    def test_an_event_with_its_hash_made_anew_breaks_the_chain(self, events):
        forged = copy.copy(events[0])
        forged.channel = "forged"
        with Unguarded() as cursor:
            cursor.execute(
                "UPDATE accounts_consentevent SET channel = %s, hash = %s WHERE id = %s",
                [forged.channel, event_hash(forged), forged.pk],
            )
        (problem,) = audit.ledger_verify()
        assert f"event {events[1].event_id} does not follow" in problem

    def test_a_missing_event_in_the_middle_is_found(self, events):
        with Unguarded() as cursor:
            cursor.execute("DELETE FROM accounts_consentevent WHERE id = %s", [events[1].pk])
        (problem,) = audit.ledger_verify()
        assert f"event {events[2].event_id} does not follow" in problem

    def test_a_missing_last_event_shows_in_the_projection(self, events):
        with Unguarded() as cursor:
            cursor.execute("DELETE FROM accounts_consentevent WHERE id = %s", [events[3].pk])
        (problem,) = audit.ledger_verify()
        assert "NAMED" in problem
        assert "differs" in problem

    def test_chains_are_per_subject(self, events):
        assert [event.previous_hash for event in events] == [
            "", events[0].hash, events[1].hash, events[2].hash, "", events[4].hash,
        ]  # fmt: skip


def test_a_wrong_projection_is_rebuilt(events, capsys):
    Consent.objects.filter(purpose=Purpose.NAMED).update(state="GRANTED")
    Consent.objects.filter(purpose=Purpose.RECORD).delete()
    call_command("rebuild_consents")
    assert capsys.readouterr().out.startswith("2 consent states were wrong")
    assert Consent.objects.get(purpose=Purpose.NAMED).state == "WITHDRAWN"
    assert Consent.objects.get(purpose=Purpose.RECORD).state == "GRANTED"
    assert list(audit.ledger_verify()) == []


def test_a_person_who_is_gone_leaves_their_events_and_no_projection(events):
    from accounts.models import User

    User.objects.get(username="ada").delete()
    assert ConsentEvent.objects.count() == len(events)
    assert list(audit.ledger_verify()) == []
    assert audit.consents_rebuild() == 0


def test_published_policy_texts_never_change():
    hashes = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in TEXTS.glob("*.md")}
    assert hashes == PUBLISHED
    assert policy_text_current().version == "2026-11-29"
    told = {purpose for purpose in Purpose if f"**{purpose} – " in policy_text_current().text}
    assert told == set(ASKED)


class Unguarded:
    """A cursor past the triggers, as somebody with the table owner's rights has it."""

    def __enter__(self):
        self.cursor = connection.cursor()
        if connection.vendor == "postgresql":
            for table in TABLES:
                self.cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        else:
            self.cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in self.cursor.fetchall():
                self.cursor.execute(f"DROP TRIGGER {name}")
        return self.cursor

    def __exit__(self, *_):
        if connection.vendor == "postgresql":
            for table in TABLES:
                self.cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        self.cursor.close()
