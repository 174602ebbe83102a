"""Every code that the source raises is in the table, in the schema and on the page; ``python -m tests.api.test_error_codes``
writes the page.
"""

import ast
from itertools import pairwise
from pathlib import Path

from discovery.platform.error_codes import MEANINGS, ErrorCode
from discovery.schema import schema

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/errors.md"
ROOMS = ("accounts", "discovery", "graph", "tasks")
SAYING = {
    "RefusedRequest": 2,
    "_refused": 2,
    "_not_allowed": 2,
    "_with_code": 1,
    "_drop": 1,
}  # functions that take a code as it stands, and where
HEAD = """# Error codes

What a mutation refuses comes as data, a payload's `OperationInfo { messages { code message field } }`; everything else as
a top-level error with `extensions { code }`, and `field` where one input is to blame. `message` is for people, in the
language of `Accept-Language`; codes are for programs, and stay. The enum `ErrorCode` has the same list. A row of `recordListens` or
of an import (`ImportRow.code`, `Import.error`) carries one of them, too.

| code | means |
|---|---|
"""


def page():
    return HEAD + "".join(f"| `{code}` | {means} |\n" for code, means in MEANINGS.items())


def codes_of(tree):
    """What stands as a code in a module: an argument, a default or a class's own attribute ``code``, or an extension.

    What begins with the room's name (``LIBRARY_…``) is one wherever it stands, but for the setting.
    """
    for node in ast.walk(tree):
        found = []
        if isinstance(node, ast.Constant) and str(node.value).startswith("LIBRARY_"):
            found += [node] if node.value != "LIBRARY_SERVERS" else []
        elif isinstance(node, ast.Call):
            found += [word.value for word in node.keywords if word.arg in {"code", "error"}]
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            found += node.args[SAYING[name] :][:1] if name in SAYING else []
            found += verdicts(node.args)
        elif isinstance(node, ast.Tuple):
            found += verdicts(node.elts) + answers(node.elts)
        elif isinstance(node, ast.FunctionDef) and node.name in SAYING:
            found += node.args.defaults
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            names = node.targets if isinstance(node, ast.Assign) else [node.target]
            found += [node.value] if any(said_in(name) for name in names) else []
        elif isinstance(node, ast.Dict):
            found += [
                value
                for key, value in zip(node.keys, node.values, strict=True)
                if getattr(key, "value", "") == "code"
            ]
        for part in (inner for value in found if value is not None for inner in ast.walk(value)):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.isupper():
                yield part.value


def verdicts(words):
    """What stands behind an outcome: why a row was not stored."""
    return [
        code
        for outcome, code in pairwise(words)
        if getattr(getattr(outcome, "value", None), "id", "") == "Outcome"
    ]


def answers(words):
    """The code of an answer that is written down as status, code, words."""
    status = getattr(words[0], "value", None) if len(words) > 1 else None
    return [words[1]] if isinstance(status, int) and 400 <= status < 600 else []


def said_in(name):
    """Whether what is assigned to it is a code."""
    parts = name.elts if isinstance(name, ast.Tuple) else [name]
    return any(getattr(part, "id", "") == "code" or getattr(part, "attr", "") == "error" for part in parts)


def test_every_code_that_is_raised_is_in_the_table_and_no_other():
    raised = {
        code
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if "migrations" not in path.parts
        for code in codes_of(ast.parse(path.read_text()))
    }
    assert {"NOT_FOUND", "INTERNAL", "SIGNED_IN_GET", "INVALID_CURSOR", "CSRF_FAILED"} < raised
    assert {"NOT_A_ROW", "SAID_ALREADY", "DELETED_BEFORE", "MENDED", "GIVEN_UP"} < raised
    assert raised - MEANINGS.keys() == set(), "what do these mean?"
    assert MEANINGS.keys() - raised == set(), "nothing raises these any more"


def test_the_schema_and_the_page_have_the_same_list():
    values = schema._schema.type_map["ErrorCode"].values
    assert {name: value.description for name, value in values.items()} == dict(MEANINGS)
    assert set(ErrorCode) == MEANINGS.keys()
    assert PAGE.read_text() == page(), "python -m tests.api.test_error_codes"


if __name__ == "__main__":
    PAGE.write_text(page())
