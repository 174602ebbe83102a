"""What people are told in words and no other test holds: see tests/promises.tsv."""

import ast
import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.apps import apps
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import Device, Friendship, PersonalizationLevel, Purpose, User
from accounts.policy_text import ASKED
from accounts.services.consent import consent_set
from accounts.services.ledger_head import ledger_head_publish
from discovery.models import DataExport, SocialUse
from discovery.platform.graphql.node import global_id
from discovery.radio import log
from discovery.radio.choose import ARMS, FEATURES, prior_belief
from discovery.radio.services import radio_advance, radio_start
from discovery.radio.session import Outcome, SeedKind, public_id
from graph.ml.export import write_artifact
from graph.ml.train import fit
from graph.models import Feedback, FeedbackKind, Listen
from graph.serving.artifact import TENSORS
from tasks.schedule import SCHEDULE
from tests import factories
from tests.api.client import App
from tests.discovery.radio.conftest import dial  # noqa: F401  a fixture
from tests.graph.conftest import small_config  # noqa: F401  a fixture
from tests.graph.ml.worlds import clusters
from tests.privacy.test_export import export_dir, export_of  # noqa: F401  a fixture

ROOT = Path(__file__).parents[2]
ROOMS = ("accounts", "discovery", "graph", "tasks")
CALLS_OUT = {
    "aiohttp", "ftplib", "http.client", "httpx", "requests", "smtplib", "urllib.request", "urllib3", "django.core.mail",
}  # fmt: skip
ITEMS = "edges { node { score item { ... on Track { id } } } } level used notUsed"


def discover(user):
    return App(user).data(f"{{ viewer {{ discover {{ {ITEMS} }} }} }}")["viewer"]["discover"]


def popular():
    return App().data(f"{{ popular {{ {ITEMS} }} }}")["popular"]["edges"]


def stored(*without):
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values())
        for model in apps.get_models()
        if model not in without
    }


# --- what is off, and what is used ----------------------------------------------------------


@pytest.mark.django_db
def test_who_said_nothing_is_asked_everything_and_sees_what_everybody_sees(world):
    """Though friends share with them, and though they have plays."""
    newcomer = User.objects.create(username="newcomer")
    factories.befriended(newcomer, world.ada, world.ben)
    factories.listens(newcomer, world.favorites["ada"], 9)
    shown = App(newcomer).data("{ viewer { privacy { level privateUntil purposes { purpose state } } } }")[
        "viewer"
    ]["privacy"]
    assert (shown["level"], shown["privateUntil"]) == ("OFF", None)
    assert {row["purpose"]: row["state"] for row in shown["purposes"]} == dict.fromkeys(ASKED, "UNDEFINED")
    for level in (PersonalizationLevel.OFF, PersonalizationLevel.SOCIAL):
        User.objects.filter(pk=newcomer.pk).update(level=level)
        assert discover(newcomer)["edges"] == popular()
    factories.answered(newcomer, Purpose.SELF)
    assert discover(newcomer)["edges"] != popular()


@pytest.mark.django_db
def test_after_a_no_to_everything_one_sees_what_is_popular_until_one_says_yes_again(world):
    before = discover(world.ada)
    assert before["edges"] != popular()
    App(world.ada).data("mutation { withdrawAllConsent { __typename } }")
    assert (discover(world.ada)["edges"], discover(world.ada)["used"]) == (popular(), [])
    for purpose in (Purpose.SELF, Purpose.SOCIAL_IN):
        consent_set(user=world.ada, purpose=purpose, granted=True)
    assert discover(world.ada) == before


