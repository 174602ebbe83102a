"""JSON that is read element by element: memory holds one at a time, and a broken one costs itself alone.

Behind what cannot be read the reader goes on at the next object that begins as its first one did.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from graph.formats.found import BROKEN, MOST_BROKEN, TOO_BROKEN, TRUNCATED
from graph.formats.parts import Part

LONGEST = 1 << 20  # characters of one element
LARGEST_DOCUMENT = 16 << 20  # of one that is read as a whole
_SPACE = re.compile(r"[ \t\r\n]*")
_FIRST_KEY = re.compile(r'\{\s*"[^"]*"')
_UNDECIDED = 16  # characters before the end of what was read, in which an error may come from the cut

_decode = json.JSONDecoder(strict=False).raw_decode


class Unreadable(Exception):  # answered as a row
    """No value stands here; ``cut``: the text ends before it does."""

    def __init__(self, *, cut: bool) -> None:
        super().__init__()
        self.cut = cut


def elements(part: Part) -> Iterator[Any]:
    """Each element of the part's array; in the place of one that cannot be read a `Left`."""
    text = _Text(part.pieces())
    if text.peek() != "[":
        yield BROKEN
        return
    text.at += 1
    yield from _elements(text)


def elements_of(part: Part, name: str, *, inside: str = "") -> Iterator[Any]:
    """Each element of the arrays with this name: in the part's one object, or in each object of its array (a page).

    A page that has one object in its place has this one; one that has neither, and what is no page, is an element itself.
    A page may stand ``inside`` an object that has it under this name.
    """
    try:
        for row in _pages(_Text(part.pieces()), name, inside):
            yield row
            if row is TRUNCATED or row is TOO_BROKEN:
                return
    except Unreadable as error:
        yield TRUNCATED if error.cut else BROKEN


def lines(part: Part) -> Iterator[Any]:
    """A value a line; in the place of one that cannot be read a `Left`."""
    broken = 0
    for line in part.lines():
        if line is not None and (not line or line.isspace()):
            continue
        try:
            yield BROKEN if line is None else json.loads(line)
        except (ValueError, RecursionError):
            broken += 1
            yield BROKEN
            if broken == MOST_BROKEN:
                yield TOO_BROKEN
                return


def document(part: Part) -> Any:
    """The whole part as one value; None for what is none, or larger than is read as a whole."""
    pieces, size = [], 0
    for piece in part.pieces():
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_DOCUMENT:
            return None
    try:
        return json.loads("".join(pieces))
    except (ValueError, RecursionError):
        return None


def _pages(text: _Text, name: str, inside: str) -> Iterator[Any]:
    listed = text.peek() == "["
    text.at += listed
    while (character := text.peek()) != "]":
        if character == "{":
            text.at += 1
            yield from _within(text, name, inside)
        elif character == ",":
            text.at += 1
        elif not listed:
            return
        elif not character:
            yield TRUNCATED
            return
        else:
            yield text.value()


def _within(text: _Text, name: str, inside: str = "") -> Iterator[Any]:
    """From behind the bracket of an object to behind its end: the elements of its array of this name."""
    others: dict[str, Any] = {}
    found = False
    while (character := text.peek()) != "}":
        if character == ",":
            text.at += 1
            continue
        key = text.value()
        if text.peek() != ":":
            raise Unreadable(cut=text.ended and not text.peek())
        text.at += 1
        if key == name and text.peek() == "[":
            found = True
            text.at += 1
            yield from _elements(text)
            continue
        if key == inside and text.peek() == "{":
            found = True
            text.at += 1
            yield from _within(text, name)
            continue
        value = text.value()
        if key == name and isinstance(value, dict):
            found = True
            yield value
        elif isinstance(key, str):
            others[key] = value
    text.at += 1
    if not found:
        yield others


def _elements(text: _Text) -> Iterator[Any]:
    """From behind the bracket of an array to behind its end."""
    while character := text.peek():
        if character == ",":
            text.at += 1
            continue
        if character == "]":
            text.at += 1
            return
        if text.first is None and (begins := _FIRST_KEY.match(text.text, text.at)):
            text.first = re.compile(r",\s*(" + re.escape(begins[0]) + r"\s*:)")
        try:
            value = text.value()
        except Unreadable as error:
            there_is_more = text.skip()
            yield BROKEN if there_is_more or not error.cut else TRUNCATED
            if not there_is_more:
                return
            text.broken += 1
            if text.broken == MOST_BROKEN:
                yield TOO_BROKEN
                text.skip_all()
                return
        else:
            yield value
    yield TRUNCATED


class _Text:
    """A window of the text and a place in it."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self.text, self.at, self.ended = "", 0, False
        self.first: re.Pattern[str] | None = None  # what every element begins with, as the first one did
        self.broken = 0

    def peek(self) -> str:
        """The next character that is no space, where the place then is; empty at the end."""
        while True:
            match = _SPACE.match(self.text, self.at)
            self.at = match.end() if match else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self._more():
                return ""

    def value(self) -> Any:
        """The value that begins here; the place is then behind it. Raises Unreadable."""
        self.peek()
        while True:
            try:
                value, self.at = _decode(self.text, self.at)
            except json.JSONDecodeError as error:
                cut = error.pos >= len(self.text) - _UNDECIDED or error.msg.startswith("Unterminated")
                if not cut or len(self.text) - self.at > LONGEST:
                    raise Unreadable(cut=False) from None
                if not self._more():
                    raise Unreadable(cut=True) from None
            except (ValueError, RecursionError):  # a number of thousands of digits; a thousand brackets
                raise Unreadable(cut=False) from None
            else:
                return value

    def skip(self) -> bool:
        """Go on to the next element that begins as the first did; False where there is none."""
        if self.first is None:
            return False
        self.at += 1
        while True:
            if found := self.first.search(self.text, self.at):
                self.at = found.start(1)
                return True
            self.at = max(self.at, len(self.text) - 200)  # what begins here may go on in the next piece
            if not self._more():
                return False

    def skip_all(self) -> None:
        self.text, self.at, self.ended = "", 0, True

    def _more(self) -> bool:
        if self.ended:
            return False
        piece = next(self._pieces, "")
        if not piece:
            self.ended = True
            return False
        self.text, self.at = self.text[self.at :] + piece, 0
        return True
