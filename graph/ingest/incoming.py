"""One play as a door read it, whatever the door; and what became of it.

A door hands over what was sent, unchecked: a value of the wrong shape is the ingest's to refuse or to leave out, so
that every door treats it alike. It does not guess: what a protocol does not say stays empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class IncomingPlay:
    """One play as somebody tells it. What may be anything is checked by `clean`; None and "" say nothing.

    A play that a player threw away after a moment is a play with a short ``ms_played``.
    """

    source: str  # who tells it: "spotify", "listenbrainz:kitchen"; letters' case does not tell two apart
    source_id: Any = None  # the source's own name of the play; where it has none, made of moment and words
    listened_at: Any  # start of the play: a datetime, ISO 8601, or seconds since 1970
    ms_played: Any = None
    track: int | None = None  # a track of ours by its key; else it is named by what follows
    title: Any = None
    artist: Any = None  # the whole credit, as sent
    artists: Any = None  # the same one by one, where the source tells them so …
    artist_mbids: Any = None  # … and their MusicBrainz ids, in this order
    album: Any = None
    mbid: Any = None  # MusicBrainz recording id
    isrc: Any = None
    uri: Any = None  # a service's name of the recording: "spotify:track:…"
    duration_ms: Any = None  # of the recording


class Outcome(StrEnum):
    """What became of one play."""

    STORED = "STORED"
    DUPLICATE = "DUPLICATE"  # told before in the same words
    CORRECTED = "CORRECTED"  # told before by the same source and id, in other words
    SKIPPED = "SKIPPED"  # understood, and rightly not kept: private, deleted before
    REFUSED = "REFUSED"  # not to be understood


@dataclass(frozen=True, slots=True)
class Dropped:
    """A part of a play that was left out, or mended, and why."""

    field: str
    code: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the play at ``index`` of those handed over. ``code`` and ``message``: why it was not stored."""

    index: int
    outcome: Outcome
    code: str = ""
    message: str = ""
    field: str | None = None
    dropped: Sequence[Dropped] = ()
    listen_id: int | None = None  # of what is stored
