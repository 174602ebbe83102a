"""Maloja's export: one object with an array of scrobbles."""

from __future__ import annotations

import re
from typing import Any

from graph.formats.fields import as_dict, as_list, times
from graph.formats.found import NO_NAME, NOT_A_ROW, Left, Place, Rows, What
from graph.formats.json_rows import elements_of
from graph.formats.parts import Part
from graph.ingest.incoming import IncomingPlay

SOURCE = "maloja"
_scrobbles = re.compile(r'"scrobbles"\s*:\s*\[')
_artists = re.compile(r'"artists"\s*:\s*[\["]')


def recognizes(head: str) -> bool:
    return head.startswith("{") and bool(_scrobbles.search(head) and _artists.search(head))


def read(parts: list[Part]) -> Rows:
    for part in parts:
        for number, row in enumerate(elements_of(part, "scrobbles"), start=1):
            yield Place(part.number, number), _play(row)


def _play(row: Any) -> What:
    if not isinstance(row, dict):
        return row if isinstance(row, Left) else NOT_A_ROW
    track = as_dict(row.get("track"))
    if not track.get("title"):
        return NO_NAME
    told = track.get("artists")
    artists = [told] if isinstance(told, str) else as_list(told)
    return IncomingPlay(
        source=SOURCE,
        listened_at=row.get("time"),
        ms_played=times(row.get("duration"), 1000),
        title=track.get("title"),
        artist=", ".join(artist for artist in artists if isinstance(artist, str)),
        artists=artists or None,
        album=as_dict(track.get("album")).get("albumtitle"),
        duration_ms=times(track.get("length"), 1000),
    )
