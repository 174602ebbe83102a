"""Answers of the Last.fm protocol: one tree, written as XML or in the JSON that Last.fm makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from django.http import HttpResponse, JsonResponse


@dataclass(frozen=True)
class Node:
    """An element. ``listed``: where there are several of its name, and where there is one, JSON has a list."""

    name: str
    text: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: Sequence[Node] = ()
    listed: bool = False

    def xml(self) -> str:
        attributes = "".join(f" {name}={quoteattr(_clean(value))}" for name, value in self.attributes.items())
        inside = "".join(child.xml() for child in self.children) or escape(_clean(self.text))
        return f"<{self.name}{attributes}>{inside}</{self.name}>"

    def json(self) -> Any:
        if not self.children:
            return {"#text": self.text, **self.attributes} if self.attributes else self.text
        told: dict[str, Any] = {"@attr": dict(self.attributes)} if self.attributes else {}
        for child in self.children:
            if child.listed:
                told.setdefault(child.name, []).append(child.json())
            else:
                told[child.name] = child.json()
        return told


class LastFmError(Exception):
    """A no of the protocol's, by its number."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


# Numbers of the protocol.
NO_SUCH_METHOD, AUTHENTICATION_FAILED, INVALID_PARAMETERS, INVALID_SESSION = 3, 4, 6, 9
INVALID_KEY, INVALID_SIGNATURE, NOT_AUTHORIZED, UNAVAILABLE_NOW, RATE_LIMITED = 10, 13, 14, 16, 29
_FORBIDDEN = frozenset(
    {AUTHENTICATION_FAILED, INVALID_SESSION, INVALID_KEY, INVALID_SIGNATURE, NOT_AUTHORIZED}
)


def good(node: Node | None, *, as_json: bool) -> HttpResponse:
    """A yes, with what there is to tell."""
    if as_json:
        told = {} if node is None else {node.name: node.json()}
        return _private(JsonResponse(told))
    return _private(_xml(f'<lfm status="ok">{"" if node is None else node.xml()}</lfm>', 200))


def bad(error: LastFmError, *, as_json: bool, status: int | None = None) -> HttpResponse:
    """A no."""
    status = status or (403 if error.code in _FORBIDDEN else 400)
    if as_json:
        return _private(JsonResponse({"error": error.code, "message": error.message}, status=status))
    words = escape(_clean(error.message))
    return _private(_xml(f'<lfm status="failed"><error code="{error.code}">{words}</error></lfm>', status))


def _xml(inside: str, status: int) -> HttpResponse:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{inside}\n'
    return HttpResponse(text, content_type="text/xml; charset=utf-8", status=status)


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response


def _clean(text: str) -> str:
    """Without what no XML may hold."""
    return "".join(
        character
        for character in text
        if character in "\t\n\r"
        or (character >= " " and not "\ud800" <= character <= "\udfff" and character < "\ufffe")
        or character > "\uffff"
    )
