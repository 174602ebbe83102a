"""Attacks on what is reported of experiments, and on who is in them: each was a way to learn, or to be counted, once."""

from datetime import timedelta

import pytest

from accounts.models import Consent, Purpose
from discovery.experiments import report, services, sessions
from discovery.experiments.arms import _weighed
from discovery.experiments.figures import CREDITS, SKIPS
from discovery.experiments.services import experiment_guard, experiment_start, experiment_stop, reports_make
from discovery.models import Experiment, ExperimentKind, ExposedItem, Exposure
from discovery.platform import clock
from discovery.platform.errors import InvalidInput
from discovery.platform.graphql.node import global_id
from discovery.privacy.export_files import _recommendations
from graph.models import TasteExclusion
from tests import factories
from tests.api.client import App
from tests.discovery.experiments.test_report import BEGAN, REPORT, agreed, session
from tests.discovery.experiments.test_serving import MINE, discover, titles

pytestmark = pytest.mark.django_db


@pytest.fixture
def monday(monkeypatch):
    """Let it be a Monday's first minutes, so many weeks after the first report."""

    def is_now(weeks=0):
        monkeypatch.setattr(clock, "now", lambda: REPORT + timedelta(weeks=weeks, minutes=11))

    is_now()
    return is_now


@pytest.fixture
def running(start, monday):
    experiment = start()
    experiment.started_at = BEGAN
    experiment.save()
    return experiment


def names(told):
    return {figure["name"] for figure in told["figures"]}


def test_what_one_person_did_is_no_figure_however_many_were_shown_something(join, running, tracks, few):
    one, two, *rest = [agreed(join) for _ in range(4)]
    for user in (one, two, *rest):
        session(user, running, 1, tracks, skips=[0] if user is one else ())
    session(two, running, 2, tracks, plays=[1])
    session(one, running, 2, tracks, plays=[1])
    told = report.figures_made(running, at=REPORT)
    assert (told["people"], SKIPS in names(told), CREDITS in names(told)) == (4, False, True)
    assert told["verdict"] is None
    session(two, running, 3, tracks, skips=[0])
    assert SKIPS in names(report.figures_made(running, at=REPORT))


def test_two_reports_beside_one_another_do_not_tell_of_who_left_in_between(
    join, running, tracks, few, monday
):
    people = [agreed(join) for _ in range(4)]
    for user in people:
        session(user, running, 1, tracks, plays=[1], skips=[0])
    (first,) = reports_make()
    assert {CREDITS, SKIPS} <= names(first.figures)
    factories.revoke(people[0], Purpose.EXPERIMENT)
    session(people[1], running, 28, tracks, plays=[1], skips=[0])
    monday(1)
    (second,) = reports_make()
    assert {CREDITS, SKIPS}.isdisjoint(names(second.figures))
    assert second.figures["evidence"] is None
    session(people[2], running, 35, tracks, plays=[1])
    monday(2)
    (third,) = reports_make()
    assert names(third.figures) & {CREDITS, SKIPS} == {CREDITS}  # two people did something since it was told


def test_what_is_excluded_from_the_taste_is_neither_played_nor_skipped(join, running, tracks):
    user = agreed(join)
    session(user, running, 1, tracks, plays=[1, 3], skips=[0], likes=[5])
    (before,) = sessions.sessions_told(running, at=REPORT)
    assert (before.credits, before.skips) == ((0, 3), (1, 0))
    for track in (tracks[0], tracks[3], tracks[5]):
        TasteExclusion.objects.create(user=user, track=track)
    (after,) = sessions.sessions_told(running, at=REPORT)
    assert (after.credits, after.skips) == ((0, 1), (0, 0))


def test_who_comes_back_on_the_same_day_begins_anew(join, start):
    """Of what was shown before they left nothing counts, and what is shown again counts as shown then."""
    user, experiment = join(), start()
    discover(App(user), first=5)
    before = Exposure.objects.get()
    moment = clock.now()
    Consent.objects.filter(user=user, purpose=Purpose.EXPERIMENT).update(
        changed_at=moment
    )  # withdrawn, and again
    discover(App(user), first=5)
    after = Exposure.objects.get()
    assert (before.answers, after.answers) == (1, 1)
    assert after.shown_at >= moment > before.shown_at
    told = sessions.sessions_told(experiment, at=moment + timedelta(days=3))
    assert sum(told[0].shown) == 5
    assert ExposedItem.objects.count() == 5


@pytest.mark.parametrize("version", ["2026-11-26", "2026-11-26+k3"])
def test_a_yes_to_a_text_that_tells_of_radios_alone_puts_nobody_into_an_experiment(join, start, version):
    user = join()
    Consent.objects.filter(user=user, purpose=Purpose.EXPERIMENT).update(policy_version=version)
    usual = discover(App(user), first=20)
    experiment = start()
    assert discover(App(user), first=20) == usual
    assert App(user).data(MINE)["viewer"]["experiments"] == []
    assert not Exposure.objects.exists()
    assert user.pk not in sessions.joined(experiment)
    Consent.objects.filter(user=user).update(policy_version="2026-11-27+k3")
    assert discover(App(user), first=20) != usual
    assert user.pk in sessions.joined(experiment)


