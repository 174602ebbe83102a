"""GraphQL clients that are not ours, from npm, against a server that really listens."""

import json
import os
import subprocess

import pytest

from accounts.services.token import token_issue
from graph.models import ItemKind
from tests import factories
from tests.discovery.small_index import small_index

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]


@pytest.fixture
def run(npm_clients, live_server):
    def run(script, *words):
        environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        done = subprocess.run(
            ["node", script, f"{live_server.url}/graphql/", *words],
            cwd=npm_clients, capture_output=True, text=True, check=False, env=environment,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def world(serve):
    triangle = factories.triangle_of_friends()
    artists = sorted({triangle.common.artist_id, *(t.artist_id for t in triangle.favorites.values())})
    serve(ItemKind.ARTIST, small_index([[1.0]] * len(artists), ids=artists))
    for number in range(3):
        factories.befriended(triangle.ada, factories.sharer(f"friend{number}"))
    return triangle


def test_urql_discovers_sets_consent_and_pages_through_friends(world, run):
    seen = run("urql.mjs", token_issue(user=world.ada))
    before = seen["before"]["viewer"]["discover"]
    assert before["level"] == "SOCIAL"
    for edge in before["edges"]:
        node = edge["node"]
        assert sum(r["contribution"] for r in node["reasons"]) + node["remainder"] == pytest.approx(
            node["score"]
        )
    assert sorted(seen["friends"]) == ["ben", "cleo", "friend0", "friend1", "friend2"]
    assert seen["consent"]["setConsent"]["__typename"] != "OperationInfo"
    assert seen["after"]["viewer"]["discover"]["level"] == "BASIC"


def test_graphql_request_gets_codes_for_a_wrong_token_and_a_wrong_query(world, run):
    seen = run("graphql_request.mjs", token_issue(user=world.ada))
    assert seen["good"] == {"data": {"viewer": {"profile": {"handle": "ada"}}}}
    assert seen["wrongToken"] == {"status": 401, "codes": ["INVALID_TOKEN"]}
    assert seen["nonsense"]["codes"] == ["GRAPHQL_VALIDATION_FAILED"]


def test_graphql_over_http_holds_for_whoever_is_not_signed_in(run):
    assert run("audits.mjs") == {"audits": 61, "failed": []}


def test_and_signed_in_but_for_get_which_is_refused_with_a_code(run):
    seen = run("audits.mjs", token_issue(user=factories.listener("ada")))
    assert seen["audits"] == 61
    assert {each["id"] for each in seen["failed"]} == {"5A70", "D6D5", "6A70"}
    for each in seen["failed"]:
        assert each["status"] == 405
        assert each["body"]["errors"][0]["extensions"] == {"code": "SIGNED_IN_GET"}
