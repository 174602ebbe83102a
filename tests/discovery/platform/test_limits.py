"""What one operation may cost."""

import pytest
from graphql import build_schema, get_operation_ast, parse

from discovery.platform.graphql import admission
from discovery.platform.graphql.limits import Costs, Measure, measured, sizes
from tests.api.client import App
from tests.factories import listener

SCHEMA = build_schema("""
    type Query { people(first: Int = 20): People!  me: Person! }
    type People { edges: [Edge!]! }
    type Edge { node: Person! }
    type Person { name: String!  age: Int!  friends(first: Int = 20): People!  pets: [Pet!]!  names: [String!]! }
    type Pet { name: String!  toys: [Pet!] }
""")


def measure(query, costs=None, rows=None, **variables):
    document = parse(query)
    operation = get_operation_ast(document)
    assert operation is not None
    return measured(
        operation, document, SCHEMA, sizes(SCHEMA, operation, variables), Costs(costs or {}, rows or {})
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ me { name age } }", Measure(depth=1, cost=2)),
        ("{ me { name years: age } you: me { name } }", Measure(depth=1, aliases=2, cost=3)),
        ("{ people { edges { node { name age } } } }", Measure(depth=3, cost=40)),
        ("{ people(first: 50) { edges { node { name } } } }", Measure(depth=3, cost=50)),
        ("{ people(first: null) { edges { node { name } } } }", Measure(depth=3, cost=20)),
        ("{ people(first: 0) { edges { node { name } } } }", Measure(depth=3, cost=1)),
        ("{ people(first: 999999) { edges { node { name } } } }", Measure(depth=3, cost=100)),
        (
            "{ people(first: 10) { edges { node { name friends(first: 5) { edges { node { name age } } } } } } }",
            Measure(depth=6, cost=10 * (1 + 5 * 2)),
        ),
        ("{ me { ...F } } fragment F on Person { name ... on Person { age } }", Measure(depth=1, cost=2)),
        ("{ me { ... @include(if: true) { name } } }", Measure(depth=1, cost=1)),
        ("{ __schema { types { name } } }", Measure(cost=20)),
        ("{ __schema { types { fields { name args { name } } } } }", Measure(cost=20 * 2)),
        (
            '{ __type(name: "A") { fields { type { fields { name kind: name } } } } }',
            Measure(aliases=1, cost=20 * 20 * 2),
        ),
        (
            "{ __schema { types { ...T } } } fragment T on __Type { fields { type { ...U } } inputFields { ...U } } fragment U on __Type { interfaces { name } }",
            Measure(cost=20 * (20 + 20)),
        ),
    ],
)
def test_the_measure_is_exact(query, expected):
    assert measure(query) == expected


def test_variables_and_their_defaults_count():
    query = "query ($n: Int = 30) { people(first: $n) { edges { node { name } } } }"
    assert measure(query).cost == 30
    assert measure(query, n=70).cost == 70
    assert measure(query, n=None).cost == 20
    assert measure(query, n=70.0).cost == 70  # which is used as 70
    assert measure(query, n="70").cost == 20  # which is refused


def test_a_field_states_its_own_cost_as_often_as_it_is_asked():
    costs = {"Query.people": 500, "Person.age": 7, "Person.friends": 30}
    assert measure("{ people(first: 1) { edges { node { name } } } }", costs).cost == 501
    query = (
        "{ a: people(first: 10) { edges { node { age } } } b: people(first: 0) { edges { node { name } } } }"
    )
    assert measure(query, costs).cost == 500 + 10 * 8 + 500 + 1
    query = "{ people(first: 10) { edges { node { friends(first: 2) { edges { node { name } } } } } } }"
    assert measure(query, costs).cost == 500 + 10 * (30 + 2)


def test_what_the_schema_does_not_know_is_measured_nevertheless():
    assert (
        measure("{ nothing(first: 9) { at { all } } ...F me { ...G } } fragment G on Nobody { x }").depth == 2
    )
    assert measure(f"{{ people(first: {'9' * 5_000}) {{ edges {{ node {{ name }} }} }} }}").cost == 100
    query = "query ($n: Int = %s) { people(first: $n) { edges { node { name } } } }"
    assert measure(query % ("9" * 5_000)).cost == 100
    assert measure(query % '"many"').cost == 20


def test_fragments_that_double_are_measured_in_one_walk():
    doubling = "".join(f"fragment F{n} on Person {{ ...F{n + 1} ...F{n + 1} }} " for n in range(60))
    assert measure(f"{{ me {{ ...F0 }} }} {doubling} fragment F60 on Person {{ name }}").cost == 2**60


