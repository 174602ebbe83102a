"""JSPF, the playlist format of ListenBrainz: read, and written so that it comes back equal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from graph.formats.fields import as_dict, as_list
from graph.formats.found import NOT_A_ROW, ListedPlaylist, ListedTrack, Place, Rows
from graph.formats.json_rows import document
from graph.formats.parts import Part

RECORDING = "https://musicbrainz.org/recording/"
ISRC = "urn:isrc:"
PLAYLIST_EXTENSION = "https://musicbrainz.org/doc/jspf#playlist"
_begins = re.compile(r'\{\s*"playlist"\s*:\s*\{')
_tracks = re.compile(r'"track"\s*:\s*\[')


def recognizes(head: str) -> bool:
    return bool(_begins.match(head) and _tracks.search(head))


def read(parts: list[Part]) -> Rows:
    for part in parts:
        playlist = as_dict(document(part)).get("playlist")
        if not isinstance(playlist, dict):
            yield Place(part.number, 0), NOT_A_ROW
            continue
        yield (
            Place(part.number, 0),
            ListedPlaylist(
                title=playlist.get("title"),
                description=playlist.get("annotation"),
                tracks=[_track(as_dict(row)) for row in as_list(playlist.get("track"))],
            ),
        )


def identified(identifiers: Iterable[Any]) -> dict[str, str]:
    """What identifiers of a recording say: its MusicBrainz id, its ISRC."""
    found = {}
    for identifier in identifiers:
        if isinstance(identifier, str):
            if identifier.startswith(RECORDING):
                found["mbid"] = identifier.removeprefix(RECORDING)
            elif identifier.startswith(ISRC):
                found["isrc"] = identifier.removeprefix(ISRC)
    return found


def identifiers(track: ListedTrack) -> list[str]:
    return [f"{kind}{key}" for kind, key in ((RECORDING, track.mbid), (ISRC, track.isrc)) if key]


def _track(row: dict[str, Any]) -> ListedTrack:
    told = row.get("identifier")
    return ListedTrack(
        title=row.get("title"),
        artist=row.get("creator"),
        album=row.get("album"),
        duration_ms=row.get("duration"),
        **identified(told if isinstance(told, list) else [told]),
    )


def document_of(playlist: ListedPlaylist, *, creator: str | None = None) -> dict[str, Any]:
    """The document, to be written as JSON. What is empty is left out."""
    return {
        "playlist": _told(
            title=playlist.title,
            creator=creator,
            annotation=playlist.description,
            extension={PLAYLIST_EXTENSION: {"public": False}},
            track=list(_tracks_of(playlist)),
        )
    }


def _tracks_of(playlist: ListedPlaylist) -> Iterator[dict[str, Any]]:
    for track in playlist.tracks:
        yield _told(
            identifier=identifiers(track),
            title=track.title,
            creator=track.artist,
            album=track.album,
            duration=track.duration_ms,
        )


def _told(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value or name == "track"}
