"""What is refused before it is followed: by its shape, by what it would cost, by what it repeats."""

import json

import pytest
from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema, parse

from discovery.costs import CHEAP, COSTS, ROWS
from discovery.lab.api_surfaces import FEED
from discovery.platform.graphql import admission, shape
from discovery.platform.graphql.admission import Admitted, AdmittedDocuments
from discovery.platform.graphql.shape import shape_ensure
from discovery.schema import GuardedExecution, schema
from discovery.scopes import ROOTS
from tests.api.client import App
from tests.factories import listener
from tests.soak.hostile import BY_VALIDATION, REFUSED

SCHEMA = schema._schema


def refusal(query):
    """The code with which the document's shape is refused, and the message; None where it is not."""
    try:
        shape_ensure(parse(query))
    except GraphQLError as error:
        return error.extensions["code"], error.message
    return None


class TestTheShape:
    @pytest.mark.parametrize(
        ("allowed", "refused"),
        [  # 45 of one name are 990 pairs, 46 are 1,035
            ("{ " + "a " * 45 + "}", "{ " + "a " * 46 + "}"),
            ("{ " + "x: a " * 45 + "}", "{ " + "x: a " * 46 + "}"),
            ("{ " + "... { a } " * 45 + "}", "{ " + "... { a } " * 46 + "}"),
            (
                "{ ...F } fragment F on Q { " + "a " * 32 + "}",
                "{ ...F a } fragment F on Q { " + "a " * 32 + "}",
            ),
            (
                "{ " + "...F " * 32 + "} fragment F on Q { a }",
                "{ " + "...F " * 1_003 + "} fragment F on Q { a }",
            ),
            ("{ b { " + "a " * 32 + "} b { a } }", "{ b { " + "a " * 32 + "} b { " + "a " * 32 + "} }"),
        ],
        ids=["fields", "aliases", "inline", "fragment", "spreads", "of two that are one"],
    )
    def test_pairs_are_counted_where_they_meet_in_the_answer(self, allowed, refused):
        assert refusal(allowed) is None
        code, message = refusal(refused)
        assert code == "LIMIT_EXCEEDED"
        assert "more than 1000 pairs" in message

    def test_fields_of_different_names_are_no_pairs(self):
        assert refusal("{ " + " ".join(f"a{n}" for n in range(900)) + " }") is None

    def test_spread_fields_are_counted_with_every_place(self):
        inner = "fragment F on Q { " + " ".join(f"a{n} " for n in range(200)) + "}"
        few = "{ " + " ".join(f"b{n} {{ ...F }}" for n in range(8)) + " } " + inner
        many = "{ " + " ".join(f"b{n} {{ ...F }}" for n in range(10)) + " } " + inner
        assert refusal(few) is None
        assert refusal(many) == ("LIMIT_EXCEEDED", "This document asks for more than 2000 fields.")

    def test_depth_is_bounded_for_every_definition(self):
        nested = "a { " * shape.DEEPEST + "b" + " }" * shape.DEEPEST
        assert refusal(f"{{ {nested} }}") is None
        assert "deeper" in refusal(f"{{ a {{ {nested} }} }}")[1]
        assert "deeper" in refusal(f"{{ a }} fragment F on Q {{ a {{ {nested} }} }}")[1]

    @pytest.mark.parametrize(
        "fragments",
        [
            "fragment F on Q { ...F }",
            "fragment F on Q { a { ...F } }",
            "fragment F on Q { ... { ...G } } fragment G on Q { a { ...F } }",
            "fragment E on Q { ...F } fragment F on Q { ...G } fragment G on Q { ...F }",
        ],
    )
    def test_circles_are_found_before_they_are_followed(self, fragments):
        assert refusal("{ ...F } " + fragments)[0] == "GRAPHQL_VALIDATION_FAILED"

    def test_unknown_fragments_are_left_to_validation(self):
        assert refusal("{ ...F a { ...G } } fragment G on Q { ...H }") is None

    def test_operations_are_few(self):
        assert refusal(" ".join(f"query Q{n} {{ a }}" for n in range(50))) is None
        assert refusal(" ".join(f"query Q{n} {{ a }}" for n in range(51)))[0] == "LIMIT_EXCEEDED"


