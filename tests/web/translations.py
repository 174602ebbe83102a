"""What the product says and how it is said in other languages.

``python -m tests.web.translations`` compiles ``locale/**/*.po`` after a change; new sentences are collected by
Django's ``manage.py makemessages`` (with ``-d djangojs`` for the scripts).
"""

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "locale"
FOR_ALLAUTH = LOCALE / "allauth"  # our words for its sentences
ROOMS = ("accounts", "discovery", "graph", "tasks")
WORDS = ["_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"]
KEYWORDS = {word: (1, 2) if word.startswith("n") else None for word in WORDS}

MsgId = str | tuple[str, ...]


def said_by_python() -> set[MsgId]:
    """Every sentence of the code and of the templates that goes through gettext."""
    sentences = said_by_templates()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            sentences |= set(_extract("python", path.read_bytes()))
    return sentences


def said_by_templates() -> set[MsgId]:
    sentences: set[MsgId] = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.html"):
            # One line: what a template becomes is not indented as Python is.
            code = templatize(path.read_text(), origin=path.name).replace("\n", " ").strip()
            sentences |= set(_extract("python", code.encode()))
    return sentences


def said_by_modules(*names: str) -> set[MsgId]:
    return {sentence for name in names for sentence in _extract("python", (ROOT / name).read_bytes())}


def said_by_scripts() -> set[MsgId]:
    paths = (ROOT / "discovery" / "static").rglob("*.js")
    return {sentence for path in paths for sentence in _extract("javascript", path.read_bytes())}


def _extract(method: str, source: bytes) -> Iterator[MsgId]:
    for _line, sentence, _comments, _context in extract(method, io.BytesIO(source), KEYWORDS):
        yield sentence


def catalog(domain: str, language: str = "de", room: Path = LOCALE) -> Catalog:
    with (room / language / "LC_MESSAGES" / f"{domain}.po").open("rb") as file:
        return read_po(file, locale=language)


def compiled(messages: Catalog) -> bytes:
    """The ``.mo`` file."""
    file = io.BytesIO()
    write_mo(file, messages)
    return file.getvalue()


if __name__ == "__main__":
    for path in LOCALE.rglob("*.po"):
        path.with_suffix(".mo").write_bytes(compiled(catalog(path.stem, path.parts[-3], path.parents[2])))
