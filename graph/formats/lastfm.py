"""Last.fm scrobbles as exporters write them: the API's answers or pages, flat objects, or a table of text."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from graph.formats.fields import as_dict, times
from graph.formats.found import BROKEN, NO_NAME, NOT_A_ROW, NOW_PLAYING, Left, Place, Rows, What
from graph.formats.json_rows import elements, elements_of
from graph.formats.parts import Part
from graph.ingest.incoming import IncomingPlay

SOURCE = "lastfm"
_track = re.compile(r'"track"\s*:\s*(["\[{])')  # of a page, or of a flat object its title
_wrapped = re.compile(r'"scrobbles"\s*:\s*\[')
_artist = re.compile(r'"artist"\s*:\s*["{]')
_title = re.compile(r'"(?:track|name|title)"\s*:\s*"')
_when = re.compile(r'"(?:uts|date|timestamp)"\s*:')

# What the columns of a table are called, and how they come where it has no head.
COLUMNS = {
    "uts": "when", "timestamp": "when", "date": "when", "utc_time": "date", "artist": "artist", "track": "title",
    "title": "title", "name": "title", "album": "album", "track_mbid": "mbid",
}  # fmt: skip
HEADLESS = ("artist", "album", "title", "when")
DATES = ("%d %b %Y %H:%M", "%d %b %Y, %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")
_dated = re.compile(r'\d{1,2} [A-Z][a-z]{2} \d{4},? \d\d:\d\d"?$')


def recognizes(head: str) -> bool:
    if head[:1] in ("[", "{"):
        return bool(_artist.search(head) and _title.search(head) and _when.search(head))
    first = head.partition("\n")[0].strip()
    names = {name.strip('"').lower().partition("#")[0] for name in first.split(_delimiter(first))}
    return {"artist", "track"} <= names or (first.count(",") >= 3 and _dated.search(first) is not None)


def read(parts: list[Part]) -> Rows:
    for part in parts:
        head = part.head()
        rows = _objects(part, head) if head[:1] in ("[", "{") else _table(part, head)
        for number, row in rows:
            yield Place(part.number, number), row


# --- JSON -----------------------------------------------------------------------------------


def _objects(part: Part, head: str) -> Iterator[tuple[int, What]]:
    if (track := _track.search(head)) is not None and track[1] != '"':
        rows = elements_of(part, "track", inside="recenttracks")
    elif _wrapped.search(head):
        rows = elements_of(part, "scrobbles")
    else:
        rows = elements(part)
    for number, row in enumerate(rows, start=1):
        yield number, _play(row)


def _play(row: Any) -> What:
    if not isinstance(row, dict):
        return row if isinstance(row, Left) else NOT_A_ROW
    artist, album, when = row.get("artist"), row.get("album"), row.get("date")
    if isinstance(artist, dict):
        artist = artist.get("#text") or artist.get("name")
    if isinstance(album, dict):
        album = album.get("#text") or album.get("title")
    if isinstance(when, dict):
        when = when.get("uts")
    elif when is None:
        if as_dict(row.get("@attr")).get("nowplaying"):
            return NOW_PLAYING
        when = row.get("timestamp") or row.get("uts") or row.get("time")
    title = row.get("name") or row.get("track") or row.get("title")
    if not title:
        return NO_NAME
    return IncomingPlay(
        source=SOURCE,
        listened_at=_moment(when),
        title=title,
        artist=artist,
        album=album,
        mbid=row.get("mbid"),
    )


# --- tables ---------------------------------------------------------------------------------


def _delimiter(first: str) -> str:
    return max((",", ";", "\t"), key=first.count)


def _table(part: Part, head: str) -> Iterator[tuple[int, What]]:
    first = head.partition("\n")[0].strip()
    delimiter = _delimiter(first)
    columns: tuple[str, ...] = HEADLESS
    headed = _dated.search(first) is None
    for number, line in enumerate(part.lines(), start=1):
        cells = _cells(line, delimiter)
        if cells is None:
            yield number, BROKEN
        elif not any(cell.strip() for cell in cells):
            continue
        elif headed:
            headed = False
            columns = tuple(COLUMNS.get(cell.strip().lower().partition("#")[0], "") for cell in cells)
        else:
            yield number, _row(dict(zip(columns, cells, strict=False)))


def _cells(line: str | None, delimiter: str) -> list[str] | None:
    """The cells of a line; None for what is no line of a table. No name holds a line's end."""
    if line is None:
        return None
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return None


def _row(cells: dict[str, str]) -> What:
    if not {"artist", "title"} <= cells.keys():
        return NOT_A_ROW
    if not cells["title"]:
        return NO_NAME
    return IncomingPlay(
        source=SOURCE,
        listened_at=_moment(cells.get("when") or cells.get("date")),
        title=cells["title"],
        artist=cells["artist"],
        album=cells.get("album"),
        mbid=cells.get("mbid"),
    )


def _moment(told: Any) -> Any:
    """Seconds since 1970, from these, milliseconds, or a date in words; else what was told."""
    seconds = times(told, 1)
    if seconds is not None:
        return seconds // 1000 if seconds > 100_000_000_000 else seconds
    if isinstance(told, str):
        for form in DATES:
            try:
                return datetime.strptime(told.strip(), form).replace(tzinfo=UTC)
            except ValueError:
                continue
    return told
