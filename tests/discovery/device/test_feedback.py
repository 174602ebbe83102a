"""Private aggregates: what is kept leads to nobody, is read when the day is over, and is right on the whole."""

import math
import random
from datetime import timedelta

import pytest
from django.core import serializers
from django.utils import timezone

from accounts.models import Purpose
from accounts.services.consent import consent_set
from accounts.services.private_session import private_session_start
from discovery.device.feedback import EPSILON, TRUTH, Question, estimate, estimates
from discovery.models import DeviceReport, DeviceTally
from tests import factories
from tests.api.client import App
from tests.discovery.device.beside import node

REPORT = """mutation { reportFromDevice(firstPlayed: true, halfSkipped: false) {
  ... on DeviceReported { counted } ... on OperationInfo { messages { code } } } }"""
READ = "{ deviceFeedback { day question answers share low high epsilon } }"


def report(user):
    return App(user).data(REPORT)["reportFromDevice"]


@pytest.mark.django_db
class TestTheServer:
    def test_refuses_where_it_is_not_granted(self):
        ada = factories.listener("ada")
        assert report(ada)["messages"][0]["code"] == "CONSENT_MISSING"
        factories.answered(ada, Purpose.FEEDBACK)
        ada.consents.update(policy_version="2026-11-22")  # a text that told of it when nothing did it
        assert report(ada)["messages"][0]["code"] == "CONSENT_MISSING"
        consent_set(user=ada, purpose=Purpose.FEEDBACK, granted=True)
        consent_set(user=ada, purpose=Purpose.FEEDBACK, granted=False)
        assert report(ada)["messages"][0]["code"] == "CONSENT_MISSING"
        assert not DeviceTally.objects.exists()

    def test_counts_a_person_once_a_day_and_keeps_no_answer_of_theirs(self):
        ada = factories.listener("ada")
        consent_set(user=ada, purpose=Purpose.FEEDBACK, granted=True)
        assert [report(ada), report(ada)] == [{"counted": True}, {"counted": False}]
        assert list(DeviceTally.objects.order_by("question").values_list("question", "answers", "yes")) == [
            ("FIRST_PLAYED", 1, 1), ("HALF_SKIPPED", 1, 0),
        ]  # fmt: skip
        (row,) = serializers.serialize("python", DeviceReport.objects.all())
        assert set(row["fields"]) == {"user", "day"}
        assert "user" not in {field.name for field in DeviceTally._meta.get_fields()}

    def test_takes_nothing_in_a_private_session(self):
        ada = factories.listener("ada")
        consent_set(user=ada, purpose=Purpose.FEEDBACK, granted=True)
        private_session_start(user=ada)
        assert report(ada)["messages"][0]["code"] == "PRIVATE_SESSION"
        assert not DeviceReport.objects.exists()

    def test_tells_staff_of_days_that_are_over_and_of_enough(self):
        staff = factories.listener("staff", is_staff=True)
        today = timezone.now().date()
        for day, answers in ((today, 50), (today - timedelta(days=1), 10), (today - timedelta(days=2), 9)):
            DeviceTally.objects.create(day=day, question=Question.FIRST_PLAYED, answers=answers, yes=5)
        (told,) = App(staff).data(READ)["deviceFeedback"]
        assert (told["day"], told["answers"], told["share"]) == (
            str(today - timedelta(days=1)),
            10,
            pytest.approx(0.5),
        )
        assert told["low"] < 0.5 < told["high"]
        assert App(factories.listener("ben")).code(READ) == "NOT_ALLOWED"
        assert len(estimates(30)) == 1


def test_the_estimate_is_unbiased_and_its_interval_holds():
    rng, held, shares = random.Random(5), 0, []  # noqa: S311
    for _ in range(400):
        truths = [rng.random() < 0.3 for _ in range(500)]
        said = sum(truth if rng.random() < TRUTH else not truth for truth in truths)
        told = estimate(
            DeviceTally(day=timezone.now().date(), question="FIRST_PLAYED", answers=500, yes=said)
        )
        shares.append(told.share)
        held += told.low <= 0.3 <= told.high
    assert sum(shares) / len(shares) == pytest.approx(0.3, abs=0.01)
    assert held >= 0.92 * 400


def test_the_device_changes_answers_by_the_stated_chance(tmp_path):
    told = node(tmp_path, "uncertain.mjs", {"steps": 100_000})
    assert told["true"] / 100_000 == pytest.approx(TRUTH, abs=1e-4)
    assert told["false"] / 100_000 == pytest.approx(1 - TRUTH, abs=1e-4)
    ratio = told["true"] / told["false"]
    assert math.log(ratio) == pytest.approx(EPSILON, abs=1e-3)
    assert told["answers"] == [
        {"firstPlayed": True, "halfSkipped": False},
        {"firstPlayed": False, "halfSkipped": True},
    ]
    assert 0.55 < told["drawn"] < 0.69, "drawn from the browser's own source, and not constant"
