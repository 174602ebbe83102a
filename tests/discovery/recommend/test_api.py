"""Discovery as an app sees it: shares that add up, consent obeyed, pages that join, queries counted."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import PersonalizationLevel
from graph.models import ItemKind
from tests import factories
from tests.api.client import App
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db

FEED = (
    "level degraded notUsed variety modelVersion { id } pageInfo { hasNextPage hasPreviousPage endCursor }"
    " edges { cursor node { score remainder item { __typename ... on Track { title artist { name } tags } }"
    " reasons { kind text contribution share evidence { __typename id } action { kind purpose label } } } }"
)
DISCOVER = (
    "query ($first: Int! = 20, $after: String, $level: PersonalizationLevel, $variety: Float) { viewer { discover"
    f"(first: $first, after: $after, level: $level, variety: $variety) {{ {FEED} }} }} }}"
)
FROM_FRIENDS = f"{{ viewer {{ fromFriends {{ {FEED} }} }} }}"
SET_CONSENT = (
    "mutation ($purpose: Purpose!, $granted: Boolean!) { setConsent(purpose: $purpose, granted: $granted)"
    " { __typename ... on OperationInfo { messages { code } } } }"
)


@pytest.fixture
def world(serve):
    triangle = factories.triangle_of_friends()
    tracks = [triangle.common, *triangle.favorites.values(), *(factories.track() for _ in range(40))]
    tracks.sort(key=lambda track: track.pk)
    prior = [1.0 if track == triangle.common else 0.25 for track in tracks]
    vectors = [[0.0, 1.0] if track == triangle.common else [1.0, 0.0] for track in tracks]
    serve(ItemKind.TRACK, small_index(vectors, ids=[track.pk for track in tracks], prior=prior))
    return triangle


def discover(user, **variables):
    return App(user).data(DISCOVER, **variables)["viewer"]["discover"]


def titles(feed):
    return [edge["node"]["item"]["title"] for edge in feed["edges"]]


def test_reasons_add_up_and_every_cited_thing_can_be_opened(world):
    app = App(world.ada)
    feed = discover(world.ada)
    assert (feed["level"], feed["degraded"], feed["notUsed"]) == ("SOCIAL", None, [])
    cited = set()
    for edge in feed["edges"]:
        node = edge["node"]
        assert sum(r["contribution"] for r in node["reasons"]) + node["remainder"] == pytest.approx(
            node["score"]
        )
        assert sum(r["share"] for r in node["reasons"]) <= 1 + 1e-9
        cited |= {thing["id"] for r in node["reasons"] for thing in r["evidence"]}
    assert cited
    for thing in cited:
        assert app.data("query ($id: ID!) { node(id: $id) { id } }", id=thing)["node"] == {"id": thing}


def test_withdrawing_self_changes_the_next_answer_and_granting_brings_it_back(world):
    app, before = App(world.ada), discover(world.ada)
    assert app.data(SET_CONSENT, purpose="SELF", granted=False)["setConsent"]["__typename"] != "OperationInfo"
    without = discover(world.ada)
    assert (without["level"], without["notUsed"]) == ("BASIC", ["SELF"])
    assert {r["kind"] for edge in without["edges"] for r in edge["node"]["reasons"]} == {"POPULARITY"}
    assert world.common.title in titles(without)
    app.data(SET_CONSENT, purpose="SELF", granted=True)
    assert discover(world.ada)["edges"] == before["edges"]


def test_a_friends_withdrawal_empties_from_friends_of_their_plays(world):
    assert set(titles(App(world.ada).data(FROM_FRIENDS)["viewer"]["fromFriends"])) == {
        "Ben's Favorite",
        "Cleo's Favorite",
    }
    App(world.ben).data(SET_CONSENT, purpose="SOCIAL_OUT", granted=False)
    assert titles(App(world.ada).data(FROM_FRIENDS)["viewer"]["fromFriends"]) == ["Cleo's Favorite"]


def test_the_action_of_a_reason_works(world):
    app = App(world.ada)
    friends = App(world.ada).data(FROM_FRIENDS)["viewer"]["fromFriends"]
    (action,) = {r["action"]["purpose"] for edge in friends["edges"] for r in edge["node"]["reasons"]}
    app.data(SET_CONSENT, purpose=action, granted=False)
    assert app.data(FROM_FRIENDS)["viewer"]["fromFriends"]["edges"] == []


def test_pages_join(world):
    whole, after, joined = titles(discover(world.ada, first=100)), None, []
    while True:
        page = discover(world.ada, first=7, after=after)
        joined += titles(page)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert joined == whole
    assert len(set(whole)) == len(whole) == 42


def test_a_level_may_lower_but_not_raise(world):
    world.ada.level = PersonalizationLevel.OWN
    world.ada.save()
    assert discover(world.ada, level="CONTEXT")["level"] == "OWN"
    assert discover(world.ada, level="OFF")["level"] == "OFF"


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"first": 101}, "LIMIT_EXCEEDED"),
        ({"first": -1}, "INVALID"),
        ({"after": "nonsense"}, "INVALID_CURSOR"),
        ({"variety": 1.5}, "INVALID"),
    ],
)
def test_bad_arguments_are_refused_with_a_code(world, variables, code):
    assert App(world.ada).code(DISCOVER, **variables) == code


def test_anonymous_gets_the_popular_and_no_viewer(world):
    answer = App().data(f"{{ viewer {{ id }} popular {{ {FEED} }} }}")
    assert answer["viewer"] is None
    assert titles(answer["popular"])[0] == world.common.title
    assert answer["popular"]["level"] == "OFF"


def test_without_a_model_the_answer_says_so():
    ada = factories.sharer("ada")
    feed = discover(ada)
    assert (feed["edges"], feed["degraded"], feed["modelVersion"]) == ([], "NO_MODEL", None)


def test_as_many_queries_for_thirty_rows_as_for_three(world):
    app = App(world.ada)

    def queries(first):
        with CaptureQueriesContext(connection) as captured:
            app.data(DISCOVER, first=first)
        return len(captured)

    assert queries(3) == queries(30)
