"""One play as it is stored, out of what a door handed over: what cannot be is refused, what need not be is left out.

A missing or impossible title, artist, source or moment costs the play, and that play alone. Everything else that is
no good is dropped and named, or mended where it is clear what was meant. Pure: no database.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from discovery.platform.errors import InvalidInput
from discovery.platform.names import NAME_LENGTH, digest, name_clean, name_key
from graph.ingest.credits import Credited, credit, title_key
from graph.ingest.incoming import Dropped, IncomingPlay
from graph.ingest.sources import source_clean, source_id_clean, text
from graph.models.catalog import URI_LENGTH

LONGEST_MS = 86_400_000  # a day: of a recording, and of a play
MOST_ARTISTS = 20  # of one credit
# When scrobbling began; what claims to be older comes from a broken clock.
EARLIEST = datetime(2002, 10, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(minutes=5)  # a client's clock may run ahead a little

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UUID_WITHIN = re.compile(r"(?<![0-9a-z-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z-])")
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_SPOTIFY = re.compile(
    r"(?:https?://open\.spotify\.com/(?:intl-[a-z]+/)?track/|spotify:track:)([0-9A-Za-z]{22})\b"
)
_URI = re.compile(r"[a-z][a-z0-9+.-]{1,30}:[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """A recording as a source tells of it: cleaned, nothing of it a person's."""

    title: str
    artist: str  # the whole credit
    credit: tuple[Credited, ...]
    album: str = ""
    mbid: str = ""
    isrc: str = ""
    uri: str = ""
    duration_ms: int | None = None

    @property
    def digest(self) -> str:
        """Of all that is told."""
        artists = (part for artist in self.credit for part in (artist.name, artist.mbid))
        return digest(
            self.title,
            self.artist,
            self.album,
            self.mbid,
            self.isrc,
            self.uri,
            f"{self.duration_ms}",
            *artists,
        )

    @property
    def name(self) -> str:
        """Digest of what the recording is called: first artist and title."""
        return digest(name_key(self.credit[0].name), title_key(self.title))


@dataclass(frozen=True, kw_only=True, slots=True)
class CleanPlay:
    """One play that can be stored."""

    source: str
    source_id: str
    listened_at: datetime
    ms_played: int | None
    told: int | Words  # a track of ours, or words for one
    dropped: tuple[Dropped, ...]


def clean(play: IncomingPlay, now: datetime) -> CleanPlay:
    """The play as it is stored. Raises InvalidInput with a code, naming the field."""
    parts = _Parts()
    moment = moment_read(play.listened_at, now)
    told = play.track if play.track is not None else parts.words(play)
    return CleanPlay(
        source=source_clean(play.source),
        source_id=source_id_clean(play.source_id) or _made(moment, told),
        listened_at=moment,
        ms_played=parts.number(play.ms_played, "msPlayed", least=0),
        told=told,
        dropped=tuple(parts.dropped),
    )


def words_clean(play: IncomingPlay) -> Words:
    """What a play is told to be of, apart from the play. Raises InvalidInput."""
    return _Parts().words(play)


def moment_read(value: Any, now: datetime) -> datetime:
    """A moment out of a datetime, ISO 8601 or seconds since 1970. Raises InvalidInput (INVALID_TIME)."""
    moment = _moment(value)
    if moment is None:
        raise InvalidInput(_("This is no moment."), field="listenedAt", code="INVALID_TIME")
    if moment > now + CLOCK_SKEW:
        raise InvalidInput(_("This time lies in the future."), field="listenedAt", code="INVALID_TIME")
    if moment < EARLIEST:
        raise InvalidInput(
            _("This time lies before %(day)s.") % {"day": EARLIEST.date()},
            field="listenedAt",
            code="INVALID_TIME",
        )
    return moment


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        value = value.strip()
        if not value.isdecimal():
            try:
                value = parse_datetime(value)
            except ValueError:  # well formed, and no such day
                return None
        elif len(value) <= 20:
            value = int(value)
    if isinstance(value, datetime):
        try:
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        except OverflowError:
            return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return None


def _made(moment: datetime, told: int | Words) -> str:
    """Where a source has no name for a play: of moment and words, so that a play told twice is known again."""
    return f"~{digest(moment.isoformat(), str(told) if isinstance(told, int) else told.name)}"


@dataclass(slots=True)
class _Parts:
    """The parts of a play that may be left out; ``dropped`` says which were."""

    dropped: list[Dropped] = field(default_factory=list)

    def words(self, play: IncomingPlay) -> Words:
        title = name_clean(text(play.title, "track.title"), field="track.title")
        names = self._names(play.artists)
        if play.artist is None and names:
            whole = name_clean(_joined(names), field="track.artist")
        else:
            whole = name_clean(text(play.artist, "track.artist"), field="track.artist")
        mbids = [self.mbid(mbid, "track.artistMbids") for mbid in _listed(play.artist_mbids)[:MOST_ARTISTS]]
        return Words(
            title=title,
            artist=whole,
            credit=credit(whole, names, mbids, title=title),
            album=self._name(play.album, "track.album"),
            mbid=self.mbid(play.mbid, "track.mbid"),
            isrc=self._isrc(play.isrc),
            uri=self._uri(play.uri),
            duration_ms=self.number(play.duration_ms, "track.durationMs", least=1),
        )

    def number(self, value: Any, name: str, *, least: int) -> int | None:
        """Milliseconds up to a day."""
        if value is None or value == "":
            return None
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                value = math.nan
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= LONGEST_MS:
            return int(value)
        self._drop(name, "INVALID_DURATION")
        return None

    def mbid(self, value: Any, name: str) -> str:
        """A MusicBrainz id; out of the address of its page too."""
        if not value:
            return ""
        lower = value.strip().lower() if isinstance(value, str) else ""
        if _UUID.fullmatch(lower):
            return lower
        if found := _UUID_WITHIN.search(lower):
            self._drop(name, "MENDED")
            return found[0]
        self._drop(name, "INVALID_MBID")
        return ""

    def _isrc(self, value: Any) -> str:
        if not value:
            return ""
        if isinstance(value, list) and value:  # some sources list them
            value = value[0]
        isrc = re.sub(r"[\s-]", "", value).upper().removeprefix("ISRC") if isinstance(value, str) else ""
        if _ISRC.fullmatch(isrc):
            return isrc
        self._drop("track.isrc", "INVALID_ISRC")
        return ""

    def _uri(self, value: Any) -> str:
        if not value:
            return ""
        address = value.strip() if isinstance(value, str) else ""
        if found := _SPOTIFY.search(address):
            return f"spotify:track:{found[1]}"
        if len(address) <= URI_LENGTH and _URI.fullmatch(address):
            return address
        self._drop("track.uri", "INVALID_URI")
        return ""

    def _name(self, value: Any, name: str) -> str:
        if value is None or value == "":
            return ""
        try:
            return name_clean(text(value, name), field=name, required=False)
        except InvalidInput as refusal:
            self._drop(name, refusal.specific_code)
            return ""

    def _names(self, value: Any) -> list[str]:
        names = [self._name(name, "track.artists") for name in _listed(value)[:MOST_ARTISTS]]
        return names if all(names) else [name for name in names if name]

    def _drop(self, name: str, code: str) -> None:
        self.dropped.append(Dropped(name, code))


def _joined(names: Sequence[str]) -> str:
    """A credit out of its artists; of very long ones as many as it holds."""
    while len(whole := ", ".join(names)) > NAME_LENGTH and len(names) > 1:
        names = names[:-1]
    return whole


def _listed(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [value]
    return list(value) if isinstance(value, Iterable) and not isinstance(value, dict) else []
