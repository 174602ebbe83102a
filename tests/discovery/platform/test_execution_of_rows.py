"""Execution of our own schema: which fields have a short way, and that every row passes ``check_shown``."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from graphql import GraphQLError, is_object_type, parse
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import Path
from strawberry import cast
from strawberry.exceptions import WrongReturnTypeForUnion
from strawberry.schema.schema import (
    StrawberryGraphQLCoreExecutionContext,
    _OperationContextAwareGraphQLResolveInfo,
)

from accounts.api.context import Context
from accounts.credentials import browser_credential
from accounts.models import User
from discovery.platform.errors import NotAllowed
from discovery.platform.graphql.execution import EarshotExecution, Info
from discovery.platform.graphql.plain import _told_by_class, is_row_of, known_field, type_of_row
from discovery.schema import schema as ours
from graph.api.types import Track
from graph.models import Artist as ArtistRow
from graph.models import Playlist as PlaylistRow
from graph.models import Track as TrackRow
from tests import factories
from tests.discovery.platform.answers import shown


def test_a_resolver_that_may_ask_the_database_is_not_asked_in_an_event_loop():
    field = known_field(ours._schema, ours._schema.type_map["Listener"], "displayName")
    assert (field.read, field.blocking) == (None, True)
    assert field.leaf(User(username="ada")) == "ada"
    handle = known_field(ours._schema, ours._schema.type_map["Listener"], "handle")
    assert (handle.blocking, handle.leaf(User(username="ada"))) == (False, "ada")


def test_no_short_way_past_extensions_arguments_and_the_database():
    fields = {
        "Viewer": ("discover", "friends"),
        "Playlist": ("entries",),
        "Mutation": ("recordListens", "startPrivateSession"),
    }
    for kind, names in fields.items():
        for name in names:
            field = known_field(ours._schema, ours._schema.type_map[kind], name)
            assert (field.read, field.leaf) == (None, None), name
    assert known_field(ours._schema, ours._schema.type_map["Viewer"], "noSuchField") is None


def test_resolvers_are_told_what_strawberry_tells_them_and_the_source():
    assert Info._fields == (*_OperationContextAwareGraphQLResolveInfo._fields, "source")


def test_no_type_of_ours_tells_rows_of_one_class_apart():
    kinds = [kind for kind in ours._schema.type_map.values() if is_object_type(kind)]
    assert len(kinds) > 50
    assert [kind.name for kind in kinds if not _told_by_class(kind)] == []


def test_the_class_of_a_row_tells_its_type():
    kinds = ours._schema.type_map
    assert type_of_row(ours._schema, kinds["Item"], ArtistRow) is kinds["Artist"]
    assert type_of_row(ours._schema, kinds["Node"], TrackRow) is kinds["Track"]
    assert type_of_row(ours._schema, kinds["Item"], PlaylistRow) is None
    assert is_row_of(kinds["Playlist"], PlaylistRow)
    assert not is_row_of(kinds["Artist"], TrackRow)
    assert not is_row_of(kinds["Blend"], TrackRow)


def asked_as(viewer, query, **variables):
    request = RequestFactory().post("/graphql/")
    request.user, request.credential = viewer, browser_credential(viewer)
    return ours.execute_sync(
        query, variable_values=variables, context_value=Context(request=request, response=HttpResponse())
    )


FRIENDS = "{ viewer { id profile { id handle displayName } friends { edges { node { __typename id handle displayName } } } } }"
LISTENS = "{ viewer { listens { edges { cursor node { id listenedAt source track { id title album tags artist { id name tags mbid } } } } } } }"


@pytest.mark.django_db
class TestRows:
    @pytest.fixture
    def ada(self):
        ada, ben = factories.listener("ada"), factories.listener("ben", display_name="Ben")
        factories.befriended(ada, ben)
        factories.listens(ada, factories.track("One"))
        factories.listens(ada, factories.track("Two"))
        return ada

    # Plays bring their tracks along, and these their artists.
    @pytest.mark.parametrize(("query", "queries"), [(FRIENDS, 1), (LISTENS, 1)])
    def test_answers_and_questions_to_the_database_are_the_same(
        self, ada, query, queries, monkeypatch, django_assert_num_queries
    ):
        monkeypatch.setattr(ours, "execution_context_class", StrawberryGraphQLCoreExecutionContext)
        with django_assert_num_queries(queries) as core_queries:
            core = shown(asked_as(ada, query))
        monkeypatch.setattr(ours, "execution_context_class", EarshotExecution)
        with django_assert_num_queries(len(core_queries)):
            assert shown(asked_as(ada, query)) == core
        assert core[1] == []

    def test_each_row_passes_check_shown_once(self, ada, monkeypatch):
        passed = []

        class Guarded(EarshotExecution):
            def check_shown(self, return_type, result, source, place):
                passed.append((return_type.name, result, type(source).__name__, place.field_name))

        monkeypatch.setattr(ours, "execution_context_class", Guarded)
        assert asked_as(ada, FRIENDS).errors is None
        ben = User.objects.get(username="ben")
        assert passed == [("Listener", ada, "Viewer", "profile"), ("Listener", ben, passed[1][2], "node")]
        assert passed[1][2].endswith("Edge")

    def test_what_check_shown_raises_is_the_error_of_that_place(self, ada, monkeypatch):
        class Guarded(EarshotExecution):
            def check_shown(self, return_type, result, source, place):
                if place.field_name == "track":
                    raise NotAllowed("not shown")

        monkeypatch.setattr(ours, "execution_context_class", Guarded)
        answer = asked_as(ada, LISTENS)
        assert answer.data == {"viewer": None}
        assert [(error.message, error.path) for error in answer.errors] == [
            ("not shown", ["viewer", "listens", "edges", 0, "node", "track"])
        ]

    @pytest.mark.parametrize("wrong", ["cast", "foreign"])
    def test_a_row_that_is_not_what_its_class_says_goes_the_long_way(self, ada, wrong, monkeypatch):
        row = factories.artist("Name")
        shown_as = cast(Track, row) if wrong == "cast" else ada
        kinds = ours._schema.type_map
        answers = []
        for execution in (StrawberryGraphQLCoreExecutionContext, EarshotExecution):
            executor = execution.build(
                ours._schema, parse("{ popular { edges { node { item { __typename } } } } }")
            )
            info = executor.build_resolve_info(
                kinds["Recommendation"].fields["item"], [_node()], kinds["Recommendation"], None
            )
            answers.append(_completed(executor, kinds["Item"], info, shown_as))
        assert answers[0] == answers[1]
        assert (
            answers[0] == {"__typename": "Track"}
            if wrong == "cast"
            else answers[0][0] is WrongReturnTypeForUnion
        )


def _node():
    return parse("{ item { __typename } }").definitions[0].selection_set.selections[0]


def _completed(executor, kind, info, row):
    """What an executor makes of ``row`` where ``kind`` is asked for: the answer, or the error."""
    place = Path(None, "item", None)
    try:
        return executor.complete_abstract_value(kind, [FieldDetails(_node(), None)], info, place, row, None)
    except (GraphQLError, TypeError, WrongReturnTypeForUnion) as error:
        return type(error), str(error)
