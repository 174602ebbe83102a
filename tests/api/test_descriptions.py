"""The API explains itself: everything in the schema says what it is, and no line of the table is left over."""

from graphql import build_schema

from discovery.platform.graphql.described import described, places
from discovery.schema import UNUSED_DESCRIPTIONS, schema


def test_everything_says_what_it_is():
    everything = dict(places(schema._schema))
    assert len(everything) > 900
    assert [place for place, thing in everything.items() if not (thing.description or "").strip()] == []
    assert set() == UNUSED_DESCRIPTIONS, "these lines describe nothing"


def test_an_exact_place_comes_before_a_pattern_and_code_before_the_table(tmp_path):
    table = tmp_path / "words.tsv"
    table.write_text("*.a\tAny a.\nB.a\tThe a of B.\n*.gone\tNothing.\nA.said\tNot this.\n*(x)\tAn x.\n")
    built = build_schema('type Query { a(x: Int): A } type A { a: Int "Said." said: Int } type B { a: Int }')
    assert described(built, table) == {"*.gone", "A.said"}
    said = {place: thing.description for place, thing in places(built)}
    assert (said["A.a"], said["B.a"], said["A.said"], said["Query.a(x)"]) == (
        "Any a.", "The a of B.", "Said.", "An x.",
    )  # fmt: skip
    assert said["Query"] is None
