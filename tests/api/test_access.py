"""Every field and mutation × who asks has an expected outcome; write new ones with EARSHOT_WRITE_ACCESS=1, then read them."""

import os

import pytest
from graphql import GraphQLObjectType

from discovery.schema import schema
from discovery.scopes import NODES
from graph.models import ItemKind
from tests import factories
from tests.api.access import ROLES, World, lines, reached_types, table_read, table_write
from tests.api.reached import OWNERS, cells, ways
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db

PUSHED = "pushed"  # sent by a subscription only


# A room as one sees it from the door: the same id as the `Room`'s, which is the Node.
OF_ANOTHERS_ID = {"RoomSummary"}


def test_everything_with_an_id_is_a_node_and_has_a_line_of_its_own():
    kinds = [kind for kind in schema._schema.type_map.values() if isinstance(kind, GraphQLObjectType)]
    nodes = {kind.name for kind in kinds if any(each.name == "Node" for each in kind.interfaces)}
    assert {kind.name for kind in kinds if "id" in kind.fields} - nodes == OF_ANOTHERS_ID
    asked = {place.removeprefix("node ") for place in table_read() if place.startswith("node ")}
    assert asked - {"Friend"} == nodes == NODES.keys(), (
        "of each is said who gets it by its id, and what a token needs"
    )


# A node that is no person's, and one that an owner is not told of themselves: their friends are.
NOBODYS_NODES = {"Artist", "Community", "ModelVersion", "Tag", "Track"}
OF_FRIENDS = {"Activity"}


def test_a_node_answers_whoever_it_is_of_and_no_stranger():
    for place, (anonymous, stranger, friend, _blocked, owner, _staff) in table_read().items():
        name = place.removeprefix("node ")
        if name in (place, "Friend"):
            continue
        expected = ("ok", "ok") if name in NOBODYS_NODES else ("null", "null")
        assert (anonymous, stranger) == expected, place
        assert (friend if name in OF_FRIENDS else owner) == "ok", place


@pytest.fixture
def world(serve, settings, tmp_path):
    settings.EXPORT_DIR = tmp_path
    settings.OPERATOR_NAME = settings.OPERATOR_CONTACT = settings.OPERATOR_DPO = "Somebody"
    settings.OPERATOR_RECIPIENTS, settings.COMPLAINT_AUTHORITY = (
        "A host",
        "Authority https://authority.example",
    )
    track = factories.track()
    serve(ItemKind.TRACK, small_index([[1.0]], ids=[track.pk], prior=[1.0]))
    return World()


def found(world):
    outcomes = {
        place: tuple(world.outcome(role, operation) for role in ROLES)
        for place, operation in lines(world.ids).items()
    }
    steps = ways()
    for name in reached_types():
        by_role = [cells(world, role, name, steps[name]) for role in ROLES] if name in steps else []
        for field in sorted(schema._schema.type_map[name].fields):
            outcomes[f"{name}.{field}"] = tuple(each[field] for each in by_role) or (PUSHED,) * len(ROLES)
    return outcomes


def test_every_field_answers_everybody_as_the_table_says(world):
    outcomes = found(world)
    if os.environ.get("EARSHOT_WRITE_ACCESS"):
        table_write(outcomes)
    expected = table_read()
    assert outcomes.keys() - expected.keys() == set(), "fields without an expected outcome"
    assert expected.keys() - outcomes.keys() == set(), "fields that are gone"
    assert {place: cells for place, cells in outcomes.items() if cells != expected[place]} == {
        place: expected[place] for place, cells in outcomes.items() if cells != expected[place]
    }


def test_the_table_lets_nobody_signed_out_change_anything():
    for place, (anonymous, *_) in table_read().items():
        if place.startswith("Mutation."):
            assert anonymous == "SIGN_IN_REQUIRED", place
        if place.startswith("Viewer."):
            assert anonymous == "null", place


def test_the_table_tells_the_blocked_and_strangers_nothing_apart():
    """A block is answered like what does not exist; staff see no more through the API than anybody."""
    for place, (_, stranger, _friend, blocked, _owner, staff) in table_read().items():
        assert blocked == stranger, place
        assert staff == stranger or {place, place.partition(".")[0]} & FOR_STAFF, place


# What is of nobody, and of whom it was made exact counts would tell.
FOR_STAFF = {
    "Query.experiments", "Experiment", "ExperimentFigure", "ExperimentReport", "OffPolicyEstimate",
    "Query.deviceFeedback", "DeviceEstimate", "Query.engagement", "EngagementReport", "EngagementFigure", "EngagementMetric",
    "ModelVersion.card", "ModelVersion.events", "ModelVersion.metrics", "ModelVersion.share", "ModelVersionConnection.edges",
    "ModelVersionConnection.pageInfo", "ModelVersionConnection.totalCount", "ModelVersionEdge.cursor", "ModelVersionEdge.node",
    "Query.modelVersions", "ModelEvent.at", "ModelEvent.became", "ModelEvent.was", "ModelEvent.who", "ModelEvent.why",
}  # fmt: skip
# What of the owner a friend may see: who they are, what the owner sent them, what SOCIAL_OUT and NAMED allow.
FOR_FRIENDS = {
    "Activity", "ActivityEdge", "BlendMember", "BlockChange", "Connection", "ItemRecommendation", "ItemRecommendationEdge", "Link", "Listener",
    "ListenerEdge", "Path", "RemovedRecommendation", "TasteMatch",
}  # fmt: skip
# What cannot be asked about oneself.
ABOUT_OTHERS = {"Mutation.block", "Mutation.requestFriendship", "Viewer.blend"}


def test_the_table_shows_the_owners_things_to_the_owner_and_their_friends_only():
    for place, (anonymous, stranger, friend, blocked, owner, staff) in table_read().items():
        assert OWNERS not in {anonymous, stranger, blocked, staff}, place
        if friend == OWNERS:
            assert place.partition(".")[0] in FOR_FRIENDS, place
        if owner == "INVALID":
            assert place in ABOUT_OTHERS or place.startswith("Blend"), place
