"""The short ways of execution give exactly what graphql-core gives, and take every row past ``check_shown``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any

import pytest
import strawberry
from strawberry import cast
from strawberry.extensions import SchemaExtension
from strawberry.scalars import JSON
from strawberry.schema.schema import (
    StrawberryGraphQLCoreExecutionContext,
)
from strawberry_django.optimizer import DjangoOptimizerExtension

from discovery.platform.errors import NotAllowed
from discovery.platform.graphql.execution import EarshotExecution
from tests.discovery.platform.answers import shown


@strawberry.enum
class Mood(Enum):
    CALM = "calm"
    LOUD = "loud"


class Word(str):
    """A string, and yet not quite one."""

    __slots__ = ()


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Cat(Named):
    lives: int


@strawberry.type
class Dog(Named):
    good: bool


Pet = Annotated[Cat | Dog, strawberry.union("Pet")]


@strawberry.type
class Box:
    text: str = "a"
    number: int = 1
    real: float = 0.5
    flag: bool = True
    key: strawberry.ID = strawberry.ID("k")
    mood: Mood = Mood.CALM
    at: datetime = datetime(2026, 1, 2, tzinfo=UTC)
    anything: JSON = None  # type: ignore[assignment]
    text_or_null: str | None = None
    mood_or_null: Mood | None = None
    moods: list[Mood] = strawberry.field(default_factory=lambda: [Mood.CALM, Mood.LOUD])
    texts_or_null: list[str | None] = strawberry.field(default_factory=lambda: ["a", None])
    inner: Box | None = None
    boxes: list[Box] = strawberry.field(default_factory=list)
    boxes_or_null: list[Box | None] | None = None
    pet: Pet | None = None
    pets: list[Pet] = strawberry.field(default_factory=list)
    named: Named | None = None

    @strawberry.field
    def doubled(self) -> str:
        return self.text * 2

    @strawberry.field
    def of_parent(self, box: strawberry.Parent[Box]) -> int:
        return box.number + 1

    @strawberry.field
    def refused(self) -> str:
        raise NotAllowed("no")

    @strawberry.field
    def refused_or_null(self) -> str | None:
        raise NotAllowed("no")

    @strawberry.field
    def times(self, by: int = 2) -> int:
        return self.number * by

    @strawberry.field
    async def later(self) -> str:
        await asyncio.sleep(0)
        return self.text


def box(**values: Any) -> Any:
    """A Box of whatever it is given, right or wrong."""
    return Box(**values)


def cat(**values: Any) -> Any:
    return Cat(**values)


def dog(**values: Any) -> Any:
    return Dog(**values)


class Broken:
    """Stands where a Box should, and raises for what it is asked."""

    number = 7

    @property
    def text(self):
        raise NotAllowed("not this one")


@strawberry.type
class Query:
    @strawberry.field
    def box(self, info: strawberry.Info) -> Box:
        value: Box = info.context["box"]
        return value

    @strawberry.field
    def box_or_null(self, info: strawberry.Info) -> Box | None:
        value: Box | None = info.context["box"]
        return value


@strawberry.type
class Mutation:
    @strawberry.mutation
    def put(self, text: str) -> Box:
        return Box(text=text)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def boxes(self) -> AsyncGenerator[Box, None]:
        for number in range(3):
            yield Box(number=number, inner=Box(number=number * 10))


def built(execution, *extensions):
    return strawberry.Schema(
        Query, Mutation, Subscription,
        extensions=[DjangoOptimizerExtension, *extensions], types=[Cat, Dog], execution_context_class=execution,
    )  # fmt: skip


CORE, SHORT = built(StrawberryGraphQLCoreExecutionContext), built(EarshotExecution)
LEAVES = "text number real flag key mood at anything textOrNull moodOrNull moods textsOrNull __typename"
ASK = f"{{ box {{ {LEAVES} doubled ofParent times(by: 3) }} other: boxOrNull {{ {LEAVES} }} }}"


def both(query, value, **variables):
    """What the two answer, which must be the same."""
    core, short = (
        shown(schema.execute_sync(query, variable_values=variables, context_value={"box": value}))
        for schema in (CORE, SHORT)
    )
    assert short == core
    return short


@pytest.mark.parametrize(
    "value",
    [
        box(),
        box(text=3, flag=1, key=4, number=2.0, real=1),
        box(text=Word("w"), mood="calm", mood_or_null="LOUD", moods=("calm", Mood.LOUD)),
        box(number=2**31),
        box(number="1"),
        box(real=float("nan")),
        box(text=None),
        box(text=[1]),
        box(text=NotAllowed("as a value"), text_or_null=NotAllowed("as another")),
        box(mood="none of these"),
        box(mood=None),
        box(moods=[Mood.CALM, None]),
        box(moods=[Mood.CALM, "foreign"]),
        box(moods=None),
        box(moods=7),
        box(moods="CALM"),
        box(texts_or_null=["a", None, NotAllowed("one of them")]),
        box(texts_or_null=iter(["a", "b"])),
        box(texts_or_null=("a", 1)),
        box(anything={"a": [1, None]}),
        box(anything=[]),
        box(at="not a time"),
        Broken(),
        {"text": "no box"},
        None,
    ],
)
def test_leaves_are_the_same(value):
    both(ASK, value)


def test_what_stands_in_an_answer_is_worth_testing():
    data, errors, _names = both(ASK, box(text=NotAllowed("as a value")))
    assert data is None
    assert errors == [("as a value", ["box", "text"], errors[0][2], NotAllowed)]
    data, errors, _names = both("{ boxOrNull { number text } }", Broken())
    assert (data, [error[:2] for error in errors]) == (
        {"boxOrNull": None},
        [("not this one", ["boxOrNull", "text"])],
    )


@pytest.mark.parametrize(
    "value",
    [
        box(inner=box(text=None)),
        box(inner=box(inner=box(mood="foreign"))),
        box(boxes=[box(), box(text=None)]),
        box(boxes=[box(), None]),
        box(boxes=[box(), NotAllowed("instead")]),
        box(boxes=[Broken(), box()]),
        box(boxes_or_null=[box(text=None), None, box(), Broken(), NotAllowed("instead")]),
        box(boxes_or_null=(box(), box())),
        box(boxes_or_null=(made for made in [box(), box(text=None)])),
        box(boxes=None),
        box(boxes=3),
        box(pet=cat(name="tom", lives=9), pets=[dog(name="rex", good=True), cat(name="kit", lives=8)]),
        box(pet=box()),
        box(pet=3),
        box(pets=[dog(name="rex", good=None)]),
        box(named=cat(name="tom", lives=9)),
        box(named=dog(name=None, good=True)),
        box(named=box()),
        box(named="a string"),
        box(pet=cast(Dog, cat(name="tom", lives=9))),
    ],
)
def test_objects_lists_unions_and_interfaces_are_the_same(value):
    pet = "{ __typename ... on Cat { name lives } ... on Dog { name good } }"
    inner = "{ text mood inner { text mood } }"
    query = (
        f"query ($no: Boolean = false) {{ boxOrNull {{ inner {inner} boxes {{ ...B }} boxesOrNull {{ ...B }} "
        f"pet {pet} pets {pet} named {{ __typename name }} skipped: text @skip(if: true) key @include(if: $no) "
        "inner { number } } } fragment B on Box { text again: text number }"
    )
    if "generator" in str(value.boxes_or_null):  # a generator gives once; each execution gets its own
        items = list(value.boxes_or_null)
        core, short = (
            shown(schema.execute_sync(query, context_value={"box": box(boxes_or_null=iter(items))}))
            for schema in (CORE, SHORT)
        )
        assert short == core
    else:
        both(query, value)
        both(query, value, no=True)


@pytest.mark.parametrize(
    "query",
    [
        "{ box { text refused } }",
        "{ boxOrNull { text refused } }",
        "{ boxOrNull { text refusedOrNull boxes { refused } } }",
        "{ boxOrNull { times(by: 2147483647) } }",
        "{ boxOrNull { boxes { refusedOrNull } boxesOrNull { refused } } }",
        '{ __type(name: "Box") { name fields { name type { kind name } } } __schema { queryType { name } } }',
        'mutation { put(text: "b") { text doubled } again: put(text: "c") { text __typename } }',
    ],
)
def test_errors_introspection_and_mutations_are_the_same(query):
    both(query, box(number=2, boxes=[box(), box()], boxes_or_null=[box()]))


LATER = "{ box { text later inner { later mood } boxes { number later refusedOrNull } boxesOrNull { later text } } }"


@pytest.mark.parametrize(
    "value",
    [
        box(inner=box(), boxes=[box(), box()], boxes_or_null=[box(), box(text=None), None]),
        box(inner=box(), boxes=[box(text=None), box()]),
        box(inner=box(mood="foreign"), boxes=[box(), None]),
    ],
)
def test_what_has_to_be_waited_for_is_the_same(value):
    core, short = (
        shown(asyncio.run(schema.execute(LATER, context_value={"box": value}))) for schema in (CORE, SHORT)
    )
    assert short == core


def test_an_attribute_may_be_something_to_wait_for():
    async def answers(schema):
        async def text():
            return "later"

        return shown(await schema.execute("{ box { text number } }", context_value={"box": box(text=text())}))

    expected = ({"box": {"text": "later", "number": 1}}, [], ["box"])
    assert [asyncio.run(answers(schema)) for schema in (CORE, SHORT)] == [expected, expected]


def test_each_event_of_a_subscription_begins_anew(monkeypatch):
    executors = []
    execute_fields = EarshotExecution.execute_fields

    def noted(self, *args):
        executors.append(self)
        return execute_fields(self, *args)

    monkeypatch.setattr(EarshotExecution, "execute_fields", noted)

    async def heard():
        async with aclosing(
            await SHORT.subscribe("subscription { boxes { number inner { number } } }")
        ) as stream:
            return [result.data["boxes"] async for result in stream]

    assert asyncio.run(heard()) == [{"number": n, "inner": {"number": n * 10}} for n in range(3)]
    assert {len(executor._plans) for executor in executors} == {3}  # root, box and inner box, of one event
    assert {len(executor._relevant_sub_fields) for executor in executors} == {2}


def test_a_middleware_that_wants_to_see_every_field_sees_it():
    class Loud(SchemaExtension):
        def resolve(self, next_, root, info, *args, **kwargs):
            value = next_(root, info, *args, **kwargs)
            return value.upper() if isinstance(value, str) else value

    answer = built(EarshotExecution, Loud).execute_sync(
        "{ box { text inner { text } } }", context_value={"box": box(inner=box())}
    )
    assert answer.data == {"box": {"text": "A", "inner": {"text": "A"}}}