@pytest.mark.django_db
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_made_to_cost_much_is_refused_before_it_is_followed(name, monkeypatch):
    admission.documents.clear()
    entered = []
    follow, compare = GuardedExecution.execute_field, admission.validate
    monkeypatch.setattr(
        GuardedExecution, "execute_field", lambda *values: entered.append("execution") or follow(*values)
    )
    monkeypatch.setattr(
        admission,
        "validate",
        lambda *values, **more: entered.append("validation") or compare(*values, **more),
    )
    for app in (App(), App(listener())):
        response = app.post(REFUSED[name]())
        codes = {error["extensions"]["code"] for error in json.loads(response.content)["errors"]}
        assert codes <= {
            "LIMIT_EXCEEDED", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_REQUEST", "INVALID",
        }  # fmt: skip
        assert response.status_code in {200, 400, 413}
    assert set(entered) == ({"validation"} if name in BY_VALIDATION else set())


@pytest.mark.django_db
def test_ordinary_questions_pass_both():
    query = "query Q($n: Int) { popular(kind: TRACK, first: $n) { ...P } } fragment P on RecommendationConnection { edges { cursor } }"
    assert App().data(query, n=5)
    assert App().data(query, n=5.0)


class TestCosts:
    def test_every_field_a_question_can_begin_with_states_its_cost_or_is_known_to_be_cheap(self):
        kinds = {kind: SCHEMA.get_type(kind) for kind in ROOTS}
        fields = {f"{kind}.{name}" for kind, found in kinds.items() for name in found.fields}
        stated = {name for name in COSTS if name.partition(".")[0] in kinds}
        assert stated | CHEAP == fields
        assert not stated & CHEAP

    def test_no_line_speaks_of_a_field_that_is_gone(self):
        for line in COSTS:
            kind, _, name = line.partition(".")
            found = SCHEMA.get_type(kind)
            assert isinstance(found, GraphQLObjectType)
            assert name in found.fields

    def test_every_line_about_rows_is_of_a_list_of_rows_without_first(self):
        for line, rows in ROWS.items():
            kind, _, name = line.partition(".")
            found = SCHEMA.get_type(kind)
            assert isinstance(found, GraphQLObjectType)
            field = found.fields[name]
            assert "first" not in field.args
            assert str(field.type).startswith("[")
            assert rows >= 1

    def test_a_page_of_recommendations_with_all_of_their_reasons_can_be_asked(self):
        query = f"{{ viewer {{ discover(first: 100) {{ {FEED} }} }} }}"
        assert "errors" not in App().ask(query)
        lists = "communities { id artists { id name tags mbid listeners: name id2: id id3: id id4: id id5: id id6: id id7: id id8: id id9: id } }"
        assert App().code(f"{{ {lists} }}") == "LIMIT_EXCEEDED"

    def test_each_can_be_asked_and_what_works_hardest_a_few_times(self):
        assert all(0 < cost <= 2_000 for cost in COSTS.values())
        assert COSTS["Viewer.blend"] * 15 > 5_000

    def test_what_is_asked_of_it_comes_on_top(self, db):
        app = App(listener())
        one = "b%d: blend(with: [], kind: TRACK, first: 1) { fairness }"
        asked = [" ".join(one % n for n in range(count)) for count in (4, 5)]
        few, many = (app.ask(f"{{ viewer {{ {each} }} }}") for each in asked)
        assert "LIMIT_EXCEEDED" not in str(few)
        assert many["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"


class TestWhatIsKept:
    def test_the_latest_of_so_many_characters(self):
        kept, some = AdmittedDocuments(10), Admitted(parse("{ a }"))
        for text in ("aaaa", "bbbb", "aaaa", "cccc"):
            kept.get(SCHEMA, text)
            kept.put(SCHEMA, text, some)
        assert kept.get(SCHEMA, "aaaa") is some
        assert kept.get(SCHEMA, "bbbb") is None
        kept.put(SCHEMA, "d" * 11, some)
        assert kept.get(SCHEMA, "d" * 11) is None
        kept.put(SCHEMA, "e" * 10, some)
        assert kept.get(SCHEMA, "e" * 10) is some

    def test_by_schema(self):
        kept, other = AdmittedDocuments(10), GraphQLSchema()
        kept.put(SCHEMA, "aaaa", Admitted(parse("{ a }")))
        assert kept.get(other, "aaaa") is None

    def test_what_is_refused_is_not(self, db):
        refused = (
            "{ " + "policy { version } " * 60 + "}",
            "{ nothing }",
            "{ viewer { profile { id } } } # " + "x" * 9,
        )
        for query in refused:
            App().ask(query)
        assert [admission.documents.get(SCHEMA, query) is None for query in refused] == [True, True, False]