@pytest.mark.django_db
class TestTheEndpointRefuses:
    NESTED = "{ friends(first: %d) { edges { node { id handle displayName } cursor } } }"

    @pytest.mark.parametrize(
        "query",
        [
            "{ " + " ".join(f"p{n}: policy {{ version }}" for n in range(16)) + " }",
            "{ viewer " * 300 + "}" * 300,
            "{ " + "policy { version } " * 400 + "}",
            "{ viewer { "
            + " ".join(
                f"f{n}: friends(first: 100) {{ edges {{ node {{ id handle displayName }} cursor }} }}"
                for n in range(13)
            )
            + " } }",
        ],
        ids=["aliases", "nesting beyond the parser", "tokens", "cost"],
    )
    def test_too_much(self, query, django_assert_num_queries):
        app = App(listener())
        with django_assert_num_queries(1):  # the token; nothing ran
            assert app.code(query) == "LIMIT_EXCEEDED"

    def test_what_is_just_allowed(self):
        query = (
            "{ viewer { "
            + " ".join(
                f"f{n}: friends(first: 100) {{ edges {{ node {{ id handle displayName }} cursor }} }}"
                for n in range(12)
            )
            + " } }"
        )
        assert len(App(listener()).data(query)["viewer"]) == 12

    def test_cost_counts_variables(self):
        query = (
            "query ($n: Int) { viewer { "
            + " ".join(
                f"f{n}: friends(first: $n) {{ edges {{ node {{ id handle displayName }} cursor }} }}"
                for n in range(13)
            )
            + " } }"
        )
        app = App(listener())
        assert app.code(query, n=100) == "LIMIT_EXCEEDED"
        assert len(app.data(query, n=90)["viewer"]) == 13

    def test_an_operation_is_measured_once_for_the_same_sizes(self, monkeypatch):
        query = "query ($n: Int, $i: ID!) { viewer { friends(first: $n) { edges { cursor } } } node(id: $i) { id } }"
        walks = []

        def noted(*arguments):
            walks.append(arguments[-2])
            return measured(*arguments)

        monkeypatch.setattr(admission, "measured", noted)
        app = App(listener())
        for variables in (
            {"n": 3, "i": "a"},
            {"n": 3, "i": "b"},
            {"n": 4, "i": "a"},
            {"i": "a"},
            {"n": 3, "i": "c"},
        ):
            app.data(query, **variables)
        assert walks == [(("n", 3),), (("n", 4),), ()]

    def test_a_refusal_is_remembered_for_its_sizes_alone(self):
        fields = " ".join(
            f"f{n}: friends(first: $n) {{ edges {{ node {{ id handle displayName }} cursor }} }}"
            for n in range(13)
        )
        app, query = App(listener()), f"query ($n: Int) {{ viewer {{ {fields} }} }}"
        assert [app.code(query, n=100), app.code(query, n=100)] == ["LIMIT_EXCEEDED"] * 2
        assert len(app.data(query, n=1)["viewer"]) == 13
        assert app.code(query, n=100) == "LIMIT_EXCEEDED"

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            ("first: 101", "LIMIT_EXCEEDED"),
            ("first: -1", "INVALID"),
            ('after: ""', "INVALID_CURSOR"),
            ('after: "garbage"', "INVALID_CURSOR"),
            ('after: "YXJyYXljb25uZWN0aW9uOjk5OTk5OTk5OTk5OTk5OTk5OTk5"', "INVALID_CURSOR"),  # far away
            ('after: "TGlzdGVuZXI6MQ=="', "INVALID_CURSOR"),  # a global id
            ('after: "\\u0000"', "INVALID_CURSOR"),
        ],
    )
    def test_pages_that_are_none(self, arguments, code):
        assert App(listener()).code(f"{{ viewer {{ friends({arguments}) {{ totalCount }} }} }}") == code


def test_a_list_without_first_counts_as_a_page_or_as_it_is_stated():
    assert measure("{ me { pets { name } } }").cost == 20
    assert measure("{ me { pets { name toys { name } } } }").cost == 20 * (1 + 20)
    rows = {"Person.pets": 3, "Pet.toys": 1}
    assert measure("{ me { pets { name toys { name } } } }", rows=rows).cost == 3 * 2
    assert measure("{ people(first: 10) { edges { node { pets { name } } } } }", rows=rows).cost == 10 * 3
    assert measure("{ me { names } }").cost == 1  # of words, not of rows that are fetched
