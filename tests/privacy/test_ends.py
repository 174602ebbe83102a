"""Consents that end by their date, by a new policy, or by a browser that says no; receipts of all that."""

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import policies, policy_text
from accounts.checks import smallest_aggregate_stated
from accounts.models import Consent, ConsentActor, ConsentEvent, ConsentState, PolicyVersion, Purpose
from accounts.services import expiry
from accounts.services.audit import ledger_verify
from accounts.services.consent import consent_set
from accounts.services.expiry import consents_expire, policy_publish
from accounts.services.ledger_head import ledger_head_publish
from accounts.services.receipt import receipt_list
from accounts.signatures import SignatureInvalid, public_key_text, signed, verify
from discovery.platform.errors import Conflict
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return factories.listener("ada")


@pytest.fixture
def texts(tmp_path, monkeypatch):
    """A folder of policy texts; ``texts(version, text)`` adds one."""
    monkeypatch.setattr(policy_text, "TEXTS", tmp_path)

    def add(version, text):
        (tmp_path / f"{version}.md").write_text(text)
        policy_text.policy_text_current.cache_clear()

    yield add
    policy_text.policy_text_current.cache_clear()


def state(user, purpose):
    return Consent.objects.get(user=user, purpose=purpose).state


def test_a_dated_consent_permits_nothing_past_its_date_and_then_expires(ada):
    consent_set(user=ada, purpose=Purpose.SELF, granted=True, valid_until=timezone.now() + timedelta(hours=1))
    consent_set(user=ada, purpose=Purpose.RECORD, granted=True)
    assert consents_expire() == 0
    Consent.objects.filter(purpose=Purpose.SELF).update(valid_until=timezone.now())
    assert not policies.permits(ada, Purpose.SELF)
    assert consents_expire() == 1
    assert (state(ada, Purpose.SELF), state(ada, Purpose.RECORD)) == ("EXPIRED", "GRANTED")
    event = ConsentEvent.objects.latest("pk")
    assert (event.actor, event.channel, event.prior_state) == (ConsentActor.SYSTEM, "expiry", "GRANTED")
    assert consents_expire() == 0


def test_a_material_change_expires_what_it_touches_and_nothing_else(ada, texts):
    texts("2026-01", "old")
    consent_set(user=ada, purpose=Purpose.SELF, granted=True)
    consent_set(user=ada, purpose=Purpose.RECORD, granted=True)
    assert policy_publish(material_for=[])[1] == 0
    texts("2026-02", "new")
    consent_set(user=factories.listener("ben"), purpose=Purpose.SELF, granted=True)  # to the new text already
    row, expired = policy_publish(material_for=[Purpose.SELF])
    assert (row.version, row.text, expired) == ("2026-02", "new", 1)
    assert (state(ada, Purpose.SELF), state(ada, Purpose.RECORD)) == ("EXPIRED", "GRANTED")
    assert policy_publish(material_for=[Purpose.RECORD])[1] == 0
    assert list(ledger_verify()) == []


def test_a_published_text_cannot_change(texts):
    texts("2026-01", "old")
    policy_publish(material_for=[])
    texts("2026-01", "something else")
    with pytest.raises(Conflict, match="changed after it was published"):
        policy_publish(material_for=[])
    assert PolicyVersion.objects.get().text == "old"


def test_what_single_friends_kept_past_a_general_no_of_before_is_taken_back(ada):
    """Rows as they stood when a general no did not end them."""
    ben, cleo = factories.listener("ben"), factories.listener("cleo")
    factories.befriended(ada, ben, cleo)
    consent_set(user=ada, purpose=Purpose.NAMED, granted=True, friend=ben)
    consent_set(user=ada, purpose=Purpose.NAMED, granted=False)
    consent_set(user=ada, purpose=Purpose.NAMED, granted=True, friend=cleo)  # expressly, afterwards
    before = timezone.now() - timedelta(hours=1)
    Consent.objects.filter(friend=ben).update(state="GRANTED", changed_at=before)
    assert consents_expire() == 1
    assert not policies.permits(ada, Purpose.NAMED, ben)
    assert policies.permits(ada, Purpose.NAMED, cleo)


