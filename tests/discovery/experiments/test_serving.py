"""An experiment as a person meets it: what they get, why, what they are told of it, and what is kept."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django.utils.translation import override

from accounts.models import PersonalizationLevel, Purpose
from discovery.experiments.arms import Arm
from discovery.experiments.draft import arm_of
from discovery.experiments.exposures import exposed_items_forget, exposures_forget
from discovery.experiments.services import experiment_start, experiment_stop
from discovery.models import Experiment, ExperimentKind, ExposedItem, Exposure, Team
from discovery.platform.errors import Conflict, InvalidInput
from graph.services.deletion import listens_delete
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db

DISCOVER = """query ($first: Int! = 10, $after: String, $level: PersonalizationLevel) {
  viewer { discover(first: $first, after: $after, level: $level) { level pageInfo { endCursor hasNextPage }
    edges { node { score remainder item { ... on Track { title } } reasons { contribution kind } } } } } }"""
MINE = "{ viewer { experiments { name changes } } }"
STAFF = "{ experiments { name kind armA armB stoppedBecause reports { at tooFew people figures { name a b low high } } } }"


def discover(app, **variables):
    return app.data(DISCOVER, **variables)["viewer"]["discover"]


def titles(feed):
    return [edge["node"]["item"]["title"] for edge in feed["edges"]]


def test_reasons_add_up_requests_repeat_and_pages_join(join, start):
    user = join("ada")
    usual = discover(App(user), first=20)
    start()
    app = App(user)
    whole = discover(app, first=20)
    assert titles(whole) != titles(usual)
    assert whole == discover(app, first=20)
    first = discover(app, first=9)
    second = discover(app, first=11, after=first["pageInfo"]["endCursor"])
    assert titles(first) + titles(second) == titles(whole)
    for edge in whole["edges"]:
        node = edge["node"]
        told = sum(reason["contribution"] for reason in node["reasons"]) + node["remainder"]
        assert told == pytest.approx(node["score"], abs=1e-4)


def test_an_item_has_the_reasons_of_the_arm_that_brought_it(join, start):
    """B knows no popularity, and what A brought is explained with it."""
    user = join()
    start()
    feed = discover(App(user), first=20)
    teams = {item.item_id: item.team for item in ExposedItem.objects.filter(user=user)}
    by_title = {factories.Track.objects.get(pk=key).title: team for key, team in teams.items()}
    assert sorted(by_title.values()) == [Team.A] * 10 + [Team.B] * 10
    for edge in feed["edges"]:
        kinds = {reason["kind"] for reason in edge["node"]["reasons"]}
        assert ("POPULARITY" in kinds) <= (by_title[edge["node"]["item"]["title"]] == Team.A)
    assert any("POPULARITY" in {r["kind"] for r in edge["node"]["reasons"]} for edge in feed["edges"])


def test_it_is_noted_once_a_day_with_what_it_took(join, start):
    user = join()
    experiment = start()
    for _ in range(3):
        discover(App(user), first=10)
    (exposure,) = Exposure.objects.filter(user=user)
    assert (exposure.experiment, exposure.team, exposure.answers) == (experiment, "", 3)
    assert (exposure.degraded_a, exposure.degraded_b) == (0, 0)
    assert min(exposure.seconds_a, exposure.seconds_b) > 0
    assert ExposedItem.objects.filter(user=user).count() == 10


def not_granted(user):
    factories.revoke(user, Purpose.EXPERIMENT)


def not_recorded(user):
    factories.revoke(user, Purpose.RECORD)


def off(user):
    user.level = PersonalizationLevel.OFF
    user.save()


def private(user):
    now = timezone.now()
    user.private_from, user.private_until = now, now + timezone.timedelta(hours=1)
    user.save()


@pytest.mark.parametrize("state", [not_granted, not_recorded, off, private])
def test_whoever_is_in_none_gets_what_they_would_have_and_nothing_is_kept(join, start, state):
    user = join()
    state(user)
    before = discover(App(user), first=20)
    start()
    assert discover(App(user), first=20) == before
    assert App(user).data(MINE)["viewer"]["experiments"] == []
    assert not Exposure.objects.exists()
    assert not ExposedItem.objects.exists()


def test_a_request_at_off_is_answered_as_to_everybody(join, start):
    user = join()
    start()
    discover(App(user), level="OFF")
    assert not Exposure.objects.exists()


def test_in_an_ab_test_everybody_has_one_arm(join, start):
    people = [join() for _ in range(8)]
    usual = [titles(discover(App(user))) for user in people]
    experiment = start(ExperimentKind.AB)
    shown = [titles(discover(App(user))) for user in people]
    arms = [arm_of(experiment.salt, user.pk) for user in people]
    teams = dict(Exposure.objects.values_list("user", "team"))
    assert [teams[user.pk] for user in people] == ["AB"[arm] for arm in arms]
    assert not ExposedItem.objects.exists()
    for before, after, arm in zip(usual, shown, arms, strict=True):
        assert (before != after) == bool(arm)


def test_each_person_is_told_what_it_changes_and_staff_what_was_reported(join, start):
    user, staff = join(), join(granted=False)
    staff.is_staff = True
    staff.save()
    start()
    (part,) = App(user).data(MINE)["viewer"]["experiments"]
    assert part == {
        "name": "calmer",
        "changes": "Half of your recommendations are made with the usual setting, the other half with popularity × 0.",
    }
    assert App(staff).data(MINE)["viewer"]["experiments"] == []
    assert App(user).code(STAFF) == "NOT_ALLOWED"
    assert App().code(STAFF) == "NOT_ALLOWED"
    (told,) = App(staff).data(STAFF)["experiments"]
    assert (told["name"], told["armB"], told["reports"]) == ("calmer", "popularity × 0", [])
    experiment_stop(name="calmer")
    assert App(user).data(MINE)["viewer"]["experiments"] == []
    assert App(staff).data(STAFF)["experiments"][0]["stoppedBecause"] == "BY_HAND"


def test_what_is_deleted_and_taken_back_leaves_nothing(join, start):
    ada, ben = join("ada"), join("ben")
    start()
    for user in (ada, ben):
        discover(App(user))
    listens_delete(user=ada, everything=True)
    assert set(Exposure.objects.values_list("user", flat=True)) == {ben.pk}
    assert set(ExposedItem.objects.values_list("user", flat=True)) == {ben.pk}
    assert (exposures_forget(), exposed_items_forget()) == (0, 0)
    factories.revoke(ben, Purpose.EXPERIMENT)
    assert exposures_forget() == 1
    assert exposed_items_forget() == 10


@pytest.mark.parametrize(
    "arm",
    [
        {"variety": 2},
        {"weights": {"LOUD": 1}},
        {"weights": {"OWN": 5}},
        {"prior": "x"},
        {"prior": float("nan")},
        {"speed": 1},
        {},
        [],
        "variety",
        {"weights": ["OWN"]},
    ],
)
def test_an_arm_that_is_none_is_refused(arm):
    with pytest.raises(InvalidInput):
        experiment_start(name="odd", kind=ExperimentKind.AB, arm_a={}, arm_b=arm)


def test_what_an_arm_changes_is_said_in_the_words_of_whoever_reads():
    arm = Arm.of({"variety": 0.3, "weights": {"FRIEND": 1.5, "OWN": 1.0}})
    assert arm.in_words == "what friends play × 1.5, variety 0.3 (of 0 to 1)"
    with override("de"):
        assert arm.in_words == "was Freunde hören × 1,5, Abwechslung 0,3 (von 0 bis 1)"
        assert Arm.of({"prior": 1.0}).in_words == "die übliche Einstellung"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["experiment_start", "calmer", "--b", "variety=0.3"], "is no JSON"),
        (["experiment_start", "calmer", "--b", "[]"], "INVALID: An arm has variety"),
        (["experiment_stop", "calmer"], "NOT_FOUND: There is no experiment"),
        (["experiment_report", "calmer"], "NOT_FOUND: There is no experiment"),
    ],
)
def test_commands_say_what_is_wrong(arguments, words):
    with pytest.raises(CommandError, match=words):
        call_command(*arguments)
    assert not Experiment.objects.exists()


def test_one_runs_at_a_time_and_a_name_is_used_once(start):
    start()
    with pytest.raises(Conflict) as refused:
        experiment_start(name="other", kind=ExperimentKind.AB, arm_a={}, arm_b={"variety": 0.5})
    assert refused.value.specific_code == "EXPERIMENT_THERE"
    assert refused.value.message.startswith("calmer runs already")
    experiment_stop(name="calmer")
    with pytest.raises(Conflict, match="of this name"):
        start()
    experiment_start(name="other", kind=ExperimentKind.AB, arm_a={}, arm_b={"variety": 0.5})