@pytest.mark.parametrize(
    ("name", "arm"),
    [
        ("fine", ["variety"]),
        ("fine", None),
        ("fine", {"prior": 10**400}),
        ("fine", {"weights": {"OWN": 1.0}, "prior": 1}),  # as the other
        ("x" * 61, {"variety": 0.3}),
        ("x" * 100_000, {"variety": 0.3}),
        ("", {"variety": 0.3}),
        ("a\x00b", {"variety": 0.3}),
    ],
)
def test_nonsense_is_refused_in_words(name, arm):
    with pytest.raises(InvalidInput):
        experiment_start(name=name, kind=ExperimentKind.AB, arm_a={}, arm_b=arm)


def test_both_arms_are_weighed_once(join, start):
    """Two that weigh otherwise than the model do not make one another's index again with each answer."""
    start(a={"prior": 0.5}, b={"prior": 0.2})
    user = join()
    discover(App(user))
    (kept,) = [arms for arms in _weighed.values() if arms]
    before = {key: id(index) for key, index in kept.items()}
    discover(App(user))
    assert {key: id(index) for key, index in kept.items()} == before
    assert len(before) == 2


ASKED = """query ($variety: Float) { viewer { discover(first: 20, variety: $variety) { variety varietyBy
  edges { node { item { ... on Track { title } } } } } } }"""


@pytest.mark.parametrize("kind", ExperimentKind)
def test_an_arm_varies_where_nobody_asked_and_the_answer_says_so(join, start, kind):
    """Whoever asks for a variety gets that one, as people do who are in no experiment."""
    user = join()
    app = App(user)
    asked = app.data(ASKED, variety=0)["viewer"]["discover"]
    assert asked == app.data(ASKED)["viewer"]["discover"]
    start(kind, a={"variety": 0.9}, b={"variety": 0.8})
    assert app.data(ASKED, variety=0)["viewer"]["discover"] == asked
    now = app.data(ASKED)["viewer"]["discover"]
    assert now["edges"] != asked["edges"]
    assert now["variety"] in {0.9, 0.8}


PREVIEW = """query ($id: ID!) { viewer { previewRemoval(id: $id, first: 20) {
  lost { ... on Track { title } } gained { ... on Track { title } } after { ... on Track { title } } } } }"""


@pytest.mark.parametrize("kind", ExperimentKind)
def test_a_preview_is_what_then_happens_to_somebody_in_an_experiment(join, start, tracks, kind):
    user = join()
    factories.listens(user, tracks[4], 3)
    start(kind, a={"prior": 0.1}, b={"variety": 0.8})
    app = App(user)
    view = app.data(PREVIEW, id=global_id("Track", tracks[4].pk))["viewer"]["previewRemoval"]
    lost, gained, after = ([item["title"] for item in view[name]] for name in ("lost", "gained", "after"))
    now = titles(discover(app, first=20))
    assert set(now) == (set(after) | set(lost)) - set(gained)
    noted = Exposure.objects.get().answers
    assert app.data(PREVIEW, id=global_id("Track", tracks[4].pk))
    assert Exposure.objects.get().answers == noted  # to look ahead is no answer that is measured
    TasteExclusion.objects.create(user=user, track=tracks[4])
    assert titles(discover(app, first=20)) == after


def test_a_file_of_ones_own_is_no_answer_that_is_measured(join, start):
    """Nobody looks at what an export says at the moment it is made: nothing that comes of it is by it."""
    user = join()
    start()
    assert _recommendations(user)["TRACK"]["items"]
    assert not Exposure.objects.exists()
    assert not ExposedItem.objects.exists()


def test_an_experiment_is_reported_to_its_end_however_long_the_clock_stood(
    join, running, tracks, few, monday
):
    people = [agreed(join) for _ in range(3)]
    for user in people:
        session(user, running, 27, tracks, plays=[1])  # a Sunday
    experiment_stop(name="calmer")
    running.stopped_at = BEGAN + timedelta(days=27, hours=2)
    running.save()
    monday(5)  # nobody was there at four Mondays
    (late,) = reports_make()
    assert late.figures["sessions"] == 3
    monday(6)
    assert reports_make() == []


def test_two_clocks_at_once_make_one_report(join, running, tracks, few, monkeypatch):
    for user in [agreed(join) for _ in range(3)]:
        session(user, running, 1, tracks, plays=[1])
    made, usual = [], services.figures_made

    def meanwhile(experiment, **how):
        monkeypatch.setattr(services, "figures_made", usual)
        made.extend(reports_make())  # the other one is quicker
        return usual(experiment, **how)

    monkeypatch.setattr(services, "figures_made", meanwhile)
    assert reports_make() == []
    assert [report.pk for report in running.reports.all()] == [report.pk for report in made]


def test_an_experiment_of_nobody_says_so(running, few, monday):
    assert report.figures_made(running, at=REPORT) == {"too_few": True, "radio": []}
    Experiment.objects.update(kind=ExperimentKind.AB)
    running.refresh_from_db()
    assert report.figures_made(running, at=REPORT) == {"too_few": True, "radio": []}
    assert experiment_guard() is None
