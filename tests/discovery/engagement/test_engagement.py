"""What listening comes to: exact on a community made by hand, of those who allow it when it is measured, and of k people or more."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Consent, Purpose
from accounts.services.consent import consent_set
from discovery.engagement import reports
from discovery.engagement.behavior import monday_of
from discovery.engagement.intervals import MANY, estimate
from discovery.engagement.metrics import METRICS, Interval, MetricKey
from discovery.engagement.reports import report_due, report_make
from discovery.engagement.told import told_cohorts
from discovery.models import EngagementFigure, EngagementReport
from discovery.platform import clock
from graph.models import Listen, Playlist, PlaylistCollaborator, TasteExclusion
from tasks.engagement import engagement_measure
from tests import factories
from tests.api.client import App

ASK = "{ engagement { week smallestAggregate figures { metric { key } cohort people value low high } } }"
OWN = "{ viewer { engagement { metric { key name definition unit } value } } }"
MINUTE, DAY, WEEK = timedelta(minutes=1), timedelta(days=1), timedelta(weeks=1)


@pytest.fixture
def week():
    """The Monday of the last whole week."""
    return monday_of(clock.now()) - WEEK


@pytest.fixture
def song(db):
    return factories.track(duration_ms=200_000)


def at(day, **more):
    return datetime.combine(day, time(12), UTC) + timedelta(**more)


def begun(user, track, *moments, ms=200_000):
    for moment in moments:
        number = Listen.objects.count()
        Listen.objects.create(
            user=user, track=track, listened_at=moment, ms_played=ms, source="made", source_id=str(number)
        )


def people(count, *, song, since, now, purposes=(Purpose.RECORD, Purpose.EXPERIMENT)):
    """Each played once on the day ``since``, and in the week ``now`` two sessions: two plays and a skip, and another day one play."""
    found = []
    for _ in range(count):
        user = factories.answered(factories.listener(), *purposes)
        begun(user, song, at(since))
        begun(user, song, at(now), at(now, minutes=4), at(now, days=1))
        begun(user, song, at(now, minutes=8), ms=5_000)
        found.append(user)
    return found


def figures(report, cohort=None):
    return {row.metric: row for row in report.figures.filter(cohort=cohort)}


def values(report, cohort=None):
    return {key: row.value for key, row in figures(report, cohort).items()}


def everything(report):
    return sorted(report.figures.values_list("metric", "cohort", "people", "value", "low", "high"), key=str)


def again(report):
    """The report as it would be made now."""
    week = report.week
    report.delete()
    return report_make(week=week)


@pytest.mark.django_db
def test_each_figure_is_exact(song, week):
    crowd = people(10, song=song, since=week - DAY, now=week)
    Playlist.objects.create(owner=crowd[0], title="A", created_at=at(week))
    shared = Playlist.objects.create(owner=crowd[1], title="B", created_at=at(week - WEEK))
    PlaylistCollaborator.objects.create(playlist=shared, user=crowd[0], role="VIEWER", since=at(week))
    begun(crowd[2], song, at(week, days=7))  # after it
    begun(people(1, song=song, since=week, now=week, purposes=())[0], song, at(week))  # of whom nobody knows

    told = figures(report_make(week=week))

    assert {key: row.value for key, row in told.items()} == pytest.approx(
        {
            "SESSIONS_A_WEEK": 2, "SESSION_ITEMS": 2, "SESSION_MINUTES": (8 + 5 / 60 + 200 / 60) / 2,
            "PLAYS_A_DAY": 3 / 7, "SKIP_SHARE": 1 / 4, "HEARD_OUT_SHARE": 3 / 4,
            "PLAYLISTS_MADE": 0.1, "PLAYLISTS_SHARED": 0.1, "RETURNING": 1,
        }
    )  # fmt: skip
    assert set(told) == set(MetricKey) - {MetricKey.CHURNED}  # nobody listened so long ago
    assert {row.people for row in told.values()} == {10}
    assert all(row.low <= row.value <= row.high for row in told.values())
    assert told["RETURNING"].low < 0.8  # ten of ten are no proof of all
    assert told["PLAYLISTS_MADE"].high > 0.2


@pytest.mark.django_db
def test_who_is_away_for_28_days_has_churned(song, week):
    people(8, song=song, since=week - 5 * WEEK, now=week)
    gone = [factories.answered(factories.listener(), Purpose.RECORD, Purpose.EXPERIMENT) for _ in range(4)]
    for user in gone:
        begun(user, song, at(week - 5 * WEEK))
    told = values(report_make(week=week))
    assert told["CHURNED"] == pytest.approx(4 / 12)
    assert told["SESSIONS_A_WEEK"] == pytest.approx(8 * 2 / 12)  # they are listeners still
    assert "RETURNING" not in told


@pytest.mark.django_db
@pytest.mark.parametrize("missing", [Purpose.EXPERIMENT, Purpose.RECORD])
def test_without_both_answers_nobody_is_measured(song, week, missing):
    purposes = {Purpose.RECORD, Purpose.EXPERIMENT, Purpose.CONTRIBUTE, Purpose.SELF} - {missing}
    people(12, song=song, since=week - WEEK, now=week, purposes=purposes)
    assert everything(report_make(week=week)) == []


@pytest.mark.django_db
def test_a_yes_to_a_text_that_does_not_speak_of_it_measures_nobody(song, week):
    crowd = people(12, song=song, since=week - WEEK, now=week)
    theirs = Consent.objects.filter(user__in=crowd[:2], purpose=Purpose.EXPERIMENT)
    theirs.update(policy_version="2026-11-26+k3")
    report = report_make(week=week)
    assert {row[2] for row in everything(report)} == {10}
    theirs.update(policy_version="2026-11-27+k3")
    assert {row[2] for row in everything(again(report))} == {12}


@pytest.mark.django_db
def test_of_one_person_less_than_k_nothing_is_told(song, week):
    crowd = people(9, song=song, since=week - WEEK, now=week)
    report = report_make(week=week)
    assert everything(report) == []
    crowd += people(1, song=song, since=week - WEEK, now=week)
    assert {row[2] for row in everything(again(report))} == {10}


@pytest.mark.django_db
def test_a_withdrawal_is_as_if_they_had_never_been(song, week):
    crowd = people(11, song=song, since=week - WEEK, now=week)
    outlier = crowd[5]
    begun(outlier, song, *(at(week, days=2, hours=hour) for hour in range(5)))
    published = report_make(week=week - WEEK)
    before = everything(published)
    with_them = everything(report := report_make(week=week))
    consent_set(user=outlier, purpose=Purpose.EXPERIMENT, granted=False)
    without = everything(report := again(report))
    assert without != with_them

    Listen.objects.filter(user=outlier).delete()
    outlier.delete()
    assert everything(again(report)) == without  # bit for bit
    assert everything(published) == before  # what was published stays


@pytest.mark.django_db
def test_what_is_excluded_from_a_taste_is_not_measured(song, week):
    crowd = people(10, song=song, since=week - WEEK, now=week)
    other = factories.track()
    begun(crowd[0], other, *(at(week, days=3, hours=hour) for hour in range(5)))
    report = report_make(week=week)
    more = values(report)["PLAYS_A_DAY"]
    TasteExclusion.objects.create(user=crowd[0], track=other)
    assert values(again(report))["PLAYS_A_DAY"] == pytest.approx(3 / 7)
    assert more > 3 / 7


@pytest.mark.django_db
def test_cohorts_are_told_where_none_can_be_found_by_subtraction(song, week):
    people(12, song=song, since=week - 4 * WEEK, now=week)
    people(15, song=song, since=week - 3 * WEEK, now=week)
    people(3, song=song, since=week - 2 * WEEK, now=week)
    report = report_make(week=week)
    of_all = figures(report)["SESSIONS_A_WEEK"]
    assert of_all.people == 30
    rows = report.figures.filter(metric=MetricKey.SESSIONS_A_WEEK).exclude(cohort=None)
    assert set(rows.values_list("cohort", flat=True)) == {
        week - 3 * WEEK
    }  # else three people would be left of thirty


@pytest.mark.django_db
def test_no_two_metrics_tell_that_one_person_did_nothing(song, week):
    people(11, song=song, since=week - WEEK, now=week)
    quiet = factories.answered(factories.listener(), Purpose.RECORD, Purpose.EXPERIMENT)
    begun(quiet, song, at(week - 2 * WEEK))
    report = report_make(week=week)
    assert {(row.cohort, row.people) for row in report.figures.all()} == {(None, 12)}
    assert values(report)["SESSION_ITEMS"] == 2


COHORTS = st.dictionaries(st.dates(), st.integers(1, 40), max_size=12)


@given(people=COHORTS, k=st.integers(1, 15))
def test_nothing_smaller_than_k_is_told_or_left(people, k):
    told = told_cohorts(people, k)
    rest = sum(number for cohort, number in people.items() if cohort not in told)
    assert all(people[cohort] >= k for cohort in told)
    assert rest == 0 or rest >= k or not told


@pytest.mark.parametrize("size", [30, MANY + 1])
def test_ninety_five_of_a_hundred_intervals_hold_the_truth(size):
    random, hits = np.random.default_rng(1), 0
    for run in range(200):
        whole = random.poisson(3, size) + 1.0  # sessions
        part = random.poisson(whole * random.gamma(4, 1, size)).astype(float)  # their items: four each
        found = estimate(part, whole, Interval.PERSONS, of=str(run))
        hits += found.low <= 4 <= found.high
    assert 0.89 <= hits / 200 <= 0.99


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("near", [0.02, -0.02])
def test_the_interval_of_a_household_does_not_end_at_what_one_of_them_did(size, near):
    whole = np.full(size, 7.0)
    part = np.array([70.0, 21.0, 35.0, 28.0][:size])
    found = estimate(part, whole, Interval.PERSONS, of="a week")
    assert found.low <= found.value <= found.high
    assert all(abs(bound - ratio) > 0.01 for bound in found[1:] for ratio in part / whole)
    part[0] += near  # and it is the same interval where somebody did a little more or less
    other = estimate(part, whole, Interval.PERSONS, of="a week")
    assert other.high - other.value == pytest.approx(found.high - found.value)


@pytest.mark.django_db(transaction=True)
def test_who_agrees_while_it_is_measured_is_not_in_it_and_moves_nobody(song, week, monkeypatch):
    """Of a moment, not of some minutes: whoever joins in between is counted next time, and as nobody else."""
    crowd = people(11, song=song, since=week - WEEK, now=week)
    joins, *_ = crowd
    begun(joins, song, *(at(week, days=3, minutes=5 * number) for number in range(40)))
    mine = Consent.objects.filter(user=joins, purpose=Purpose.EXPERIMENT)
    mine.update(state="WITHDRAWN")
    report = report_make(week=week)
    without = everything(report)
    report.delete()
    usual = reports.behavior

    def meanwhile(*args):
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(agree).result()
        return usual(*args)

    def agree():
        mine.update(state="GRANTED")
        connection.close()

    monkeypatch.setattr(reports, "behavior", meanwhile)
    assert everything(report_make(week=week)) == without
    assert mine.get().state == "GRANTED"


@pytest.mark.django_db
def test_the_clock_measures_a_week_once_and_staff_alone_read_it(song, week):
    people(10, song=song, since=week - WEEK, now=week)
    engagement_measure()
    engagement_measure()
    assert report_due() is None
    assert EngagementReport.objects.count() == 1
    reader = factories.listener(is_staff=True)
    (report,) = App(reader).data(ASK)["engagement"]
    assert (report["week"], report["smallestAggregate"]) == (str(week), 10)
    told = {row["metric"]["key"]: row for row in report["figures"] if row["cohort"] is None}
    assert told["SESSION_ITEMS"]["value"] == 2
    assert App(factories.sharer()).code(ASK) == "NOT_ALLOWED"
    assert App().code(ASK) == "SIGN_IN_REQUIRED"
    out = io.StringIO()
    call_command("engagement_report", stdout=out)
    assert f"Week of {week}" in out.getvalue()
    assert re.search(
        r"^Skips, everybody \(\d+\): [\d.]+% \(95 %: [\d.]+% to [\d.]+%\)$", out.getvalue(), re.MULTILINE
    )
    assert "Sessions, everybody (10): 2.000 sessions a week" in out.getvalue()


@pytest.mark.django_db
def test_everybody_is_told_their_own_figures_without_experiment(song):
    user, other = factories.sharer(), factories.sharer()
    begun(other, song, *(clock.now() - hour * timedelta(hours=1) for hour in range(1, 20)))
    own = {row["metric"]["key"]: row["value"] for row in App(user).data(OWN)["viewer"]["engagement"]}
    assert own["SESSIONS_A_WEEK"] == 0
    assert own["SESSION_ITEMS"] is None
    begun(user, song, *(clock.now() - DAY - minute * 4 * MINUTE for minute in range(6)))
    begun(user, song, clock.now() - 2 * DAY, ms=1_000)
    rows = App(user).data(OWN)["viewer"]["engagement"]
    own = {row["metric"]["key"]: row["value"] for row in rows}
    assert own == pytest.approx(
        {
            "SESSIONS_A_WEEK": 0.5, "SESSION_ITEMS": 3.5, "SESSION_MINUTES": (20 + 200 / 60 + 1 / 60) / 2,
            "PLAYS_A_DAY": 6 / 28, "SKIP_SHARE": 1 / 7, "HEARD_OUT_SHARE": 6 / 7, "PLAYLISTS_MADE": 0, "PLAYLISTS_SHARED": 0,
        }
    )  # fmt: skip
    assert all(row["metric"]["definition"] for row in rows)
    assert {metric.key for metric in METRICS if metric.personal} == set(own)
    assert not EngagementFigure.objects.exists()
