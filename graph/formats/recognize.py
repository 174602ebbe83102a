"""From a file to what stands in it: each part's format is told by what it begins with, never by a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from discovery.platform.errors import ImportFailed
from graph.formats import jspf, lastfm, listenbrainz, maloja, rockbox, spotify, xspf
from graph.formats.found import DAMAGED, NOT_RECOGNIZED, Left, Place, Rows
from graph.formats.parts import Damaged, Opened, Part


class FileFormat(StrEnum):
    """What can be read."""

    SPOTIFY = "SPOTIFY"
    SPOTIFY_SHORT = "SPOTIFY_SHORT"
    LISTENBRAINZ = "LISTENBRAINZ"
    LASTFM = "LASTFM"
    MALOJA = "MALOJA"
    ROCKBOX = "ROCKBOX"
    JSPF = "JSPF"
    XSPF = "XSPF"


@dataclass(frozen=True)
class _Known:
    format: FileFormat
    recognizes: Callable[[str], bool]
    read: Callable[[list[Part]], Rows]


# In this order: the first that knows a beginning reads it, and what says more stands before what says less.
KNOWN = (
    _Known(FileFormat.ROCKBOX, rockbox.recognizes, rockbox.read),
    _Known(FileFormat.XSPF, xspf.recognizes, xspf.read),
    _Known(FileFormat.JSPF, jspf.recognizes, jspf.read),
    _Known(FileFormat.SPOTIFY, spotify.is_extended, spotify.extended_read),
    _Known(FileFormat.SPOTIFY_SHORT, spotify.is_short, spotify.short_read),
    _Known(FileFormat.LISTENBRAINZ, listenbrainz.recognizes, listenbrainz.read),
    _Known(FileFormat.MALOJA, maloja.recognizes, maloja.read),
    _Known(FileFormat.LASTFM, lastfm.recognizes, lastfm.read),
)


@dataclass(frozen=True)
class Recognized:
    """A file that is open: its format (of the first part that has one), its rows, and how far it was read."""

    format: FileFormat
    size: int
    rows: Rows
    done: Callable[[], int]


@contextmanager
def recognized(path: Path) -> Iterator[Recognized]:
    """Raises ImportFailed (``NOT_RECOGNIZED``, ``DAMAGED_ARCHIVE``, ``ARCHIVE_TOO_LARGE``)."""
    if path.is_dir():
        raise ImportFailed(
            "This is a folder. One with HetRec 2011 files is read by import_lastfm.", code="NOT_RECOGNIZED"
        )
    with Opened(path) as file:
        parts = [(part, _known(part)) for part in file.parts]
        known = [one.format for _part, one in parts if isinstance(one, _Known)]
        if not known:
            raise ImportFailed("This is none of the formats that are read.", code="NOT_RECOGNIZED")
        yield Recognized(known[0], file.size, _rows(parts), lambda: file.read)


def _known(part: Part) -> _Known | Left:
    """Its format, or why it is read as none."""
    try:
        head = part.head()
    except Damaged:
        return DAMAGED
    return next((one for one in KNOWN if one.recognizes(head)), NOT_RECOGNIZED)


def _rows(parts: list[tuple[Part, _Known | Left]]) -> Rows:
    """By format, each in the archive's order; what is of none is said first."""
    for part, one in parts:
        if isinstance(one, Left):
            yield Place(part.number, 0), one
    for one in KNOWN:
        if mine := [part for part, other in parts if other is one]:
            yield from _of_one(one, mine)


def _of_one(one: _Known, parts: list[Part]) -> Rows:
    """ListenBrainz's parts belong together; of every other format each part stands alone, also when one is damaged."""
    together = [parts] if one.format is FileFormat.LISTENBRAINZ else [[part] for part in parts]
    for group in together:
        last = Place(group[0].number, 0)
        try:
            for place, what in one.read(group):
                last = place
                yield place, what
        except Damaged:
            yield Place(last.part, last.row + 1), DAMAGED
