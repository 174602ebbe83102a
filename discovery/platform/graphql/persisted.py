"""Documents that the operator keeps for apps, which ask them by id: shorter requests, and, where wanted, no others.

They stand in a folder of ``.graphql`` files or in a JSON file of ids and documents, as Relay's compiler and
graphql-codegen write it. The SHA-256 of a document is an id of it always. Two ways of asking are understood: ``documentId``
(``sha256:…``, or an id of the JSON file), and the ``persistedQuery`` extension of Apollo's clients.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from cross_web import HTTPException
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from strawberry.http import GraphQLRequestData


class RefusedRequest(HTTPException):
    """A request that is answered with this code, before anything of it is read as GraphQL."""

    def __init__(self, status: int, reason: str, code: str) -> None:
        super().__init__(status, reason)
        self.code = code


def document_choose(data: GraphQLRequestData, body: Mapping[str, object], *, listed_only: bool) -> None:
    """Put the document that is asked by its id into its place, and refuse others where only listed ones are answered."""
    extension = (data.extensions or {}).get("persistedQuery")
    sent = extension.get("sha256Hash") if isinstance(extension, dict) else None
    name = body.get("documentId") or sent
    if name is not None and not isinstance(name, str):
        raise HTTPException(400, "The id of a document is a string.")
    if name is not None and data.query is None:
        if (text := document_of(name)) is None:
            # Apollo's clients look for this code in an answer of 200, and send the document then.
            status = 200 if sent else 404
            raise RefusedRequest(status, "PersistedQueryNotFound", code="PERSISTED_QUERY_NOT_FOUND")
        data.query = text
    elif isinstance(sent, str) and data.query is not None and digest(data.query) != sent.lower():
        raise HTTPException(400, "The hash is not that of the document.")
    if listed_only and data.query is not None and not is_listed(data.query):
        reason = "This installation answers listed documents alone; its operator knows which."
        raise RefusedRequest(403, reason, code="DOCUMENT_NOT_LISTED")


def document_of(name: str) -> str | None:
    """The document with this id; None where there is none."""
    return _documents().get(name.removeprefix("sha256:"))


def is_listed(text: str) -> bool:
    return digest(text) in _documents()


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _documents() -> Mapping[str, str]:
    if not settings.PERSISTED_DOCUMENTS:
        return {}
    place = Path(settings.PERSISTED_DOCUMENTS)
    try:
        files = sorted(place.glob("**/*.graphql")) if place.is_dir() else [place]
        return _read(place, tuple((file, file.stat().st_mtime_ns) for file in files))
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"PERSISTED_DOCUMENTS cannot be read: {error}") from error


@lru_cache(maxsize=4)
def _read(place: Path, files: tuple[tuple[Path, int], ...]) -> Mapping[str, str]:
    """By id. Read anew when a file is another than before."""
    named: dict[str, str] = {}
    for file, _modified in files:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".json":
            told = json.loads(text)
            if not isinstance(told, dict) or not all(isinstance(each, str) for each in told.values()):
                raise ValueError(f"{file.name} is no object of ids and documents")
            named |= told
        else:
            named[file.stem] = text
            named[digest(text.strip())] = text.strip()
    return named | {digest(text): text for text in named.values()}