@pytest.mark.django_db
def test_an_answer_names_what_entered_it_and_nothing_that_might_have(world):
    def used():
        return discover(User.objects.get(pk=world.ada.pk))["used"]

    assert used() == ["SELF", "SOCIAL_IN"]
    factories.revoke(world.ada, Purpose.SOCIAL_IN)
    assert used() == ["SELF"]
    consent_set(user=world.ada, purpose=Purpose.SOCIAL_IN, granted=True)
    world.ada.listens.all().delete()
    assert used() == ["SOCIAL_IN"]
    for friend in (world.ben, world.cleo):
        factories.revoke(friend, Purpose.SOCIAL_OUT)
    assert used() == [], "granted, and there is nothing"
    Feedback.objects.create(
        user=world.ada, track=world.common, kind=FeedbackKind.LIKE, given_at=factories.NOON
    )
    assert used() == ["SELF"]
    User.objects.filter(pk=world.ada.pk).update(level=PersonalizationLevel.OFF)
    assert used() == []


@pytest.mark.django_db
def test_to_ask_for_music_leaves_nothing_but_the_notes_of_whom_it_was_shaped_by(world):
    app, id_of_ben = App(world.ada), global_id("Listener", world.ben.pk)
    before = stored(SocialUse, Device)
    app.data(f"{{ viewer {{ discover {{ {ITEMS} }} fromFriends {{ {ITEMS} }} }} }}")
    app.data(
        "query ($id: ID!) { viewer { tasteMatch(with: $id, kind: TRACK) { percent } similarListeners { totalCount } } }",
        id=id_of_ben,
    )
    assert stored(SocialUse, Device) == before
    assert SocialUse.objects.exists(), "it was personal"
    factories.listens(world.ada, world.common)
    assert stored(SocialUse, Device) != before


# --- what is kept, and for how long ---------------------------------------------------------


@pytest.mark.django_db
def test_a_private_session_ends_within_six_hours_also_where_it_is_begun_again():
    app = App(factories.sharer("ada"))
    for _ in range(2):
        begun = app.data("mutation { startPrivateSession { ... on PrivacySettings { privateUntil } } }")
        until = parse_datetime(begun["startPrivateSession"]["privateUntil"])
        assert timedelta(hours=5, minutes=59) < until - timezone.now() <= timedelta(hours=6)


def test_the_clock_ends_what_is_over_every_hour_and_signs_the_ledger_every_day():
    tasks = {entry["task"]: entry["schedule"] for entry in SCHEDULE.values()}
    for name in ("tasks.privacy.privacy_expire", "tasks.privacy.ledger_head_publish"):
        assert (len(tasks[name].minute), len(tasks[name].hour)) == (1, 24), name
    # At fixed hours; whoever finds the day's training begun leaves (tests/tasks/test_errands.py).
    assert (
        len(tasks["tasks.training.train_today"].minute),
        len(tasks["tasks.training.train_today"].hour),
    ) == (1, 4)
    assert tasks["tasks.training.train_when_due"] <= 60


@pytest.mark.django_db
def test_a_deleted_play_that_is_told_again_is_not_believed():
    ada, at = factories.sharer("ada"), factories.NOON.isoformat()
    app, track = App(ada), global_id("Track", factories.track().pk)
    record = """mutation ($track: ID!, $at: DateTime!) { recordListens(input: [
        {source: "app", sourceId: "1", trackId: $track, listenedAt: $at}]) { ... on RecordedListens { stored duplicates } } }"""
    told = [app.data(record, track=track, at=at)["recordListens"] for _ in range(2)]
    assert told == [{"stored": 1, "duplicates": 0}, {"stored": 0, "duplicates": 1}]
    app.data("mutation { deleteListens(all: true) { __typename } }")
    assert app.data(record, track=track, at=at)["recordListens"] == {"stored": 0, "duplicates": 0}
    assert not Listen.reports.exists()


@pytest.mark.django_db
def test_an_export_holds_the_newest_head(export_dir, django_capture_on_commit_callbacks):  # noqa: F811
    ada = factories.sharer("ada")
    assert "consent/ledger-head.json" not in export_of(ada)[1]
    consent_set(user=ada, purpose=Purpose.SELF, granted=False)
    with django_capture_on_commit_callbacks(execute=True):
        head = ledger_head_publish()
    assert json.loads(export_of(ada)[1]["consent/ledger-head.json"]) == head.document


