"""Files of one JSON object a line: plain, packed (gz, xz, bz2), or in a tar archive; read as a stream, whatever their size."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from discovery.platform.errors import ImportFailed
from graph.importers.report import FileReport, Watcher
from graph.importers.tables import row_break

LONGEST_LINE = 1 << 24  # bytes; a longer one is broken, whatever it holds
TAR_MARK = slice(257, 262)  # where an archive says "ustar"
BAD_FILE = (OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError)


def objects(path: Path, *, report: FileReport, watcher: Watcher) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each object with the number of its line; lines that are none are counted. Raises ImportFailed for a bad file."""
    try:
        with path.open("rb") as raw:
            at = 0
            for number, line in enumerate(_lines(_unpacked(raw)), start=1):
                if number % 1000 == 0:
                    watcher.bytes_read(report.file, raw.tell() - at)
                    at = raw.tell()
                if not line.strip():
                    continue
                report.read += 1
                row = _object(line)
                if row is None:
                    row_break(report, watcher, line=number, reason="no JSON object")
                else:
                    yield number, row
            watcher.bytes_read(report.file, raw.tell() - at)
    except BAD_FILE as error:
        raise ImportFailed(f"{path} cannot be read to its end ({error}).") from error


def _unpacked(raw: BinaryIO) -> io.BufferedReader:
    head = raw.read(6)
    raw.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return io.BufferedReader(cast("Any", gzip.GzipFile(fileobj=raw)))
    if head.startswith(b"\xfd7zXZ\x00"):
        return io.BufferedReader(cast("Any", lzma.LZMAFile(raw)))
    if head.startswith(b"BZh"):
        return io.BufferedReader(cast("Any", bz2.BZ2File(raw)))
    return cast("io.BufferedReader", raw)


def _lines(stream: io.BufferedReader) -> Iterator[bytes]:
    if stream.peek(512)[TAR_MARK] != b"ustar":
        yield from _cut(stream)
        return
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            # What an archive holds besides ("COPYING", "TIMESTAMP") is no dump.
            if member.isfile() and (not member.name.rpartition("/")[2].isupper()):
                content = archive.extractfile(member)
                if content is not None:
                    yield from _cut(content)


def _cut(stream: Any) -> Iterator[bytes]:
    while line := stream.readline(LONGEST_LINE):
        rest = line
        while len(rest) == LONGEST_LINE and not rest.endswith(b"\n"):
            line, rest = b"too long", stream.readline(LONGEST_LINE)
        yield line


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None
