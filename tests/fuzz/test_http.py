"""GraphQL over HTTP takes whatever comes: a code below 500 for every body, an error's code for every operation, never INTERNAL."""

import json

import pytest
import schemathesis
from graphql import introspection_from_schema
from hypothesis import given
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from discovery.schema import schema
from tests import factories
from tests.api.client import PATH, App
from tests.fuzz.shapes import fuzzed, objects, values, words

pytestmark = pytest.mark.django_db

for _name in ("LenientString", "LenientID", "LenientDateTime", "LenientStrings"):
    schemathesis.graphql.scalar(_name, words.filter(str.isprintable).map(nodes.String))
schemathesis.graphql.scalar("LenientInt", st.integers().map(nodes.Int))
schemathesis.graphql.scalar("DateTime", words.filter(str.isprintable).map(nodes.String))
OPERATIONS = schemathesis.graphql.from_dict(introspection_from_schema(schema._schema))  # type: ignore[arg-type]  # it is a dict

DOCUMENTS = st.sampled_from([
    "{ __typename }", "{ viewer { profile { handle } } }", "query A { __typename } query B { __typename }", "{ a } { b }",
    "query ($n: Int, $i: ID!, $k: ItemKind = TRACK) { popular(kind: $k, first: $n) { edges { cursor } } node(id: $i) { id } }",
    "mutation ($i: [ListenInput!]!) { recordListens(input: $i) { ... on RecordedListens { stored refusals { code } } } }",
    "subscription { rooms { id } }", "fragment F on Listener { id }", 'query @include(if: 5) { node(id: "Tm9kZTox") { id } }',
    "query ($w: [ID!]!) { viewer { blend(with: $w, kind: ARTIST, first: 3) { fairness } } }", "{ ...F }", "#", "",
])  # fmt: skip
REQUESTS = objects(
    query=DOCUMENTS | words,
    operationName=st.sampled_from(["A", "", None]),
    variables=objects(n=st.integers(), i=values, k=st.sampled_from(["TRACK", "NONE"]), w=st.lists(words, max_size=3)),
    extensions=objects(persistedQuery=objects(version=values, sha256Hash=words)),
    documentId=words,
)  # fmt: skip
KINDS = st.sampled_from([
    "application/json", "application/json; charset=latin-1", "application/graphql", "text/plain", "",
    "multipart/form-data; boundary=x", "multipart/form-data", "application/x-www-form-urlencoded", "application/json; charset=nothing",
])  # fmt: skip


def encoded(value):
    return json.dumps(value).encode()


def ensure_answered(response):
    """Whatever it is, it is no failure of ours, and says so in a code."""
    assert response.status_code < 500, response.content
    answer = json.loads(response.content)
    codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
    assert codes or "data" in answer
    assert not {"INTERNAL", "ERROR", "FAILED", "PAST_THE_GATE", "NOT_PRESENTED"} & set(codes), answer


def asked(apps, signed_in):
    """Made once a test: a token's row is part of the test's transaction."""
    if signed_in not in apps:
        apps[signed_in] = App(factories.sharer("ada") if signed_in else None)
        apps[signed_in].client.raise_request_exception = False
    return apps[signed_in]


@pytest.mark.parametrize(
    "text", ["{ }", "mutation { }", "{ viewer { } }", "{ ...F } fragment F on Query { }", "{ ... { } }"]
)
def test_an_empty_selection_is_a_mistake_in_the_syntax(text):
    assert App().code(text) == "GRAPHQL_PARSE_FAILED"


def test_every_operation_of_the_schema_is_answered():
    apps = {}

    @fuzzed
    @given(OPERATIONS.as_strategy(), st.booleans())
    def every(case, signed_in):
        ensure_answered(asked(apps, signed_in).post({"query": case.body}))

    every()


def test_every_object_is_answered():
    apps = {}

    @fuzzed
    @given(REQUESTS, st.booleans())
    def every(body, signed_in):
        ensure_answered(asked(apps, signed_in).post(json.dumps(body)))

    every()


def test_every_body_is_answered():
    apps = {}

    @fuzzed
    @given(
        st.binary(max_size=200) | values.map(encoded) | st.lists(REQUESTS, max_size=3).map(encoded),
        KINDS,
    )
    def every(body, kind):
        ensure_answered(asked(apps, signed_in=False).client.generic("POST", PATH, body, kind))

    every()


def test_every_address_is_answered():
    apps = {}

    @fuzzed
    @given(
        st.sampled_from(["get", "put", "delete", "head", "options", "trace", "patch"]),
        st.fixed_dictionaries({}, optional={
            "query": DOCUMENTS | words, "variables": words | values.map(json.dumps), "operationName": words,
            "extensions": words | values.map(json.dumps), "documentId": words,
        }),
        st.booleans(),
    )  # fmt: skip
    def every(method, parameters, signed_in):
        app = asked(apps, signed_in)
        response = app.client.generic(
            method.upper(), "/graphql/", headers=app.headers, query_params=parameters
        )
        if method != "head":
            ensure_answered(response)
        assert response.status_code < 500

    every()
