"""Minors: answered for by a guardian, or private by construction, whatever any row says."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts import hearing, pairs, policies
from accounts.conditions import GUARDED
from accounts.models import Consent, ConsentActor, ConsentEvent, PersonalizationLevel, Purpose, User
from accounts.services.audit import ledger_verify
from accounts.services.consent import consent_set, consents_grant_many
from accounts.services.guardianship import minor_mark
from discovery.platform.errors import InvalidInput
from discovery.platform.graphql.node import global_id
from discovery.privacy.erasure import erasure_request
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db
P = Purpose
ASK = """mutation ($purpose: Purpose!, $granted: Boolean!, $forId: ID, $friendId: ID) {
  setConsent(purpose: $purpose, granted: $granted, forId: $forId, friendId: $friendId) {
    ... on ConsentChange { privacy { purposes { purpose state } }
      child { listener { handle } purposes { purpose state overrides { friend { handle } state } } } }
    ... on OperationInfo { messages { code field } } } }"""
CHILDREN = "{ viewer { children { id listener { handle } purposes { purpose state } } } }"


@pytest.fixture
def kim():
    """Somebody who shares everything with friends, before they are marked."""
    return factories.sharer("kim")


@pytest.fixture
def gwen():
    return factories.listener("gwen")


def gid(user):
    return global_id("Listener", user.pk)


def ask(user, purpose, granted=True, **variables):
    answer = App(user).data(ASK, purpose=purpose, granted=granted, **variables)["setConsent"]
    return answer["messages"][0] if "messages" in answer else answer


def stale(user, *purposes, friend=None):
    """As a row would stand that nobody took back."""
    Consent.objects.filter(user=user, purpose__in=purposes, friend=friend).delete()
    return factories.answered(user, *purposes, friend=friend)


def test_marking_takes_back_what_shows_them_to_others_and_nothing_else(kim):
    ben = factories.befriended(factories.listener("ben"), kim)
    consent_set(user=kim, purpose=P.NAMED, granted=True, friend=ben)
    for purpose in factories.EVERYTHING:
        consent_set(user=kim, purpose=purpose, granted=True)
    call_command("mark_minor", "kim")
    kim.refresh_from_db()
    assert policies.granted_purposes(kim) == {P.RECORD, P.SELF, P.CONTRIBUTE, P.SOCIAL_IN}
    assert not Consent.objects.filter(user=kim, purpose__in=GUARDED, state="GRANTED").exists()
    assert set(ConsentEvent.objects.filter(channel="guardianship").values_list("actor", flat=True)) == {
        "system"
    }
    assert list(ledger_verify()) == []


@pytest.mark.parametrize("purpose", sorted(GUARDED - {P.THIRD_PARTY}))
def test_without_a_guardian_they_cannot_show_themselves(kim, purpose):
    minor_mark(user=kim)
    assert ask(kim, purpose) == {"code": "GUARDIAN_REQUIRED", "field": "purpose"}
    assert not ConsentEvent.objects.filter(purpose=purpose, new_state="GRANTED").exists()
    assert "privacy" in ask(kim, purpose, granted=False)
    assert "privacy" in ask(kim, "RECORD")  # what stays with them is theirs to answer


def test_no_rule_believes_a_stale_yes_of_a_minor_without_a_guardian():
    """The same rows, with and without somebody who answers for them."""
    triangle = factories.triangle_of_friends()
    ada, ben, cleo = triangle.ada, triangle.ben, triangle.cleo
    stranger = factories.sharer("stranger")
    stale(ben, P.SOCIAL_OUT, P.NAMED, friend=ada)
    factories.answered(ben, P.EXPERIMENT, P.FEEDBACK)

    def shown():
        there = User.objects.get(pk=ben.pk)
        return {
            "source": any(source.user_id == ben.pk for source in hearing.social_sources(ada)),
            "source of many": any(
                source.user_id == ben.pk for source in pairs.social_pairs().get(ada.pk, [])
            ),
            "source among": any(
                source.user_id == ben.pk
                for source in pairs.social_pairs({ada.pk, ben.pk, cleo.pk}).get(ada.pk, [])
            ),
            "activity": ben.pk in hearing.activity_sources(ada),
            "name": ben.pk in policies.nameable_to(ada, [ben.pk]),
            "comparison": ben in hearing.companions_of(ada, [ben.pk]),
            "compares": ada in hearing.companions_of(there, [ada.pk]),
            "found": policies.listeners_visible_to(stranger).filter(pk=ben.pk).exists(),
            "found of many": (stranger.pk, ben.pk) in pairs.visible_pairs([stranger], [ben.pk]),
            "suggested": policies.suggestible_to(stranger).filter(pk=ben.pk).exists(),
            "bridge": policies.bridges_for(ada).filter(pk=ben.pk).exists(),
            **{purpose: policies.permits(there, purpose) for purpose in GUARDED - {P.THIRD_PARTY}},
            **{
                f"{purpose} to her": policies.permits(there, purpose, ada)
                for purpose in (P.NAMED, P.SOCIAL_OUT)
            },
            **{
                f"{purpose} granted": purpose in policies.granted_purposes(there)
                for purpose in GUARDED - {P.THIRD_PARTY}
            },
        }

    assert set(shown().values()) == {True}
    User.objects.filter(pk=ben.pk).update(is_minor=True)
    assert {what for what, there in shown().items() if there} == set()
    User.objects.filter(pk=ben.pk).update(guardian=factories.listener("gwen"))
    assert set(shown().values()) == {True}


def test_a_guardian_answers_for_them_and_the_minor_can_only_refuse(kim, gwen):
    ben = factories.befriended(factories.sharer("ben"), kim)
    minor_mark(user=kim, guardian=gwen)
    assert ask(kim, "SOCIAL_OUT")["code"] == ask(kim, "SELF")["code"] == "GUARDIAN_REQUIRED"
    answer = ask(gwen, "SOCIAL_OUT", forId=gid(kim))
    assert answer["child"]["listener"] == {"handle": "kim"}
    assert {"purpose": "SOCIAL_OUT", "state": "GRANTED", "overrides": []} in answer["child"]["purposes"]
    assert {each["state"] for each in answer["privacy"]["purposes"]} == {
        "UNDEFINED"
    }  # the guardian's own are theirs
    ask(gwen, "NAMED", forId=gid(kim), friendId=gid(ben))
    event = ConsentEvent.objects.latest("pk")
    assert (event.subject, event.scope, event.actor) == (kim.pseudonym, ben.pseudonym, ConsentActor.GUARDIAN)
    kim.refresh_from_db()
    assert policies.permits(kim, P.NAMED, ben)
    assert "privacy" in ask(kim, "SOCIAL_OUT", granted=False)
    assert not policies.permits(kim, P.SOCIAL_OUT)


def test_nobody_else_answers_for_them(kim, gwen):
    minor_mark(user=kim, guardian=gwen)
    other, grown = factories.listener("other"), factories.listener("grown", guardian=gwen)
    for guardian, child in ((other, kim), (gwen, grown), (kim, gwen), (gwen, other)):
        assert ask(guardian, "SELF", forId=gid(child)) == {"code": "NOT_FOUND", "field": "forId"}
    assert not ConsentEvent.objects.filter(actor=ConsentActor.GUARDIAN).exists()
    assert App(other).data(CHILDREN)["viewer"]["children"] == []
    (child,) = App(gwen).data(CHILDREN)["viewer"]["children"]
    assert (child["listener"], child["id"]) == ({"handle": "kim"}, global_id("Child", kim.pk))
    assert "code" not in ask(gwen, "SELF", forId=child["id"])
    assert ask(other, "SELF", forId=child["id"])["code"] == "NOT_FOUND"


def test_with_the_guardians_erasure_they_are_private_again(kim, gwen):
    minor_mark(user=kim, guardian=gwen)
    ask(gwen, "DISCOVERABLE", forId=gid(kim))
    ask(gwen, "SELF", forId=gid(kim))
    erasure_request(user=gwen, confirm="gwen")
    kim.refresh_from_db()
    assert (kim.is_minor, kim.guardian) == (True, None)
    assert Consent.objects.get(user=kim, purpose=P.DISCOVERABLE).state == "WITHDRAWN"
    assert policies.permits(kim, P.SELF)


def test_who_is_grown_up_is_asked_what_the_guardian_had_answered(kim, gwen):
    consent_set(user=kim, purpose=P.RECORD, granted=True)
    minor_mark(user=kim, guardian=gwen)
    ask(gwen, "DISCOVERABLE", forId=gid(kim))
    call_command("mark_minor", "kim", "--grown-up")
    states = dict(Consent.objects.filter(user=kim).values_list("purpose", "state"))
    assert (states["DISCOVERABLE"], states["RECORD"]) == ("EXPIRED", "GRANTED")
    assert "privacy" in ask(User.objects.get(pk=kim.pk), "DISCOVERABLE")


def test_an_import_answers_for_no_minor():
    child, other = factories.listener(is_minor=True), factories.listener()
    assert consents_grant_many(users=[child, other], purposes=(P.SELF,)) == 1
    assert not policies.permits(child, P.SELF)


@pytest.mark.parametrize("who", ["themself", "a minor", "nobody active"])
def test_who_cannot_be_a_guardian(kim, who):
    guardian = {
        "themself": kim,
        "a minor": factories.listener(is_minor=True),
        "nobody active": factories.listener(is_active=False),
    }[who]
    with pytest.raises(InvalidInput):
        minor_mark(user=kim, guardian=guardian)
    assert not User.objects.get(pk=kim.pk).is_minor


def test_the_command_names_people_who_are_here(kim):
    with pytest.raises(CommandError, match="no active listener named 'nobody'"):
        call_command("mark_minor", "kim", guardian="nobody")


def test_staff_mark_by_the_service_and_delete_no_account(client, kim, gwen):
    staff = factories.listener("staff", is_staff=True, is_superuser=True, level=PersonalizationLevel.OFF)
    client.force_login(staff)
    page = reverse("admin:accounts_user_change", args=[kim.pk])
    form = {
        "username": "kim", "is_active": "on", "is_minor": "on", "guardian": gwen.pk, "display_name": "Kim",
        "date_joined_0": "2026-01-01", "date_joined_1": "12:00:00",
    }  # fmt: skip
    assert client.post(page, form).status_code == 302
    kim.refresh_from_db()
    assert (kim.is_minor, kim.guardian) == (True, gwen)
    assert not Consent.objects.filter(user=kim, purpose=P.NAMED, state="GRANTED").exists()
    assert (
        client.post(reverse("admin:accounts_user_delete", args=[kim.pk]), {"post": "yes"}).status_code == 403
    )
