"""The cost of the API is asked of every surface, and never of a database that holds somebody's data."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Friendship, User
from discovery.lab import api_cost
from discovery.lab.api_community import MARK, Generated, generated_store
from discovery.lab.api_surfaces import SOCKET_ONLY, SURFACES
from discovery.management.commands import benchmark_api
from discovery.platform.errors import ServiceFailed
from graph.models import Listen
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db(transaction=True)  # each request ends its connection, as on a server

ASKED_FOR = [
    "discover",
    "fromFriends",
    "popular",
    "friendSuggestions",
    "similarListeners",
    "tasteMatch",
    "blend",
    "activity",
    "pathTo",
    "startRadio",
    "advanceRadio",
    "room",
    "voteInRoom",
    "vetoInRoom",
    "communities",
    "community",
    "listens",
    "playlists",
    "friends",
    "search",
    "privacy",
    "previewRemoval",
    "recommendItem",
    "recordListens",
    "giveFeedback",
]


@pytest.fixture
def home(settings, tmp_path):
    settings.HOME_DIR, settings.ARTIFACT_DIR = tmp_path, tmp_path / "models"
    return tmp_path


def benchmark(**options):
    out = io.StringIO()
    call_command("benchmark_api", community="sample", stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def test_every_surface_is_measured_or_left_out_with_a_reason(home, tmp_path):
    file = tmp_path / "figures.json"
    printed = benchmark(people=60, rounds=2, viewers=3, json=file)
    found = json.loads(file.read_text())["sample"]
    assert {*found["surfaces"], *found["skipped"]} == {*ASKED_FOR, "radio state"}
    assert found["skipped"] == {"radio state": SOCKET_ONLY}
    assert all(f"\n| {name} |" in printed for name in [*ASKED_FOR, "plain view", "its connection"])
    assert (found["rounds"], found["viewers"], found["community"]["people"]) == (2, 3, 60)
    assert {tuple(cost) for cost in found["surfaces"].values()} == {("p50_ms", "p95_ms", "ratio")}
    again = benchmark(people=60, rounds=1, viewers=1)  # the same database, trained once
    assert "1 rounds over 1 viewers" in again
    assert User.objects.count() == 60


def test_a_database_with_people_in_it_is_left_alone(home):
    factories.listener()
    with pytest.raises(CommandError, match="needs one of its own"):
        benchmark(rounds=1, viewers=1)
    assert not (home / MARK).exists()
    (home / MARK).write_text(json.dumps({"community": "generated", "database": "another"}))
    with pytest.raises(CommandError, match="needs one of its own"):
        benchmark(rounds=1, viewers=1)
    assert User.objects.count() == 1


def test_one_database_is_not_taken_for_two(home, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite://")
    with pytest.raises(CommandError, match="--community"):
        call_command("benchmark_api")
    monkeypatch.setattr(benchmark_api, "SHARED_DATA", home / "nowhere")
    with pytest.raises(CommandError, match="--data"):
        call_command("benchmark_api", community="real")


def test_a_generated_community_has_what_was_asked_for(home):
    size = Generated(plays=2_000, people=120, friendships=200)
    generated_store(size)
    assert (User.objects.count(), Friendship.objects.count()) == (120, 200)
    assert 0.97 * 2_000 <= Listen.objects.count() <= 2_000
    viewer = Listen.objects.order_by("pk").first().user
    asked = (
        "{ viewer { listens { edges { node { source } } } privacy { level purposes { purpose state } } } }"
    )
    answer = App(viewer).data(asked)["viewer"]
    assert answer["privacy"]["level"] == "CONTEXT"
    assert sum(one["state"] == "GRANTED" for one in answer["privacy"]["purposes"]) == 7
    assert answer["listens"]["edges"]


@pytest.mark.parametrize(
    ("token", "query", "said"),
    [
        (True, "{ noSuchField }", "GRAPHQL_VALIDATION_FAILED"),
        (True, 'mutation { giveFeedback(itemId: "x", kind: LIKE) { __typename ... on OperationInfo { messages { code } } } }', "INVALID_ID"),
        (False, "{ viewer { id } }", "401"),
    ],
)  # fmt: skip
def test_a_surface_that_fails_is_not_measured(token, query, said):
    viewer = factories.listener()
    words = App(viewer).headers["Authorization"].split()[1] if token else "nobody's"
    with pytest.raises(ServiceFailed, match=said):
        api_cost.Site().data(words, query, {})


def test_the_plain_view_answers_twenty_artists_behind_the_same_door():
    for number in range(25):
        factories.artist(f"Artist {number}")
    words = App(factories.listener()).headers["Authorization"].split()[1]
    spent, answer = api_cost.Site().ask(words, None)
    assert (len(answer["artists"]), answer["artists"][0]["name"]) == (20, "Artist 0")
    assert spent >= 0
    with pytest.raises(ServiceFailed, match="401"):
        api_cost.Site().ask("nobody's", None)


def test_names_are_told_apart():
    assert len({surface.name for surface in SURFACES}) == len(SURFACES)