def test_consents_to_what_nothing_uses_any_more_expire_with_the_next_policy(ada, texts, monkeypatch):
    monkeypatch.setattr(expiry, "NOT_USED", frozenset({Purpose.THIRD_PARTY}))
    texts("2026-01", "old")
    factories.answered(ada, Purpose.THIRD_PARTY, Purpose.EXPERIMENT)
    assert policy_publish(material_for=[])[1] == 1
    assert (state(ada, Purpose.THIRD_PARTY), state(ada, Purpose.EXPERIMENT)) == ("EXPIRED", "GRANTED")


def test_another_smallest_aggregate_is_another_text_and_is_asked_again(ada, texts, monkeypatch):
    def k(number):
        monkeypatch.setattr(policies, "SMALLEST_AGGREGATE", number)
        policy_text.policy_text_current.cache_clear()

    texts("2026-01", "counts of {k} people")
    for purpose in (Purpose.CONTRIBUTE, Purpose.SELF):
        consent_set(user=ada, purpose=purpose, granted=True)
    assert policy_publish(material_for=[])[1] == 0
    k(3)
    assert [problem.id for problem in smallest_aggregate_stated()] == ["accounts.W002"]
    row, expired = policy_publish(material_for=[])
    assert (row.version, row.text, expired) == ("2026-01+k3", "counts of 3 people", 1)
    assert (state(ada, Purpose.CONTRIBUTE), state(ada, Purpose.SELF)) == ("EXPIRED", "GRANTED")
    assert smallest_aggregate_stated() == []
    consent_set(user=ada, purpose=Purpose.CONTRIBUTE, granted=True)
    receipts = [receipt["privacyNotice"] for receipt in receipt_list(user=ada)]
    assert [notice["smallestAggregate"] for notice in receipts] == [10, 10, 3, 3]
    asked = App().data("{ policy { version smallestAggregate text } }")["policy"]
    assert asked == {"version": "2026-01+k3", "smallestAggregate": 3, "text": "counts of 3 people"}
    k(10)  # and back again
    assert [problem.id for problem in smallest_aggregate_stated()] == ["accounts.W002"]
    assert policy_publish(material_for=[])[1] == 1
    assert state(ada, Purpose.CONTRIBUTE) == "EXPIRED"
    assert smallest_aggregate_stated() == []
    assert PolicyVersion.objects.count() == 2


def test_a_count_of_one_is_refused(settings):
    settings.SMALLEST_AGGREGATE = 1
    assert [problem.id for problem in smallest_aggregate_stated()] == ["accounts.E002"]


def test_gpc_denies_third_party_only_and_shows(ada):
    factories.answered(ada, Purpose.SELF, Purpose.THIRD_PARTY)
    shown = App(ada, **{"Sec-GPC": "1"}).data(
        "{ viewer { privacy { signals { gpc } purposes { purpose state } } consentHistory(first: 1)"
        " { edges { node { purpose newState actor } } } } }"
    )["viewer"]
    states = {answer["purpose"]: answer["state"] for answer in shown["privacy"]["purposes"]}
    assert shown["privacy"]["signals"] == {"gpc": True}
    assert (states["THIRD_PARTY"], states["SELF"]) == ("DENIED", "GRANTED")
    assert shown["consentHistory"]["edges"][0]["node"] == {
        "purpose": "THIRD_PARTY", "newState": "DENIED", "actor": "GPC",
    }  # fmt: skip
    assert not policies.permits(ada, Purpose.THIRD_PARTY)


def test_gpc_is_written_once(ada):
    app = App(ada, **{"Sec-GPC": "1"})
    for _ in range(3):
        app.data("{ viewer { id } }")
    assert ConsentEvent.objects.filter(actor=ConsentActor.GPC).count() == 1


