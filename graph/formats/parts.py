"""A file, or each file of an archive: opened as text that is read piece by piece, within bounds.

What is no UTF-8 is read as Latin-1, byte by byte: so come the words of old players, and nothing is lost.
"""

from __future__ import annotations

import codecs
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from discovery.platform.encodings import LATIN
from discovery.platform.errors import ImportFailed

PIECE = 1 << 16  # bytes read at a time
LONGEST_LINE = 1 << 20
MOST_PARTS = 2_000  # of an archive
LARGEST_TOTAL = 8 << 30  # of an archive, unpacked
LARGEST_RATIO = 250  # unpacked to packed; histories reach about 30
SMALL = 32 << 20  # what is no larger unpacked is never held for a bomb

UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, OSError,
    UnicodeDecodeError,  # a member's name
)  # fmt: skip
ARCHIVE = (
    b"PK\x03\x04",
    b"PK\x05\x06",
)  # how one begins, and one that is empty; a table may begin with "PK" too


class Damaged(Exception):  # tells readers, and is answered as a row
    """The rest of a part cannot be unpacked."""


@dataclass(frozen=True)
class Part:
    """One file: of its own, or of an archive."""

    number: int
    _file: IO[bytes]
    _archive: zipfile.ZipFile | None = None
    _member: zipfile.ZipInfo | None = None  # by itself: two may have one name

    def pieces(self) -> Iterator[str]:
        """The text, piece by piece. Raises Damaged."""
        try:
            if self._archive is None or self._member is None:
                self._file.seek(0)
                yield from _decoded(self._file)
            else:
                with self._archive.open(self._member) as member:
                    yield from _decoded(member)
        except UNREADABLE as error:
            raise Damaged(str(error)) from error

    def head(self) -> str:
        """The beginning, by which a format is known. Raises Damaged."""
        return next(self.pieces(), "").lstrip()

    def lines(self) -> Iterator[str | None]:
        """Line by line, without its end; None for one that is longer than any row. Raises Damaged."""
        rest, too_long = "", False
        for piece in self.pieces():
            *whole, rest = (rest + piece).split("\n")
            for line in whole:
                yield None if too_long else line.rstrip("\r")
                too_long = False
            if len(rest) > LONGEST_LINE:
                rest, too_long = "", True
        if rest or too_long:
            yield None if too_long else rest.rstrip("\r")


class Opened:
    """``with Opened(path) as file: file.parts``. Raises ImportFailed for an archive that nobody should unpack."""

    def __init__(self, path: Path) -> None:
        self.size = path.stat().st_size
        self._file = path.open("rb")
        self._archive: zipfile.ZipFile | None = None
        try:
            self.parts = self._parts()
        except BaseException:
            self._file.close()
            raise

    @property
    def read(self) -> int:
        """About how far the file was read, in bytes."""
        return self._file.tell()

    def _parts(self) -> list[Part]:
        start = self._file.read(4)
        if start not in ARCHIVE:
            return [Part(1, self._file)]
        try:
            self._archive = zipfile.ZipFile(self._file)
        except (*UNREADABLE, ValueError) as error:
            raise ImportFailed("This archive is damaged.", code="DAMAGED_ARCHIVE") from error
        members = [member for member in self._archive.infolist() if not member.is_dir()]
        unpacked = sum(member.file_size for member in members)
        packed = sum(member.compress_size for member in members)
        bomb = unpacked > SMALL and unpacked > LARGEST_RATIO * min(packed, self.size)
        if len(members) > MOST_PARTS or unpacked > LARGEST_TOTAL or bomb:
            raise ImportFailed("This archive holds more than is unpacked.", code="ARCHIVE_TOO_LARGE")
        return [
            Part(number, self._file, self._archive, member) for number, member in enumerate(members, start=1)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._archive is not None:
            self._archive.close()
        self._file.close()


def _decoded(file: IO[bytes]) -> Iterator[str]:
    piece = file.read(PIECE)
    encoding = "utf-16" if piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    decoder = codecs.getincrementaldecoder(encoding)(LATIN)
    while piece:
        if text := decoder.decode(piece):
            yield text
        piece = file.read(PIECE)
    if text := decoder.decode(b"", final=True):
        yield text
