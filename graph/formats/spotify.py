"""Spotify's two histories: the extended one, and the short one of the last year.

``ts`` and ``endTime`` are the end of a play. Rows of incognito sessions are dropped, spoken word is left out, and a play
that was thrown away after a second stays one of a second. Address, device and country are not looked at.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from graph.formats.fields import moment_of
from graph.formats.found import AUDIOBOOK, INCOGNITO, NO_NAME, NOT_A_ROW, PODCAST, Left, Place, Rows
from graph.formats.json_rows import elements
from graph.formats.parts import Part
from graph.ingest.incoming import IncomingPlay
from graph.ingest.sources import source_id_or_none

SOURCE = "spotify"
# The short history tells moments to the minute: the same play as one of the long history's, told by another.
SHORT_SOURCE = "spotify:short"
_FIRST_STAMP, _LAST_STAMP = (
    1_033_430_400,
    100_000_000_000,
)  # 2002-10-01; the year 5138 (what is more are milliseconds)
_extended = re.compile(r'"ts"\s*:'), re.compile(r'"ms_played"\s*:')
_short = re.compile(r'"endTime"\s*:'), re.compile(r'"msPlayed"\s*:')


def is_extended(head: str) -> bool:
    return head.startswith("[") and all(key.search(head) for key in _extended)


def is_short(head: str) -> bool:
    return head.startswith("[") and all(key.search(head) for key in _short)


def extended_read(parts: list[Part]) -> Rows:
    for part in parts:
        rows = _Rows()
        for number, row in enumerate(elements(part), start=1):
            yield Place(part.number, number), rows.read(row)


def short_read(parts: list[Part]) -> Rows:
    for part in parts:
        for number, row in enumerate(elements(part), start=1):
            yield Place(part.number, number), _short_play(row)


class _Rows:
    """Reads rows of one file, in its order."""

    def __init__(self) -> None:
        self.last_stamp: object = None

    def read(self, row: Any) -> IncomingPlay | Left:
        if not isinstance(row, dict):
            return row if isinstance(row, Left) else NOT_A_ROW
        if row.get("incognito_mode") is True:
            return INCOGNITO
        title, artist = row.get("master_metadata_track_name"), row.get("master_metadata_album_artist_name")
        if not title:
            return _spoken(row) or NO_NAME
        told, uri, ms_played = row.get("ts"), row.get("spotify_track_uri"), row.get("ms_played")
        return IncomingPlay(
            source=SOURCE,
            source_id=source_id_or_none(f"{told} {uri}")
            if isinstance(told, str) and isinstance(uri, str) and told and uri
            else None,
            listened_at=self._start(row, told, ms_played),
            ms_played=ms_played,
            title=title,
            artist=artist,
            album=row.get("master_metadata_album_album_name"),
            uri=uri,
        )

    def _start(self, row: dict[str, Any], told: Any, ms_played: Any) -> Any:
        """When the play began. Without a connection ``ts`` may be when it was reported: then its own stamp says it.

        Not where several rows bear one stamp: that is when the connection was lost.
        """
        start = _began(moment_of(told), ms_played)
        stamp = row.get("offline_timestamp")
        repeated, self.last_stamp = stamp == self.last_stamp, stamp
        if row.get("offline") is True and not repeated and isinstance(start, datetime):
            began = _stamped(stamp)
            if began is not None and began < start:
                return began
        return start


def _spoken(row: dict[str, Any]) -> Left | None:
    if row.get("episode_name") or row.get("spotify_episode_uri"):
        return PODCAST
    if row.get("audiobook_title") or row.get("audiobook_uri"):
        return AUDIOBOOK
    return None


def _short_play(row: Any) -> IncomingPlay | Left:
    if not isinstance(row, dict):
        return row if isinstance(row, Left) else NOT_A_ROW
    if "podcastName" in row:
        return PODCAST
    if "audiobookName" in row:
        return AUDIOBOOK
    title, artist, ms_played = row.get("trackName"), row.get("artistName"), row.get("msPlayed")
    if not title or (title, artist) == ("Unknown Track", "Unknown Artist"):
        return NO_NAME
    return IncomingPlay(
        source=SHORT_SOURCE,
        listened_at=_began(moment_of(row.get("endTime")), ms_played),
        ms_played=ms_played,
        title=title,
        artist=artist,
    )


def _began(end: Any, ms_played: Any) -> Any:
    if not isinstance(end, datetime) or type(ms_played) is not int:
        return end
    try:
        return end - timedelta(milliseconds=ms_played)
    except OverflowError:
        return end


def _stamped(stamp: Any) -> datetime | None:
    """Seconds, or in older files milliseconds, since 1970; None for what is neither, such as 0."""
    if type(stamp) is not int or not _FIRST_STAMP <= stamp < _LAST_STAMP * 1000:
        return None
    seconds = stamp / 1000 if stamp > _LAST_STAMP else stamp
    if not _FIRST_STAMP <= seconds < _LAST_STAMP:
        return None
    return datetime.fromtimestamp(seconds, UTC)
