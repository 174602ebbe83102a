"""What is reported: sums at fixed times, without whoever left, and with an end where B does harm."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db.models import F

from accounts.models import Consent, ConsentState, Purpose
from discovery.experiments import draft, report, services, sessions
from discovery.experiments.services import experiment_guard, monday, reports_make
from discovery.models import (
    Experiment,
    ExperimentKind,
    ExperimentReport,
    ExposedItem,
    Exposure,
    RadioChoice,
    StopReason,
    Team,
)
from discovery.platform import clock
from discovery.radio.sources import Source
from graph.models import Feedback, Listen
from tasks.experiments import experiments_look
from tests import factories

pytestmark = pytest.mark.django_db

BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
REPORT = datetime(2026, 3, 30, tzinfo=UTC)  # four weeks later


@pytest.fixture(autouse=True)
def _time(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: REPORT + timedelta(minutes=11))


@pytest.fixture
def running(start):
    """An experiment since four weeks, and who agreed to it before."""

    def runs(kind=ExperimentKind.INTERLEAVING):
        experiment = start(kind)
        Experiment.objects.update(started_at=BEGAN)
        experiment.refresh_from_db()
        return experiment

    return runs


def agreed(join, name=None):
    user = join(name)
    Consent.objects.filter(user=user).update(changed_at=BEGAN - timedelta(days=9))
    return user


def session(user, experiment, day, tracks, *, plays=(), skips=(), likes=()):
    """A day on which the even tracks came from A and the odd ones from B; numbers of what was played."""
    shown_at = BEGAN + timedelta(days=day)
    place = {"user": user, "experiment": experiment, "day": shown_at.date(), "shown_at": shown_at}
    Exposure.objects.create(
        **place, team="", answers=1, degraded_a=0, degraded_b=0, seconds_a=0.01, seconds_b=0.01
    )
    ExposedItem.objects.bulk_create(
        ExposedItem(**place, item_kind="TRACK", item_id=track.pk, team="AB"[number % 2])
        for number, track in enumerate(tracks[:10])
    )
    Listen.objects.bulk_create(
        Listen(
            user=user, track=tracks[number], source="test", source_id=f"{day} {number} {ms}", ms_played=ms,
            listened_at=shown_at + timedelta(hours=1, minutes=4 * number),
        )
        for numbers, ms in ((plays, 200_000), (skips, 5_000))
        for number in set(numbers)
    )  # fmt: skip
    for number in likes:
        Feedback.objects.create(
            user=user, track=tracks[number], kind="LIKE", given_at=shown_at + timedelta(hours=2)
        )


def told(experiment):
    return report.figures_made(experiment, at=REPORT)


def test_a_credit_is_a_play_or_a_like_within_a_day_and_a_skip_takes_none_away(join, running, tracks):
    user, experiment = agreed(join), running()
    session(user, experiment, 1, tracks, plays=[1, 3], skips=[0, 2], likes=[4])
    late = BEGAN + timedelta(days=2, minutes=1)
    factories.listens(user, tracks[5], at=late)  # 24 hours and a minute
    factories.listens(user, tracks[20], at=late)  # was never shown
    (only,) = sessions.sessions_told(experiment, at=REPORT)
    assert (only.shown, only.credits, only.skips) == ((5, 5), (1, 2), (2, 0))


@pytest.mark.parametrize(("ms", "duration", "counts"), [
    (30_000, 200_000, True), (29_000, 200_000, False), (29_000, 50_000, True), (None, 200_000, True), (9_000, None, False),
])  # fmt: skip
def test_half_a_minute_or_half_of_it(join, running, tracks, ms, duration, counts):
    user, experiment = agreed(join), running()
    session(user, experiment, 1, tracks)
    tracks[1].duration_ms = duration
    tracks[1].save()
    factories.listens(user, tracks[1], ms_played=ms, at=BEGAN + timedelta(days=1, hours=1))
    (only,) = sessions.sessions_told(experiment, at=REPORT)
    assert (only.credits, only.skips) == (((0, 1), (0, 0)) if counts else ((0, 0), (0, 1)))


def test_a_day_is_told_when_its_24_hours_are_over(join, running, tracks):
    user, experiment = agreed(join), running()
    session(user, experiment, 26, tracks, plays=[1])  # Saturday: over when it is Monday
    session(user, experiment, 27, tracks, plays=[1])  # Sunday: not yet
    assert [one.day for one in sessions.sessions_told(experiment, at=REPORT)] == ["2026-03-28"]


class TestWithdrawal:
    @pytest.fixture
    def community(self, join, running, tracks, few):
        people = [agreed(join) for _ in range(4)]
        experiment = running()
        for place, user in enumerate(people):
            for day in range(1, 20):
                session(user, experiment, day, tracks, plays=[1 + place % 2, 3, (day * 3 + place) % 10])
            for step in range(30):
                self.choice(user, step, place)
        return experiment, people

    @staticmethod
    def choice(user, step, place):
        row = RadioChoice.objects.create(
            user=user, radio=f"r{user.pk}", step=step, item_kind="TRACK", item_id=1, features=[],
            source=Source.SUM if step % 3 else Source.FAR, propensity=0.1, outcome="LISTENED",
            arm_propensity=0.7 if step % 3 else 0.3, reward=float((step + place) % 2),
        )  # fmt: skip
        RadioChoice.objects.filter(pk=row.pk).update(chosen_at=BEGAN + timedelta(days=1))

    @pytest.mark.parametrize("purpose", [Purpose.EXPERIMENT, Purpose.RECORD])
    def test_whoever_left_before_is_out_as_if_never_in_to_the_last_bit(self, community, purpose):
        experiment, people = community
        whole = told(experiment)
        assert whole["people"] == 4
        assert whole["radio"]
        factories.revoke(people[1], purpose)
        left = told(experiment)
        assert left != whole
        factories.answered(people[1], Purpose.FEEDBACK)  # whatever else they say changes nothing
        for model in (ExposedItem, Exposure, RadioChoice, Listen):
            model._default_manager.filter(user=people[1]).delete()
        people[1].delete()
        assert told(experiment) == left  # equal floats, and no tolerance

    def test_who_comes_back_begins_anew(self, community):
        experiment, people = community
        factories.revoke(people[1], Purpose.EXPERIMENT)
        left = told(experiment)
        again = Consent.objects.filter(user=people[1], purpose=Purpose.EXPERIMENT)
        again.update(state=ConsentState.GRANTED, changed_at=BEGAN + timedelta(days=25))
        back = told(experiment)
        assert (back["figures"], back["radio"]) == (left["figures"], left["radio"])
        assert back["people"] == 3

    def test_who_leaves_later_is_out_at_the_next_time(self, community, monkeypatch):
        _experiment, people = community
        (made,) = reports_make()
        assert (made.at, made.figures["people"]) == (REPORT, 4)
        factories.revoke(people[1], Purpose.EXPERIMENT)
        assert reports_make() == []  # it was made for this week
        made.refresh_from_db()
        assert made.figures["people"] == 4
        monkeypatch.setattr(clock, "now", lambda: REPORT + timedelta(days=7, minutes=11))
        (later,) = reports_make()
        assert (later.at - made.at, later.figures["people"]) == (timedelta(days=7), 3)

    def test_a_report_holds_no_person(self, community):
        reports_make()
        assert {field.name for field in ExperimentReport._meta.get_fields()} == {
            "id",
            "experiment",
            "at",
            "figures",
        }

    def test_of_too_few_people_there_is_no_number(self, community, monkeypatch):
        monkeypatch.setattr("accounts.policies.SMALLEST_AGGREGATE", 5)
        assert told(community[0]) == {"too_few": True, "radio": []}

    def test_the_command_tells_it(self, community, capsys):
        call_command("experiment_report", "calmer")
        out = capsys.readouterr().out
        assert "people: 4; sessions: 76" in out
        assert "credits a session: A " in out
        assert "the whole sum throughout, snips" in out


class TestEndsByItself:
    def people(self, join, running, tracks, *, plays=(), skips=()):
        experiment = running()
        for user in [agreed(join) for _ in range(8)]:
            for day in range(1, 25):
                session(user, experiment, day, tracks, plays=plays, skips=skips)
        return experiment

    def test_where_b_does_worse_beyond_doubt(self, join, running, tracks, few):
        experiment = self.people(join, running, tracks, plays=[0, 2, 4, 1])
        assert told(experiment)["verdict"] == Team.A
        stopped = experiment_guard()
        assert (stopped, stopped.stopped_because) == (experiment, StopReason.HARM)
        assert experiment_guard() is None

    def test_where_b_is_skipped_more(self, join, running, tracks, few):
        experiment = self.people(join, running, tracks, plays=[0, 1], skips=[3, 5, 7])
        assert (told(experiment)["verdict"], told(experiment)["breached"]) == (None, "skips a session")
        assert experiment_guard().stopped_because == StopReason.GUARDRAIL

    def test_where_b_is_slow_or_has_nothing(self, join, running, tracks, few):
        experiment = self.people(join, running, tracks, plays=[0, 1])
        assert experiment_guard() is None
        Exposure.objects.update(answers=5, seconds_b=F("seconds_a") * 3)  # 4 ms more, which nobody notices
        assert told(experiment)["breached"] is None
        Exposure.objects.update(seconds_a=1.0, seconds_b=1.6)
        assert told(experiment)["breached"] == "seconds an answer"
        Exposure.objects.update(seconds_b=1.4)  # as much more is less than half of it
        assert told(experiment)["breached"] is None
        Exposure.objects.update(seconds_b=F("seconds_a"), degraded_b=1)
        assert told(experiment)["breached"] == "degraded answers"
        assert experiment_guard().stopped_because == StopReason.GUARDRAIL

    def test_not_where_b_does_better_or_too_few_would_tell(self, join, running, tracks, few, monkeypatch):
        experiment = self.people(join, running, tracks, plays=[1, 3, 5, 0])
        assert told(experiment)["verdict"] == Team.B
        assert experiment_guard() is None
        monkeypatch.setattr("accounts.policies.SMALLEST_AGGREGATE", 9)
        assert experiment_guard() is None


class TestAssigned:
    def community(self, join, running, *, broken=False):
        experiment = running(ExperimentKind.AB)
        people = [agreed(join) for _ in range(30)]
        for place, user in enumerate(people):
            arm = 0 if broken and place % 15 else draft.arm_of(experiment.salt, user.pk)
            Exposure.objects.create(
                user=user, experiment=experiment, day=BEGAN.date(), team="AB"[arm], shown_at=BEGAN, answers=2,
                degraded_a=0, degraded_b=0, seconds_a=0.02 * (1 - arm), seconds_b=0.02 * arm,
            )  # fmt: skip
        return experiment, people

    @pytest.fixture(autouse=True)
    def _drawn(self, monkeypatch):
        monkeypatch.setattr(services.secrets, "token_hex", lambda size: "00" * size)
        monkeypatch.setattr(draft, "arm_of", lambda _salt, person: person % 2)

    def test_what_people_did_before_and_since(self, join, running, tracks, few):
        experiment, people = self.community(join, running)
        for user in people:
            gain = 2 if user.pk % 2 else 1
            Listen.objects.bulk_create(
                Listen(
                    user=user, track=tracks[9], source="test", source_id=f"{day} {number}", ms_played=200_000,
                    listened_at=BEGAN + timedelta(days=day, minutes=10 * number),
                )
                for day in range(-20, 20)
                for number in range(3 if day < 0 else 3 * gain)
            )  # fmt: skip
        figures = told(experiment)
        by_name = {figure["name"]: figure for figure in figures["figures"]}
        plays = by_name["plays a day"]
        days = (REPORT - timedelta(days=1) - BEGAN) / timedelta(days=1)
        assert (plays["a"], plays["b"]) == (pytest.approx(60 / days), pytest.approx(120 / days))
        assert 0 < plays["low"] <= plays["difference"] <= plays["high"]
        assert figures["verdict"] == Team.B
        assert figures["sample_ratio"] > 0.5
        assert by_name["share heard out"]["a"] == 1.0
        assert by_name["plays a session"]["b"] == pytest.approx(6.0)
        assert experiment_guard() is None

    def test_a_broken_assignment_is_noticed_and_ends_it(self, join, running, few):
        experiment, _people = self.community(join, running, broken=True)
        arms = Counter(Exposure.objects.values_list("team", flat=True))
        assert arms[Team.B] <= 2
        assert told(experiment)["sample_ratio"] < 0.001
        assert experiment_guard().stopped_because == StopReason.SAMPLE_RATIO

    def test_a_fair_one_is_not(self, join, running, few):
        experiment, _people = self.community(join, running)
        assert told(experiment)["sample_ratio"] > 0.5
        assert experiment_guard() is None


@pytest.mark.parametrize("day", range(1, 15))
def test_reports_are_of_mondays(day):
    moment = datetime(2026, 11, day, 17, 30, tzinfo=UTC)
    at = monday(moment)
    assert (at.weekday(), at.hour, at.tzinfo) == (0, 0, UTC)
    assert timedelta(0) <= moment - at < timedelta(days=7)


def test_the_clock_looks_and_reports(join, running, tracks, few):
    """By the task that the schedule names, once however often it is told."""
    experiment = running()
    for user in (agreed(join), agreed(join)):
        session(user, experiment, 3, tracks, plays=[0, 1])
    for _ in range(2):
        experiments_look()
    assert [report.at for report in experiment.reports.all()] == [REPORT]
    experiment.refresh_from_db()
    assert experiment.stopped_at is None
