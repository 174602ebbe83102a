"""Every mutation of the schema, with malformed values in each of its arguments: a code comes back, nothing is stored.

The arguments are read off the schema, so that a new mutation is tried without anyone remembering to.
"""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLUnionType,
    is_required_argument,
    is_required_input_field,
)

from discovery.platform.graphql.node import global_id
from discovery.schema import schema
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db

GRAPHQL = schema._schema
assert GRAPHQL.mutation_type is not None
MUTATIONS = GRAPHQL.mutation_type.fields
# Nothing but the viewer's own word: there is no argument to get wrong.
WITHOUT_ARGUMENTS = {name for name, field in MUTATIONS.items() if not field.args}

BAD: dict[str, tuple[object, ...]] = {
    "ID": (
        "",
        "🎵",
        "\x00",
        "\ud800",
        "garbage",
        "x" * 5_000,
        global_id("Tag", 1),
        global_id("Artist", 10**12),
        5.5,
        ["a"],
    ),
    "String": ("\x00", "\ud800", "x" * 60_000, 7, {"a": 1}),
    "DateTime": (str(timezone.now() + timedelta(days=400)), "yesterday", "🎵", "", 0),
    "Int": (2**40, 10**400, "many", 0.5),
    "Float": ("much",),
    "Boolean": ("maybe", 2),
}
PLAY = {
    "source": "app",
    "sourceId": "1",
    "trackId": global_id("Track", 10**12),
    "listenedAt": "2026-01-01T00:00:00Z",
}
BAD |= {f"Lenient{name}": (*BAD[name], None, {"a": [1]}) for name in ("ID", "String", "DateTime", "Int")}
BAD["LenientStrings"] = ("\x00", 7, [{"a": 1}], ["x"] * 1_500)


def bad_values(kind: Any) -> list[object]:
    if isinstance(kind, GraphQLNonNull):
        return [None, *bad_values(kind.of_type)]
    if isinstance(kind, GraphQLList):
        return [[good(kind.of_type)] * 1_500, *([value] for value in bad_values(kind.of_type))]
    if isinstance(kind, GraphQLInputObjectType):
        return [
            {**good(kind), name: value}
            for name, field in kind.fields.items()
            for value in bad_values(field.type)
            if value is not None or is_required_input_field(field)
        ]
    if isinstance(kind, GraphQLEnumType):
        return ["", "🎵", "NOTHING", 3]
    return list(BAD[kind.name])


def good(kind: Any) -> Any:
    """A well-formed value; an id of something that does not exist."""
    if isinstance(kind, GraphQLNonNull):
        return good(kind.of_type)
    if isinstance(kind, GraphQLList):
        return [good(kind.of_type)]
    if isinstance(kind, GraphQLInputObjectType):
        given = {name: good(f.type) for name, f in kind.fields.items() if is_required_input_field(f)}
        return given | (PLAY if "listenedAt" in kind.fields else {})
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    assert isinstance(kind, GraphQLScalarType)
    return {
        "ID": global_id("Track", 10**12),
        "String": "words",
        "DateTime": "2026-01-01T00:00:00Z",
        "Int": 1,
        "Float": 0.5,
        "Boolean": True,
    }[kind.name]


def document(name: str, given: Iterable[str]) -> str:
    """The mutation with a variable for each of the ``given`` arguments."""
    field = MUTATIONS[name]
    variables = ", ".join(f"${arg}: {field.args[arg].type}" for arg in given)
    arguments = ", ".join(f"{arg}: ${arg}" for arg in given)
    kind = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    parts = " ".join(
        f"... on {member.name} {{ {'refusals { code }' if 'refusals' in member.fields else '__typename'} }}"
        for member in (kind.types if isinstance(kind, GraphQLUnionType) else ())
        if member.name != "OperationInfo"
    )
    head = f"mutation ({variables}) {{ {name}({arguments})" if given else f"mutation {{ {name}"
    return f"{head} {{ __typename {parts} ... on OperationInfo {{ messages {{ code }} }} }} }}"


def rows() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def codes(answer: dict[str, Any], name: str) -> list[str]:
    if answer.get("errors"):
        return [error["extensions"]["code"] for error in answer["errors"]]
    payload = answer["data"][name]
    return [refusal["code"] for refusal in [*payload.get("messages", ()), *payload.get("refusals", ())]]


@pytest.mark.parametrize("name", sorted(set(MUTATIONS) - WITHOUT_ARGUMENTS))
def test_malformed_values_get_a_code_and_store_nothing(name):
    app, field = App(factories.sharer("ada")), MUTATIONS[name]
    # An argument beside the bad one is well formed, but speaks of something that does not exist.
    whole = {arg: good(value.type) for arg, value in field.args.items() if is_required_argument(value)}
    tried = 0
    before = rows()
    for arg, value in field.args.items():
        for bad in bad_values(value.type):
            if bad is None and not is_required_argument(value):
                continue
            tried += 1
            variables = {**whole, arg: bad}
            response = app.post({"query": document(name, variables), "variables": variables})
            answer = json.loads(response.content)
            assert codes(answer, name), (arg, bad, answer)
            assert "INTERNAL" not in codes(answer, name), (arg, bad, answer)
            assert rows() == before, (arg, bad)
    assert tried


def test_mutations_without_arguments_are_few_and_known():
    known = {"withdrawAllConsent", "endPrivateSession"}
    assert known == WITHOUT_ARGUMENTS


def test_nobody_signed_in_can_change_anything():
    before, app = rows(), App()
    for name, field in MUTATIONS.items():
        whole = {arg: good(value.type) for arg, value in field.args.items() if is_required_argument(value)}
        answer = app.ask(document(name, whole), **whole)
        assert codes(answer, name) == ["SIGN_IN_REQUIRED"], (name, answer)
    assert rows() == before
