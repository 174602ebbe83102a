"""ListenBrainz's export: listens, and what was said of them, a line each; older ones are one array. So is our own.

Likes name a recording by ids alone: its words are looked up among the listens. Pinned recordings are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from graph.formats.fields import as_dict, as_list, moment_of, times
from graph.formats.found import NO_NAME, NOT_A_ROW, TOO_LARGE, Left, ListedTrack, Place, Rows, Said, What
from graph.formats.json_rows import elements, lines
from graph.formats.parts import Part
from graph.ingest.incoming import IncomingPlay, Outcome
from graph.ingest.sources import source_id_or_none, source_or

SOURCE = "listenbrainz"
OURS = "Earshot"  # the client that our own export names
SPOTIFY = "https://open.spotify.com/track/"
MOST_SAID = 200_000  # likes that are read: all are held until their words are known
NOTHING_SAID = Left(Outcome.SKIPPED, "NOTHING_SAID")  # a like that was taken back
UNKNOWN_RECORDING = Left(Outcome.SKIPPED, "UNKNOWN_RECORDING")  # a like of what no listen names

_listens = re.compile(r'"track_metadata"\s*:')
_moment = re.compile(r'"listened_at"\s*:')
_said = re.compile(r'"score"\s*:\s*-?[01]\b')
_recording = re.compile(r'"recording_m[sb]id"\s*:')


def is_listens(head: str) -> bool:
    return head[:1] in "[{" and bool(_listens.search(head) and _moment.search(head))


def is_feedback(head: str) -> bool:
    return head[:1] in "[{" and not is_listens(head) and bool(_said.search(head) and _recording.search(head))


def recognizes(head: str) -> bool:
    return is_listens(head) or is_feedback(head)


def read(parts: list[Part]) -> Rows:
    """The listens, and then what was said: by then their words are known."""
    listens: list[Part] = []
    feedback: list[Part] = []
    for part in parts:
        (listens if is_listens(part.head()) else feedback).append(part)
    words = ((place, _word(row)) for part in feedback for place, row in _rows(part))
    said = list(islice(words, MOST_SAID))
    said += ((place, TOO_LARGE) for place, _word_more in islice(words, 1))
    names: dict[str, ListedTrack | None] = {}
    for _place, word in said:
        if isinstance(word, _Word):
            names |= dict.fromkeys(word.ids)
    for part in listens:
        for place, row in _rows(part):
            play = listen_read(row)
            if names and isinstance(play, IncomingPlay):
                _note(names, row, play)
            yield place, play
    for place, word in said:
        yield place, word.said(names) if isinstance(word, _Word) else word


def _rows(part: Part) -> Iterator[tuple[Place, Any]]:
    whole = elements(part) if part.head().startswith("[") else lines(part)
    for number, row in enumerate(whole, start=1):
        yield Place(part.number, number), row


# --- listens --------------------------------------------------------------------------------


def listen_read(row: Any) -> What:
    """One listen, as the API and the export tell it."""
    if not isinstance(row, dict):
        return row if isinstance(row, Left) else NOT_A_ROW
    told = as_dict(row.get("track_metadata"))
    info, mapped = as_dict(told.get("additional_info")), as_dict(told.get("mbid_mapping"))
    if not told.get("track_name"):
        return NO_NAME
    ours = info.get("submission_client") == OURS
    artists = [as_dict(artist) for artist in as_list(mapped.get("artists"))]
    return IncomingPlay(
        source=source_or(info.get("source"), SOURCE) if ours else SOURCE,
        source_id=source_id_or_none(info.get("source_id")) if ours else None,
        listened_at=_listened_at(row, info, ours=ours),
        ms_played=info.get("ms_played") if ours else times(info.get("duration_played"), 1000),
        title=told.get("track_name"),
        artist=told.get("artist_name"),
        artists=[artist.get("artist_credit_name") for artist in artists] or info.get("artist_names") or None,
        artist_mbids=[artist.get("artist_mbid") for artist in artists] or info.get("artist_mbids") or None,
        album=told.get("release_name"),
        mbid=info.get("recording_mbid") or mapped.get("recording_mbid"),
        isrc=info.get("isrc"),
        uri=_uri(info.get("spotify_id") or (info.get("origin_url") if ours else None)),
        duration_ms=info.get("duration_ms") or times(info.get("duration"), 1000),
    )


def _listened_at(row: dict[str, Any], info: dict[str, Any], *, ours: bool) -> Any:
    """To the second; our own export also tells the moment itself."""
    exact = info.get("listened_at")
    return moment_of(exact) if ours and isinstance(exact, str) else row.get("listened_at")


def _uri(link: Any) -> Any:
    if isinstance(link, str) and link.startswith(SPOTIFY):
        return f"spotify:track:{link.removeprefix(SPOTIFY)}"
    return link


# --- what was said --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Word:
    liked: bool
    mbid: str
    msid: str
    at: datetime | None
    track: ListedTrack | None  # where the row names it itself

    @property
    def ids(self) -> list[str]:
        return [key for key in (self.msid, self.mbid) if key]

    def said(self, names: dict[str, ListedTrack | None]) -> What:
        track = next(filter(None, (names.get(key) for key in self.ids)), self.track)
        if track is None:
            return UNKNOWN_RECORDING
        return Said(liked=self.liked, track=track, at=self.at)


def _word(row: Any) -> _Word | Left:
    if not isinstance(row, dict):
        return row if isinstance(row, Left) else NOT_A_ROW
    score, created = row.get("score"), row.get("created")
    if score == 0 or (score is None and "kind" in row):  # of an artist, which only our own export tells
        return NOTHING_SAID
    mbid, msid = row.get("recording_mbid") or "", row.get("recording_msid") or ""
    if score not in (1, -1) or not isinstance(mbid, str) or not isinstance(msid, str):
        return NOT_A_ROW
    at = datetime.fromtimestamp(created, UTC) if type(created) is int and 0 < created < 1e11 else None
    told = as_dict(row.get("track_metadata"))
    track = ListedTrack(
        title=told.get("track_name"),
        artist=told.get("artist_name"),
        album=told.get("release_name"),
        mbid=mbid,
    )
    return _Word(score == 1, mbid, msid, at, track if told.get("track_name") else None)


def _note(names: dict[str, ListedTrack | None], row: dict[str, Any], play: IncomingPlay) -> None:
    """Keep the words of what something was said of."""
    told = as_dict(row.get("track_metadata"))
    info, mapped = as_dict(told.get("additional_info")), as_dict(told.get("mbid_mapping"))
    ids = (
        told.get("recording_msid"), row.get("recording_msid"), info.get("recording_msid"),
        info.get("recording_mbid"), mapped.get("recording_mbid"),
    )  # fmt: skip
    for key in ids:
        if isinstance(key, str) and key in names:
            names[key] = ListedTrack(
                title=play.title, artist=play.artist, album=play.album, mbid=play.mbid,
                isrc=play.isrc, duration_ms=play.duration_ms,
            )  # fmt: skip
