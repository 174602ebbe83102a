"""Ids from outside: exactly ours, or refused."""

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.models import Purpose
from discovery.platform.errors import InvalidInput
from discovery.platform.graphql.inputs import text
from discovery.platform.graphql.node import global_id, node_id
from tests.api.client import App
from tests.factories import answered, blocked, listener

NODE = "query ($id: ID!) { node(id: $id) { __typename id ... on Listener { handle } } }"
GARBAGE = ["", " ", "1", "null", "\x00", "🎵", "TGlzdGVuZXI6", "Listener:1", "x" * 70_0]


def encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


@given(key=st.integers(0, 2**63 - 1))
def test_an_id_of_ours_comes_back_as_its_key(key):
    assert node_id(global_id("Track", key), "Track", "Artist") == key


@given(value=st.text())
@example(encoded("Track:1"))
@example(encoded("x" * 16))
@example("=" * 22)
@example("A" * 22)
@example("\ud800" * 22)
def test_everything_else_is_refused(value):
    with pytest.raises(InvalidInput) as refused:
        node_id(value, "Track", field="trackId")
    assert (refused.value.specific_code, refused.value.field) == ("INVALID_ID", "trackId")


@pytest.mark.django_db
class TestNode:
    def test_only_what_the_viewer_may_see(self):
        viewer, found, hidden = listener("ada"), answered(listener("ben"), Purpose.DISCOVERABLE), listener()
        app, ids = App(viewer), {user: global_id("Listener", user.pk) for user in (viewer, found, hidden)}
        assert app.data(NODE, id=ids[found])["node"] == {
            "__typename": "Listener",
            "id": ids[found],
            "handle": "ben",
        }
        assert app.data(NODE, id=ids[viewer])["node"]["handle"] == "ada"
        assert app.data(NODE, id=ids[hidden]) == {"node": None}
        assert App().data(NODE, id=ids[found]) == {"node": None}

    def test_a_block_looks_like_nothing(self):
        viewer, other = listener(), answered(listener(), Purpose.DISCOVERABLE)
        blocked(other, viewer)
        app = App(viewer)
        missing = app.ask(NODE, id=global_id("Listener", 10**9))
        assert app.ask(NODE, id=global_id("Listener", other.pk)) == missing == {"data": {"node": None}}

    @pytest.mark.parametrize(
        "value", [*GARBAGE, encoded("Query:1"), encoded("Nothing:1"), encoded("Purpose:1")]
    )
    def test_garbage_is_nothing(self, value):
        assert App(listener()).data(NODE, id=value) == {"node": None}


@pytest.mark.parametrize("value", ["", "   ", "a\x00b", "\ud800", "x" * 11])
def test_text_that_is_none(value):
    with pytest.raises(InvalidInput):
        text(value, field="title", largest=10)


def test_text_is_kept_but_for_space_around_it():
    assert text(" 🎵 Ünï ", field="title", largest=10) == "🎵 Ünï"
