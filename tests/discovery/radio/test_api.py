"""The radio over HTTP: seeds, a skip, and what is refused."""

import pytest

from accounts.services.token import token_issue
from discovery.models import RadioChoice
from discovery.platform.graphql.node import global_id
from graph.models import Standing, Tag
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db

PAYLOAD = """{ __typename
  ... on RadioQueue { radioId step resume source propensity now { item { ... on Track { id title } } score
    reasons { contribution } remainder } upcoming { item { ... on Track { id } } } }
  ... on OperationInfo { messages { code field } } }"""
START = f"mutation ($seed: ID, $tag: String, $variety: Float! = 0) {{ startRadio(seedId: $seed, tag: $tag, variety: $variety) {PAYLOAD} }}"
ADVANCE = f"""mutation ($radio: ID!, $feedback: FeedbackKind, $step: Int, $resume: String, $ms: Int) {{
  advanceRadio(radioId: $radio, feedback: $feedback, step: $step, resume: $resume, msPlayed: $ms) {PAYLOAD} }}"""


@pytest.fixture
def ask(client):
    def ask(user, document, **variables):
        response = client.post(
            "/graphql/",
            {"query": document, "variables": variables},
            content_type="application/json",
            headers={"Authorization": f"Bearer {token_issue(user=user)}"},
        )
        body = response.json()
        assert "errors" not in body, body
        (answer,) = body["data"].values()
        return answer

    return ask


def code_of(answer):
    assert answer["__typename"] == "OperationInfo", answer
    return answer["messages"][0]["code"]


def test_a_skip_counts_in_the_next_item(dial, ask):
    user, tracks = dial
    started = ask(user, START, seed=global_id("Track", tracks[5].pk))
    assert started["step"] == 0
    assert 0 < started["propensity"] <= 1
    now = started["now"]
    assert sum(r["contribution"] for r in now["reasons"]) + now["remainder"] == pytest.approx(now["score"])
    after = ask(user, ADVANCE, radio=started["radioId"], feedback="SKIP", step=0, ms=2_000)
    assert (after["radioId"], after["step"]) == (started["radioId"], 1)
    gone = now["item"]["id"]
    assert gone not in [one["item"]["id"] for one in [after["now"], *after["upcoming"]]]


def test_it_starts_from_nothing_and_from_a_word(dial, ask):
    user, tracks = dial
    factories.tag("shoegaze", tracks[0])
    assert ask(user, START)["now"] is not None
    assert ask(user, START, tag="Shoegaze")["now"] is not None
    assert code_of(ask(user, START, tag="no such word")) == "NOT_FOUND"


TAGS = "query ($text: String!, $first: Int! = 20) { search(text: $text) { tags(first: $first) { id name } } }"


def tags_of(user, text, **variables):
    return App(user).data(TAGS, text=text, **variables)["search"]["tags"]


def test_it_starts_from_a_tag_that_a_search_for_its_word_finds(dial, ask):
    user, tracks = dial
    for name in ("shoegaze", "dream gaze", "Gaze", "gazebo", "noise"):
        factories.tag(name, tracks[0])
    found = tags_of(user, "gAZe")
    assert [tag["name"] for tag in found] == ["Gaze", "gazebo", "shoegaze", "dream gaze"]
    assert found[:2] == tags_of(user, "gaze", first=2)
    assert ask(user, START, seed=found[0]["id"])["now"] is not None


def test_a_word_of_a_few_is_found_by_nobody_else_and_starts_nothing(dial, ask):
    user, tracks = dial
    few = [factories.listener() for _ in range(9)]
    for person in few:
        factories.tag("my ex", tracks[0], by=person)
    Tag.objects.update(standing=Standing.LISTENERS)
    key = global_id("Tag", Tag.objects.get().pk)
    assert tags_of(user, "my") == tags_of(None, "my") == []
    assert tags_of(few[0], "my") == [{"id": key, "name": "my ex"}]
    assert App(user).data("query ($id: ID!) { node(id: $id) { id } }", id=key) == {"node": None}
    assert code_of(ask(user, START, seed=key)) == code_of(ask(user, START, tag="my ex")) == "NOT_FOUND"


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"seed": "x"}, "INVALID_ID"),
        ({"seed": global_id("Playlist", 1)}, "INVALID_ID"),
        ({"seed": global_id("Track", 999_999_999)}, "NOT_FOUND"),
        ({"tag": "\x00"}, "INVALID"),
        ({"variety": 2.0}, "INVALID"),
    ],
)
def test_a_bad_start_is_refused_and_leaves_nothing(dial, ask, variables, code):
    user, _ = dial
    assert code_of(ask(user, START, **variables)) == code
    assert not RadioChoice.objects.exists()


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"radio": "x"}, "NOT_FOUND"),
        ({"step": 7}, "CONFLICT"),
        ({"resume": "x"}, "INVALID"),
        ({"ms": -1}, "INVALID"),
    ],
)
def test_a_bad_step_is_refused_and_the_radio_stays(dial, ask, variables, code):
    user, _ = dial
    started = ask(user, START)
    assert code_of(ask(user, ADVANCE, **{"radio": started["radioId"], **variables})) == code
    assert ask(user, ADVANCE, radio=started["radioId"], step=0)["step"] == 1