@pytest.mark.django_db
def test_ten_exports_are_listed_newest_first():
    ada = factories.sharer("ada")
    for number in range(11):
        row = DataExport.objects.create(user=ada, state=DataExport.State.EXPIRED)
        DataExport.objects.filter(pk=row.pk).update(requested_at=timezone.now() - timedelta(days=number))
    DataExport.objects.create(user=factories.sharer("ben"))
    listed = App(ada).data("{ viewer { dataExports { requestedAt } } }")["viewer"]["dataExports"]
    moments = [parse_datetime(row["requestedAt"]) for row in listed]
    assert (len(moments), moments) == (10, sorted(moments, reverse=True))


@pytest.mark.django_db
def test_who_is_declined_finds_everything_as_if_they_had_not_asked():
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    app, key = App(ada), global_id("Listener", ben.pk)
    ask = f'mutation {{ requestFriendship(listenerId: "{key}") {{ ... on FriendshipChange {{ state }} }} }}'

    def seen():
        return app.ask(
            "query ($id: ID!) { node(id: $id) { ... on Listener { handle } } viewer { friends { totalCount } friendRequests"
            " { totalCount } friendSuggestions { edges { cursor } } shownTo { totalCount } activity { edges { cursor } } } }", id=key,
        )  # fmt: skip

    before = seen()
    assert app.data(ask)["requestFriendship"] == {"state": "REQUESTED"}
    assert seen() != before
    answer = "mutation ($id: ID!) { answerFriendRequest(requestId: $id, accept: false) { __typename } }"
    App(ben).data(answer, id=global_id("FriendRequest", Friendship.objects.get().pk))
    assert seen() == before
    assert app.data(ask)["requestFriendship"] == {"state": "REQUESTED"}, "nor by asking again"


# --- what is learned, and where it goes -----------------------------------------------------


def test_no_file_of_a_model_has_a_row_a_person(small_config, tmp_path):  # noqa: F811
    """However many people there are, its tensors are as large: nothing in it is anybody's."""
    shapes = []
    for people in (211, 223):
        world, folder = clusters(users=people), tmp_path / str(people)
        folder.mkdir()
        fitted = fit(world, small_config)
        write_artifact(fitted, folder, {})
        assert (folder / TENSORS).stat().st_size
        sizes = {size for array in fitted.arrays.values() for size in np.shape(array)}
        assert people not in sizes, [
            name for name, array in fitted.arrays.items() if people in np.shape(array)
        ]
        shapes.append(len(world.users))
    assert shapes == [211, 223]


def test_radios_learn_from_those_who_still_allow_it_alone(dial):  # noqa: F811
    user, _tracks = dial
    playing = radio_start(viewer=user, seed_kind=SeedKind.NOTHING)
    radio_advance(viewer=user, radio_id=public_id(playing.radio), outcome=Outcome.LIKED, step=0)
    seen = np.ones((1, ARMS, FEATURES))

    def believed(posterior):
        return np.round(posterior.expected(seen), 9).tolist()

    untaught = believed(prior_belief())
    assert believed(log.learned()) != untaught
    consent_set(user=user, purpose=Purpose.EXPERIMENT, granted=False)
    assert believed(log.learned()) == untaught


def calls_out(source):
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {
        name for name in names if any(name == known or name.startswith(f"{known}.") for known in CALLS_OUT)
    }


def test_no_code_of_ours_can_send_anything_elsewhere():
    """But for the room that asks the server whose address its listener typed in; what it sends there is the listener's."""
    found = {
        str(path.relative_to(ROOT)): names
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if (names := calls_out(path.read_text()))
    }
    asked = {path for path, names in found.items() if names == {"httpx"}}
    assert {str(Path(path).parent) for path in asked} == {"discovery/library"}
    others = {path: names for path, names in found.items() if path not in asked}
    themselves = ("discovery/embedded/demo.py", "discovery/platform/probe.py")
    assert others == {path: {"urllib.request"} for path in themselves}, (
        "which ask whether we are up ourselves"
    )
    assert calls_out("from urllib import request\nimport httpx") == {"urllib.request", "httpx"}
