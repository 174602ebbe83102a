"""XSPF, the playlist format of players: read without a document type or entities of its own, and written.

Nothing outside the file is ever fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from graph.formats.fields import times
from graph.formats.found import BROKEN, TOO_LARGE, Left, ListedPlaylist, ListedTrack, Place, Rows
from graph.formats.jspf import identified, identifiers
from graph.formats.parts import Part

NAMESPACE = "http://xspf.org/ns/0/"
DEEPEST = 32
LONGEST_TEXT = 10_000  # of one element; what is longer is too long for whoever reads it
LARGEST = 16 << 20  # characters of all that are read
MOST_TRACKS = 50_000
_begins = re.compile(r"(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*+<playlist\b[^>]*xspf", re.DOTALL)
_LIST = ("title", "annotation")
_TRACK = ("title", "creator", "album", "duration")
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Refused(Exception):  # answered as a row
    """The file holds what no playlist needs."""


def recognizes(head: str) -> bool:
    return _begins.match(head) is not None


def read(parts: list[Part]) -> Rows:
    for part in parts:
        yield Place(part.number, 0), _playlist(part)


def _playlist(part: Part) -> ListedPlaylist | Left:
    reader = _Reader()
    try:
        for piece in part.pieces():
            # As text: what the file says of its encoding was seen to already.
            reader.parser.Parse(piece.encode("utf-8", "replace"), False)  # noqa: FBT003
        reader.parser.Parse(b"", True)  # noqa: FBT003
    except Refused:
        return TOO_LARGE
    except expat.ExpatError:
        return BROKEN
    return ListedPlaylist(
        title=reader.about.get("title"), description=reader.about.get("annotation"), tracks=reader.tracks
    )


class _Reader:
    """Collects what the parser meets."""

    def __init__(self) -> None:
        self.about: dict[str, str] = {}
        self.tracks: list[ListedTrack] = []
        self._path: list[str] = []
        self._track: dict[str, str] = {}
        self._identifiers: list[str] = []
        self._text: list[str] = []
        self._size = self._total = 0
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._said
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.ExternalEntityRefHandler = self._refuse

    def _refuse(self, *_: Any) -> Any:
        raise Refused

    def _start(self, name: str, _attributes: Any) -> None:
        self._path.append(name.rpartition(" ")[2])
        if len(self._path) > DEEPEST or len(self.tracks) > MOST_TRACKS:
            raise Refused
        self._text, self._size = [], 0
        if self._path == ["playlist", "trackList", "track"]:
            self._track, self._identifiers = {}, []

    def _is_read(self) -> bool:
        *around, name = self._path
        if around == ["playlist"]:
            return name in _LIST
        return around == ["playlist", "trackList", "track"] and (name in _TRACK or name == "identifier")

    def _said(self, text: str) -> None:
        if not self._is_read() or not (text := text[: LONGEST_TEXT + 1 - self._size]):
            return
        self._size += len(text)
        self._total += len(text)
        if self._total > LARGEST:
            raise Refused
        self._text.append(text)

    def _end(self, _name: str) -> None:
        text, path = "".join(self._text).strip(), self._path
        if path[:-1] == ["playlist"] and path[-1] in _LIST:
            self.about[path[-1]] = text
        elif path[:-1] == ["playlist", "trackList", "track"]:
            if path[-1] == "identifier":
                self._identifiers.append(text)
            elif path[-1] in _TRACK:
                self._track.setdefault(path[-1], text)
        elif path == ["playlist", "trackList", "track"]:
            self.tracks.append(
                ListedTrack(
                    title=self._track.get("title"),
                    artist=self._track.get("creator"),
                    album=self._track.get("album"),
                    duration_ms=times(self._track.get("duration"), 1),
                    **identified(self._identifiers),
                )
            )
        self._path.pop()
        self._text, self._size = [], 0


def written(playlist: ListedPlaylist, *, creator: str | None = None) -> Iterator[str]:
    """The document, line by line. Characters that XML cannot hold are left out."""
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<playlist version="1" xmlns="{NAMESPACE}">\n'
    yield from _elements(1, title=playlist.title, creator=creator, annotation=playlist.description)
    yield "  <trackList>\n"
    for track in playlist.tracks:
        yield "    <track>\n"
        for identifier in identifiers(track):
            yield from _elements(3, identifier=identifier)
        yield from _elements(
            3, title=track.title, creator=track.artist, album=track.album, duration=track.duration_ms
        )
        yield "    </track>\n"
    yield "  </trackList>\n</playlist>\n"


def _elements(depth: int, **texts: Any) -> Iterator[str]:
    for name, value in texts.items():
        if value:
            yield f"{'  ' * depth}<{name}>{escape(_UNWRITABLE.sub('', str(value)))}</{name}>\n"
