"""A zip written row by row: memory does not grow with what goes into it."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from django.core.serializers.json import DjangoJSONEncoder

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"


class Archive:
    """``with Archive(path) as archive: archive.lines("tags.jsonl", rows)``; ``close`` writes the manifest."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        self.files: dict[str, dict[str, Any]] = {}
        self.facts: dict[str, Any] = {"schema_version": SCHEMA_VERSION}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            self._zip.writestr(MANIFEST, _json({**self.facts, "files": self.files}, indent=2))
        self._zip.close()

    def chunks(self, name: str, chunks: Iterable[bytes]) -> None:
        """One file, as its parts come."""
        digest, rows, size = hashlib.sha256(), 0, 0
        with self._zip.open(name, "w", force_zip64=True) as file:
            for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
                rows, size = rows + 1, size + len(chunk)
        self.files[name] = {"sha256": digest.hexdigest(), "bytes": size, "rows": rows}

    def lines(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """JSON Lines, one a row."""
        self.chunks(name, (f"{_json(row)}\n".encode() for row in rows))

    def document(self, name: str, document: object) -> None:
        """One JSON document."""
        self.chunks(name, [_json(document, indent=2).encode()])

    def text(self, name: str, text: str) -> None:
        self.chunks(name, [text.encode()])


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json(value: object, indent: int | None = None) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True, indent=indent)
