"""Rockbox's ``.scrobbler.log``, as portable players write it: a line a play, separated by tabs; ``S`` is a skip.

Times are in UTC, or where ``#TZ/UNKNOWN`` says so in the player's own zone, which nobody knows: they are taken as UTC.
"""

from __future__ import annotations

from graph.formats.fields import times
from graph.formats.found import BROKEN, NO_NAME, NOT_A_ROW, Left, Place, Rows, What
from graph.formats.parts import Part
from graph.ingest.incoming import IncomingPlay

SOURCE = "rockbox"


def recognizes(head: str) -> bool:
    return head.startswith("#AUDIOSCROBBLER/")


def read(parts: list[Part]) -> Rows:
    for part in parts:
        for number, line in enumerate(part.lines(), start=1):
            if line is None:
                yield Place(part.number, number), BROKEN
            elif line.strip() and not line.startswith("#"):
                yield Place(part.number, number), _play(line)


def _play(line: str) -> What:
    cells = line.split("\t")
    if len(cells) < 7:
        return NOT_A_ROW
    artist, album, title, _number, duration, rating, stamp, *more = cells
    if rating not in {"L", "S"}:
        return Left(NOT_A_ROW.outcome, NOT_A_ROW.code, "rating")
    if not title:
        return NO_NAME
    return IncomingPlay(
        source=SOURCE,
        listened_at=int(stamp) if stamp.isascii() and stamp.isdigit() and len(stamp) < 12 else stamp,
        ms_played=0 if rating == "S" else None,
        title=title,
        artist=artist,
        album=album,
        mbid=more[0] if more else None,
        duration_ms=times(duration, 1000) or None,
    )