def test_without_the_signal_nothing_is_written_or_asked(ada, client):
    app = App(ada, **{"Sec-GPC": "0"})
    app.data("{ viewer { id } }")
    assert ConsentEvent.objects.count() == 0
    assert client.get("/.well-known/gpc.json").json()["gpc"] is True


def test_a_receipt_of_every_line_that_checks_offline(ada, tmp_path, capsys):
    for granted in (True, False):
        consent_set(user=ada, purpose=Purpose.SELF, granted=granted)
    consent_set(user=factories.listener("ben"), purpose=Purpose.SELF, granted=True)
    response = App(ada).client.get("/privacy/receipts.json", headers=App(ada).headers)
    assert [receipt["event"]["state"] for receipt in response.json()] == ["GRANTED", "WITHDRAWN"]
    assert response["Cache-Control"] == "no-store"
    file = tmp_path / "receipts.json"
    file.write_bytes(response.content)
    with CaptureQueriesContext(connection) as queries:
        call_command("verify_receipt", str(file))
    assert len(queries) == 0
    assert "2 valid" in capsys.readouterr().out


def test_a_receipt_names_the_newest_head_over_its_line_and_is_checked_against_it(
    ada, tmp_path, capsys, client, ledger_heads, django_capture_on_commit_callbacks
):
    assert client.get("/.well-known/earshot-ledger-head.json").status_code == 404
    consent_set(user=ada, purpose=Purpose.SELF, granted=True)
    with django_capture_on_commit_callbacks(execute=True):
        head = ledger_head_publish()
    assert client.get("/.well-known/earshot-ledger-head.json").json() == head.document
    consent_set(user=ada, purpose=Purpose.SELF, granted=False)
    first, second = receipt_list(user=ada)
    assert first["ledger"]["head"] == {"number": 1, "position": head.position, "hash": head.hash}
    assert second["ledger"]["head"] == "pending"
    file = tmp_path / "receipts.json"
    file.write_text(json.dumps([first, second]))
    call_command("verify_receipt", str(file))
    told = capsys.readouterr().out
    assert "1 under a head of the ledger that is known here" in told
    assert "1 named by no head of the ledger yet" in told
    ledger_heads.unlink()
    call_command("verify_receipt", str(file))
    assert "1 under a head of the ledger that is not known here" in capsys.readouterr().out
    ledger_heads.write_text(json.dumps(signed({**head.document, "lines": 7}, settings.SIGNING_KEY)))
    with pytest.raises(CommandError, match="another head 1"):
        call_command("verify_receipt", str(file))


def test_receipts_are_ones_own(client):
    assert client.get("/privacy/receipts.json").status_code == 401


@pytest.mark.parametrize("change", ["content", "key", "signature", "proof"])
def test_a_receipt_that_was_tampered_with_is_refused(ada, change, tmp_path):
    consent_set(user=ada, purpose=Purpose.SELF, granted=True)
    (receipt,) = receipt_list(user=ada)
    verify(receipt, public_key_text(settings.SIGNING_KEY))
    other = signed(receipt, "ab" * 32)
    if change == "content":
        receipt["event"]["state"] = "DENIED"
    elif change == "key":
        receipt = other
    elif change == "signature":
        receipt["proof"]["signature"] = other["proof"]["signature"]
    else:
        del receipt["proof"]
    with pytest.raises(SignatureInvalid):
        verify(receipt, public_key_text(settings.SIGNING_KEY))
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt))
    with pytest.raises(CommandError, match="not valid"):
        call_command("verify_receipt", str(file))


def test_denied_by_gpc_stays_denied_whatever_was_said_before(ada):
    factories.answered(ada, Purpose.THIRD_PARTY, state=ConsentState.WITHDRAWN)
    App(ada, **{"Sec-GPC": "1"}).data("{ viewer { id } }")
    assert state(ada, Purpose.THIRD_PARTY) == ConsentState.WITHDRAWN
    assert ConsentEvent.objects.count() == 0
