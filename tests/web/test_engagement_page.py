"""What listening comes to, and what kind of listener one is, at a real browser: figures beside their definitions, switches that count."""

from datetime import timedelta

import pytest

from accounts.models import Purpose
from discovery.engagement.behavior import monday_of
from discovery.engagement.reports import report_make
from discovery.experiments.services import experiment_start
from discovery.models import ExperimentKind, SegmentRefusal
from discovery.platform import clock
from tests import factories
from tests.api.client import App
from tests.discovery.engagement.test_engagement import WEEK, people
from tests.discovery.segments.test_segments import weekly

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


@pytest.mark.parametrize(("staff", "status"), [(True, 200), (False, 404)])
def test_there_is_a_page_of_reports_for_staff_alone(client, staff, status):
    client.force_login(factories.listener(is_staff=staff))
    assert client.get("/engagement/").status_code == status
    assert ("/engagement/" in client.get("/me/").text) == staff


def test_reports_own_figures_and_kinds_of_listener_are_read_and_refused(world, visit):
    factories.answered(world.ada, Purpose.EXPERIMENT)
    type(world.ada).objects.filter(pk=world.ada.pk).update(is_staff=True)
    last = monday_of(clock.now()) - WEEK
    people(11, song=world.common, since=last - 2 * WEEK, now=last)
    for week in (last - WEEK, last):
        report_make(week=week)
    tracks = [factories.track() for _ in range(20)]
    weekly(world.ada, tracks, skipped=20)
    factories.listens(world.ada, world.common, 3, at=clock.now() - timedelta(days=1))

    experiment_start(name="calmer", kind=ExperimentKind.INTERLEAVING, arm_a={}, arm_b={"variety": 0.3})

    person = visit()
    person.opens("/engagement/")
    person.sees("#engagement", "sessions a listener and week")
    assert person.find("#metric-SESSIONS_A_WEEK ~ .card circle")
    assert len(person.find("[aria-labelledby=metric-SESSIONS_A_WEEK] .card > table tbody tr")) == 2
    assert "sessions a week" in person.text("[aria-labelledby=metric-SESSIONS_A_WEEK] td:nth-child(3)")
    assert person.violations("light", "dark") == []
    person.looks("engagement")
    person.opens("/music/statistics/")
    person.sees("#own-engagement", "Which part of the tracks that are begun is skipped.")
    assert person.violations() == []
    person.opens("/privacy/")
    person.sees("#segments", "You skip 50 of 100.")
    person.sees("#experiments", "the other half with variety 0.3")
    assert person.violations() == []
    person.presses("#segment-SKIPPER")
    person.sees("#status", "You are not taken for this any more: Skipper.")
    assert SegmentRefusal.objects.get().user == world.ada
    person.sees("#segments", "It changes nothing.")
    person.presses("#undo")
    person.sees("#segments", "You skip 50 of 100.")
    assert App(world.ada).data("{ viewer { segments { refused } } }")["viewer"]["segments"] == [
        {"refused": False}
    ]
    person.presses("#allow-EXPERIMENT")
    person.sees("#status", ": off.")
    assert "calmer" not in person.text("#experiments")
    assert person.complaints() == []
