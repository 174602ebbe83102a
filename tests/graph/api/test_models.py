"""Models through the API, for the people who run the installation."""

import pytest
from django.contrib.auth.models import Permission

from discovery.platform.graphql.node import global_id
from graph.models import ModelEvent, ModelVersion
from graph.serving import active_model
from tests import factories
from tests.api.client import App
from tests.graph.training.test_publish import publish

pytestmark = pytest.mark.django_db

LIST = """query ($after: String, $state: ModelState) { modelVersions(first: 2, after: $after, state: $state) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { id state share card events { was became who why } } } } }"""
PROMOTE = """mutation ($id: ID!, $to: ModelState!, $share: Float, $why: String!) { promoteModel(id: $id, to: $to, share: $share, why: $why) {
    ... on ModelVersion { state share } ... on OperationInfo { messages { code } } } }"""
BACK = 'mutation { rollbackModel(why: "back") { ... on ModelVersion { id } ... on OperationInfo { messages { code } } } }'
STOP = "mutation ($id: ID!) { stopModel(id: $id) { ... on ModelVersion { state } ... on OperationInfo { messages { code } } } }"


@pytest.fixture(autouse=True)
def fresh(artifact_dir, monkeypatch):
    for name in ("_served", "_beside", "_failed"):
        monkeypatch.setattr(active_model, name, None)


@pytest.fixture
def models():
    return [publish(), publish(), publish()]


@pytest.fixture
def operator():
    user = factories.listener("otto", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="change_modelversion"))
    return App(user)


def of(version):
    return global_id("ModelVersion", version.pk)


def promoted(app, version, to, share=None, why=""):
    answer = app.data(PROMOTE, id=of(version), to=to, share=share, why=why)["promoteModel"]
    return answer["messages"][0]["code"] if "messages" in answer else (answer["state"], answer["share"])


def test_staff_pages_through_what_there_was_with_what_became_of_it(models, operator):
    told, after = [], None
    while True:
        page = operator.data(LIST, after=after)["modelVersions"]
        assert page["totalCount"] == 3
        told += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert [node["id"] for node in told] == [of(version) for version in reversed(models)]
    assert [node["state"] for node in told] == ["ACTIVE", "RETIRED", "RETIRED"]
    assert told[1]["events"] == [
        {"was": None, "became": "ACTIVE", "who": "training", "why": told[1]["events"][0]["why"]},
        {
            "was": "ACTIVE",
            "became": "RETIRED",
            "who": "training",
            "why": f"{models[2].pk} serves in its place",
        },
    ]
    assert "## What it learned from" in told[0]["card"]
    assert "it must not be used for" in told[0]["card"]
    active = operator.data(LIST, state="ACTIVE")["modelVersions"]["edges"]
    assert [edge["node"]["id"] for edge in active] == [of(models[2])]


def test_staff_says_what_is_tried_what_serves_and_what_is_out_and_the_audit_names_them(models, operator):
    first, second, third = models
    assert promoted(operator, second, "CANARY", 0.2, "let us hear") == ("CANARY", 0.2)
    event = ModelEvent.objects.filter(model=second.pk).latest("pk")
    assert (event.why, "otto" in event.who) == ("let us hear", False), (
        "no name that would outlive its account"
    )
    (node,) = (e["node"] for e in operator.data(LIST, state="CANARY")["modelVersions"]["edges"])
    assert node["events"][-1]["who"] == "otto"
    assert promoted(operator, second, "CANARY") == "MODEL_SERVES"
    assert promoted(operator, second, "ACTIVE", 7.0) == "INVALID_SHARE"
    assert promoted(operator, second, "RETIRED") == "MODEL_MOVE"
    assert operator.data(STOP, id=of(second))["stopModel"] == {"state": "STOPPED"}
    assert operator.data(STOP, id=of(second))["stopModel"] == {"messages": [{"code": "MODEL_MOVE"}]}
    assert promoted(operator, second, "ACTIVE") == ("ACTIVE", None)
    assert operator.data(BACK)["rollbackModel"] == {"messages": [{"code": "MODEL_DAMAGED"}]}, (
        "its files are gone"
    )
    assert promoted(operator, third, "ACTIVE") == ("ACTIVE", None)
    assert operator.data(BACK)["rollbackModel"] == {"id": of(second)}
    assert active_model.active().version == second
    gone = ModelVersion(pk=first.pk)
    first.delete()
    assert promoted(operator, gone, "ACTIVE") == "NOT_FOUND"


@pytest.mark.parametrize(
    "fields", [{}, {"is_staff": True}], ids=["a listener", "staff without the permission"]
)
def test_nobody_else_moves_a_model_or_reads_of_it(models, fields):
    app = App(factories.listener("ada", **fields))
    assert promoted(app, models[0], "ACTIVE") == "NOT_ALLOWED"
    assert app.data(BACK)["rollbackModel"] == {"messages": [{"code": "NOT_ALLOWED"}]}
    assert app.data(STOP, id=of(models[2]))["stopModel"] == {"messages": [{"code": "NOT_ALLOWED"}]}
    assert active_model.active().version == models[2]
    if not fields:
        assert app.code(LIST) == "NOT_ALLOWED"
        assert app.data("{ activeModel { state share card events { who } metrics } }")["activeModel"] == {
            "state": "ACTIVE", "share": None, "card": None, "events": None, "metrics": None,
        }  # fmt: skip
    assert ModelVersion.objects.filter(state="ACTIVE").get() == models[2]


@pytest.mark.parametrize("why", ["a\x00b", "x" * 10_000], ids=["what no database holds", "a book"])
def test_a_why_that_cannot_be_kept_is_refused_and_nothing_moves(models, operator, why):
    assert promoted(operator, models[1], "CANARY", why=why) == "INVALID"
    assert not ModelEvent.objects.filter(became="CANARY").exists()
    assert promoted(operator, models[1], "CANARY", why=" ")[0] == "CANARY"


def test_ids_of_something_else_are_no_models(models, operator):
    for told in ("nonsense", global_id("Track", 1), "x" * 10_000):
        answer = operator.data(PROMOTE, id=told, to="ACTIVE", share=None, why="")["promoteModel"]
        assert answer["messages"][0]["code"] in {"INVALID", "NOT_FOUND", "INVALID_ID"}
