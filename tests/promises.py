"""Sentences that promise something, wherever people read them: the policy's text, pages, documentation, the API's schema.

Of the policy's newest text and of a page's answers every sentence counts; elsewhere those with a word of `PROMISING`.
Headings and titles are no sentences. `promises.tsv` names for each the test that fails where it is false.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from graphql import DirectiveNode, Node, StringValueNode, Visitor, parse, visit

from accounts.policy_text import policy_text_current
from discovery.web.words import GROUPS, LEVELS
from tests.web.translations import MsgId, said_by_modules, said_by_scripts, said_by_templates

ROOT = Path(__file__).parent.parent
TABLE = Path(__file__).with_name("promises.tsv")
HEAD = ("where", "sentence", "tests", "why it promises nothing")
PLACES = ("policy", "page", "docs", "schema")
NO_TEST = "-"
# Modules whose sentences the privacy page, exports and the page of an erasure show.
SHOWN = (
    *(f"discovery/privacy/{name}.py" for name in ("parameters", "retention", "stores")),
    "discovery/web/erasures.py",
)

PROMISING = re.compile(
    r"""\b(?: never | always | nobody | nothing | none | cannot | without | only | alone | each | every\w* | the\ssame | both
    | until | at\sonce | at\sleast | at\smost | within | next | from\snow | more\sthan | (?:no|any)\s(?:more|longer)
    | days | hours | kept | keeps? | stored | deletes? | deleted | erases? | erased | forg\w+ | goes | gone
    | private | secret | signs | signed | closed | told | sees? | shown | visible | shares? | shared
    | allow\w* | permits? | grant\w+ | refuse\w* | withdr\w+ | revoked? | taken\sback | excluded?
    | stays? | years | used | counts? | trained | learned | ledger | receipt )\b""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, order=True)
class Sentence:
    where: str
    text: str


@dataclass(frozen=True)
class Row:
    sentence: Sentence
    tests: tuple[str, ...]
    reason: str

    def __str__(self) -> str:
        tests = " ".join(self.tests) or NO_TEST
        return f"{self.sentence.where}\t{self.sentence.text}\t{tests}\t{self.reason}".rstrip()


def said() -> set[Sentence]:
    """Every sentence there is that needs a row."""
    found = {"policy": of_policy(policy_text_current().text), "page": of_pages(), "docs": of_docs()}
    found["schema"] = of_schema((ROOT / "schema.graphql").read_text())
    return {Sentence(where, text) for where, texts in found.items() for text in texts}


def of_policy(text: str) -> set[str]:
    """Every sentence; a paragraph's bold beginning is the title of a question."""
    return {
        sentence
        for paragraph in _paragraphs(text)
        for sentence in _split(re.sub(r"\*\*.+?\*\*", "", paragraph))
    }


def of_pages() -> set[str]:
    """What follows from each answer and level, and of all other words of the pages those that promise."""
    answers = [level.words for level in LEVELS]
    for group in GROUPS:
        answers += [words for question in group.questions for words in (question.granted, question.refused)]
    messages = said_by_templates() | said_by_scripts() | said_by_modules(*SHOWN)
    forms = [form for message in messages for form in _forms(message)]
    everything = {sentence for words in answers for sentence in _split(str(words))}
    sentences = (sentence for form in forms for sentence in _split(form) if sentence[-1] in ".:!")
    return everything | set(_promising(sentences))


def of_docs() -> set[str]:
    """Prose and the promises' table of the page on privacy; the prose of the README."""
    privacy = (ROOT / "docs/privacy.md").read_text()
    promises = re.findall(r"^\| (.+?) \|", _unmeasured(privacy), re.MULTILINE)[1:]
    prose = [sentence for text in (privacy, (ROOT / "README.md").read_text()) for sentence in of_prose(text)]
    return {*_promising(prose), *promises}


def of_prose(text: str) -> Iterator[str]:
    """Sentences outside of code, tables and what a command measures."""
    text = re.sub(r"^```.*?^```", "", _unmeasured(text), flags=re.DOTALL | re.MULTILINE)
    for paragraph in _paragraphs(text):
        if not paragraph.startswith(("|", "    ")):
            yield from _split(paragraph)


def _unmeasured(text: str) -> str:
    return re.sub(r"<!-- (\w+): start -->.*?<!-- \1: end -->", "", text, flags=re.DOTALL)


def of_schema(source: str) -> set[str]:
    """Descriptions of types, fields, arguments and values, each as a whole."""
    found: list[str] = []

    class Descriptions(Visitor):
        def enter(self, node: Node, *_: object) -> None:
            description = getattr(node, "description", None)
            if isinstance(description, StringValueNode) and not isinstance(node, DirectiveNode):
                found.append(" ".join(description.value.split()))

    visit(parse(source), Descriptions())
    return set(_promising(found))


def rows(text: str) -> list[Row]:
    """The table's rows; a line of another shape is an error."""
    head, *lines = text.splitlines()
    assert tuple(head.split("\t")) == HEAD
    return [_row(line) for line in lines]


@cache
def names_in(path: str) -> frozenset[str]:
    """Names of test functions and classes of a file, found without running it; none where there is no file."""
    file = ROOT / path
    if file.suffix != ".py" or not file.is_file():
        return frozenset()
    module = ast.parse(file.read_text())
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
    methods = {f"{each.name}::{name}" for each in classes for name in _functions(each)}
    return frozenset({*_functions(module), *(each.name for each in classes), *methods})


def _functions(node: ast.Module | ast.ClassDef) -> set[str]:
    functions = (each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    return {each.name for each in functions if each.name.startswith("test_")}


def _row(line: str) -> Row:
    where, text, tests, *more = line.split("\t")
    assert where in PLACES, line
    assert len(more) <= 1, line
    return Row(Sentence(where, text), () if tests == NO_TEST else tuple(tests.split()), "".join(more))


def _promising(sentences: Iterable[str]) -> Iterator[str]:
    return filter(PROMISING.search, sentences)


def _forms(message: MsgId) -> tuple[str, ...]:
    return message if isinstance(message, tuple) else (message,)


def _paragraphs(text: str) -> Iterator[str]:
    blocks = (block.strip("\n") for block in re.split(r"\n\s*\n", text))
    return (block for block in blocks if block and not block.startswith("#"))


def _split(text: str) -> list[str]:
    """Sentences of a paragraph; one ends where a point, a mark or a colon's list ends and a capital follows."""
    joined = " ".join(text.replace("**", "").split())
    return [sentence for sentence in re.split(r"(?<=[.!?…])\s+(?=[A-Z`“])", joined) if sentence]
