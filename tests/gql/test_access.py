"""Every field and mutation × who asks has an expected outcome; write new ones with EARSHOT_WRITE_ACCESS=1, then read them."""

import os

import pytest

from graph.models import ItemKind
from tests import factories
from tests.discovery.small_index import small_index
from tests.gql.access import PARENT, ROLES, World, lines, table_read, table_write

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(serve, settings, tmp_path):
    settings.EXPORT_DIR = tmp_path
    track = factories.track()
    serve(ItemKind.TRACK, small_index([[1.0]], ids=[track.pk]))
    return World()


def found(world):
    return {
        place: tuple(world.outcome(role, operation) for role in ROLES)
        if operation
        else (PARENT,) * len(ROLES)
        for place, operation in lines(world.ids).items()
    }


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
        assert blocked == stranger == staff, place
