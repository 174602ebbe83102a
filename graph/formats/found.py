"""What a file holds, place by place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from graph.ingest.incoming import IncomingPlay, Outcome


class Place(NamedTuple):
    """Where something stands: ``part`` is a file of an archive, from 1; ``row`` one of its rows, from 1, 0 the whole part."""

    part: int
    row: int


@dataclass(frozen=True, slots=True)
class Left:
    """What is not handed on, and why."""

    outcome: Outcome  # SKIPPED or REFUSED
    code: str
    field: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedTrack:
    """One entry of a playlist, unchecked."""

    title: Any
    artist: Any
    album: Any = None
    mbid: Any = None
    isrc: Any = None
    duration_ms: Any = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedPlaylist:
    """A playlist, unchecked."""

    title: Any
    description: Any = None
    tracks: Sequence[ListedTrack] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """That somebody liked a recording, or did not; ``track`` as far as the file names it."""

    liked: bool
    track: ListedTrack
    at: datetime | None = None


What = IncomingPlay | Left | ListedPlaylist | Said
Found = tuple[Place, What]
Rows = Iterator[Found]

NOT_A_ROW = Left(Outcome.REFUSED, "NOT_A_ROW")  # JSON, and not what stands in such a file
BROKEN = Left(Outcome.REFUSED, "BROKEN")  # not to be read at all
TRUNCATED = Left(Outcome.REFUSED, "TRUNCATED")  # the file ends in the middle
TOO_LARGE = Left(Outcome.REFUSED, "TOO_LARGE")
TOO_BROKEN = Left(Outcome.REFUSED, "TOO_BROKEN")  # so much of it that the rest is not read
NO_NAME = Left(Outcome.SKIPPED, "NO_NAME")  # a play of nothing that has a name
PODCAST = Left(Outcome.SKIPPED, "PODCAST")
AUDIOBOOK = Left(Outcome.SKIPPED, "AUDIOBOOK")
INCOGNITO = Left(Outcome.SKIPPED, "INCOGNITO")
NOW_PLAYING = Left(Outcome.SKIPPED, "NOW_PLAYING")  # has no moment yet
NOT_RECOGNIZED = Left(Outcome.SKIPPED, "NOT_RECOGNIZED")  # a part of an archive that is none of the formats
DAMAGED = Left(Outcome.REFUSED, "DAMAGED")  # the rest of a part that cannot be unpacked

MOST_BROKEN = 10_000  # rows of a part; more, and it is no such file
