"""Every sentence that promises something names the test that fails where it is false, or says why it promises nothing."""

from pathlib import Path

import pytest

from discovery.web.words import GROUPS
from tests.promises import NO_TEST, TABLE, Row, Sentence, names_in, of_policy, of_prose, of_schema, rows, said


@pytest.fixture(scope="module")
def table() -> list[Row]:
    return rows(TABLE.read_text())


def faults(sentences: set[Sentence], table: list[Row]) -> dict[str, list[str]]:
    """What keeps the table from being right; empty where nothing does."""
    known = {row.sentence for row in table}
    found = {
        "sentences without a row": [f"{one.where}\t{one.text}" for one in sorted(sentences - known)],
        "rows without a sentence": [str(row) for row in table if row.sentence not in sentences],
        "rows twice": [str(row) for row in table if sum(row.sentence == other.sentence for other in table) > 1],
        "tests that are not there": [f"{test}: {row}" for row in table for test in row.tests if not is_there(test)],
        "rows with neither a test nor a reason": [str(row) for row in table if not (row.tests or row.reason)],
    }  # fmt: skip
    return {fault: lines for fault, lines in found.items() if lines}


def is_there(test: str) -> bool:
    path, _, name = test.partition("::")
    return name in names_in(path)


def test_every_promise_names_its_test(table: list[Row]) -> None:
    assert faults(said(), table) == {}


def test_a_sentence_without_a_row_is_found(table: list[Row]) -> None:
    """Wherever it stands; and a changed one is a new one."""
    planted = {
        *(Sentence("policy", text) for text in of_policy("# Plants\n\n**PLANT – mine.** Nothing is told to plants. They grow.")),
        *(Sentence("docs", text) for text in of_prose("| nobody | sees |\n\n    nobody\n\nNobody waters them. **Keys.** They never die.")),
        *(Sentence("schema", text) for text in of_schema('type Query { """Never null."""\n a(\n"""Only yours."""\nb: ID): ID\n"""Moss."""\nc: ID }')),
    }  # fmt: skip
    assert {f"{one.where}\t{one.text}" for one in planted} == {
        "policy\tNothing is told to plants.", "policy\tThey grow.", "docs\tNobody waters them.",
        "docs\tKeys.", "docs\tThey never die.", "schema\tNever null.", "schema\tOnly yours.",
    }  # fmt: skip
    first, *others = table
    changed = Sentence(first.sentence.where, first.sentence.text + " Really.")
    sentences = {changed, *(row.sentence for row in others)}
    assert faults(sentences | planted, table) == {
        "sentences without a row": sorted(f"{one.where}\t{one.text}" for one in {changed, *planted}),
        "rows without a sentence": [str(first)],
    }


def test_what_pages_say_of_each_answer_is_among_the_sentences() -> None:
    texts = " ".join(one.text for one in said() if one.where == "page")
    for question in (question for group in GROUPS for question in group.questions):
        assert str(question.granted).split(".")[0] in texts
        assert str(question.refused).split(".")[0] in texts
        assert f"{question.title}." not in texts


@pytest.mark.parametrize(
    "test",
    ["tests/nowhere.py::test_x", "tests/test_promises_table.py::test_nothing", "tests/test_promises_table.py", "README.md"],
)  # fmt: skip
def test_a_test_that_is_not_there_is_found(test: str) -> None:
    row = Row(Sentence("page", "Nothing."), (test,), "")
    assert faults({row.sentence}, [row]) == {"tests that are not there": [f"{test}: {row}"]}


def test_rows_are_read_as_they_are_written() -> None:
    file = Path(__file__).name
    kept = Row(
        Sentence("page", "Nothing."), (f"tests/{file}::{test_every_promise_names_its_test.__name__}",), ""
    )
    idle = Row(Sentence("schema", "Never."), (), "a name")
    head = "where\tsentence\ttests\twhy it promises nothing"
    assert rows("\n".join([head, str(kept), str(idle)])) == [kept, idle]
    assert faults({kept.sentence, idle.sentence}, [kept, idle]) == {}
    silent = Row(idle.sentence, (), "")
    assert str(silent) == f"schema\tNever.\t{NO_TEST}"
    assert list(faults({silent.sentence}, [silent, silent])) == [
        "rows twice",
        "rows with neither a test nor a reason",
    ]
