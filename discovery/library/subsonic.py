"""A client of servers that speak (Open)Subsonic: Navidrome, gonic, supysonic and others.

Answers are read as JSON, up to a size. What a server refuses, and what goes wrong on the way, is a coded refusal; none of
them, and no log, tells an address with its parameters, for these sign in.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self

import httpx
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from discovery.library.guarded import CLEAR, NEEDS_TLS, NOT_ALLOWED, guarded_client
from discovery.platform.errors import Conflict, NotAllowed, NotFound, Refusal

VERSION, CLIENT = "1.16.1", "earshot"
LARGEST_ANSWER = 16 << 20  # bytes
LONGEST_ANSWER = 45.0  # seconds; less than a claim on a reading lasts (TRAINING_LEASE_SECONDS)
PAGE = 500  # songs, or albums, of one answer
MOST_IN_ADDRESS = 100  # songs named in one request
MOST_MOODS = 10  # of one song

WRONG_PASSWORD, UNREACHABLE, NO_SERVER = "LIBRARY_WRONG_PASSWORD", "LIBRARY_UNREACHABLE", "LIBRARY_NO_SERVER"
NO_SIGN_IN, NOT_PERMITTED, MISSING = "LIBRARY_NO_SIGN_IN", "LIBRARY_NOT_PERMITTED", "LIBRARY_NOT_FOUND"
FAILED, TOO_LARGE, INCOMPATIBLE = "LIBRARY_FAILED", "LIBRARY_TOO_LARGE", "LIBRARY_INCOMPATIBLE"

# By code: what is said of it, to whoever asks now and of an account that failed before.
WORDS: Mapping[str, Promise] = {
    WRONG_PASSWORD: _("The music server does not know this name with this password."),
    UNREACHABLE: _("The music server does not answer."),
    NO_SERVER: _("What answers there is no music server."),
    NO_SIGN_IN: _("The music server takes none of the ways in which this could sign in."),
    NOT_PERMITTED: _("The music server does not let this account do that."),
    MISSING: _("The music server does not have that any more."),
    FAILED: _("The music server failed."),
    TOO_LARGE: _("The music server answers with more than is read."),
    INCOMPATIBLE: _("The music server speaks another version of the protocol."),
    NOT_ALLOWED: _("This installation may not ask this server."),
    NEEDS_TLS: _("This server wants the password itself, and has no encryption."),
    "GIVEN_UP": _("Reading it failed several times."),
}

# What the protocol numbers errors by.
_MISSING_PARAMETER, _NO_TOKENS, _NO_SUCH_WAY = 10, 41, 42
_CODES = {
    20: INCOMPATIBLE, 30: INCOMPATIBLE, 40: WRONG_PASSWORD, _NO_TOKENS: NO_SIGN_IN, _NO_SUCH_WAY: NO_SIGN_IN,
    43: NO_SIGN_IN, 44: WRONG_PASSWORD, 50: NOT_PERMITTED, 70: MISSING,
}  # fmt: skip
_KINDS: Mapping[str, type[Refusal]] = {
    WRONG_PASSWORD: NotAllowed,
    NOT_PERMITTED: NotAllowed,
    MISSING: NotFound,
}

Json = dict[str, Any]


@dataclass(frozen=True)
class Server:
    """Where a person's account is. ``clear``: it is signed in to with the password itself, as it takes no token."""

    url: str
    username: str
    password: str = field(repr=False)
    clear: bool = False


@dataclass(frozen=True)
class SongTold:
    """One song as a server tells it, unchecked but for its id."""

    id: str
    title: Any
    artist: Any
    artists: list[Any]
    album: Any
    mbid: Any
    isrc: Any
    duration: Any  # seconds
    genre: str
    moods: list[str]
    bpm: int | None
    year: int | None
    cover: str


class Refused(Exception):
    """What the protocol's own number of an error says."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def refusal(code: str) -> Refusal:
    """The refusal with this code, in words."""
    return _KINDS.get(code, Conflict)(str(WORDS[code]), code=code)


class Subsonic:
    """One server; use as a context, or its connections stay open."""

    def __init__(self, server: Server, client: httpx.Client | None = None) -> None:
        self.server, self._client = server, client or guarded_client()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    # -- what is asked ------------------------------------------------------------------------------

    def sign_in(self) -> tuple[Server, str]:
        """The server with the way in which it is signed in to, and what it calls itself. Raises Refusal."""
        try:
            answer = self._asked("ping")
        except Refused as told:
            if self.server.clear or told.number not in {_MISSING_PARAMETER, _NO_TOKENS, _NO_SUCH_WAY}:
                raise refusal_of(told) from None
            self.server = replace(self.server, clear=True)
            return self.sign_in()
        kind = answer.get("type")
        return self.server, kind if isinstance(kind, str) else ""

    def songs(self, offset: int) -> list[SongTold]:
        """A page of all songs there are, from this place on; none behind the last. Raises Refusal."""
        answer = self.ask("search3", query="", artistCount=0, albumCount=0, songCount=PAGE, songOffset=offset)
        return _songs(_part(answer, "searchResult3"))

    def songs_by_album(self) -> Iterator[list[SongTold]]:
        """All songs, of a server that finds nothing where nothing is asked for. Raises Refusal."""
        offset = 0
        while albums := self._albums(offset):
            for key in albums:
                yield _songs(_part(self.ask("getAlbum", id=key), "album"))
            offset += len(albums)

    def _albums(self, offset: int) -> list[str]:
        answer = self.ask("getAlbumList2", type="alphabeticalByName", size=PAGE, offset=offset)
        albums = _rows(_part(answer, "albumList2"), "album")
        return [key for album in albums if (key := _word(album.get("id")))]

    def playlists(self) -> dict[str, str]:
        """The names of the account's own playlists, by their ids. Raises Refusal."""
        rows = _rows(_part(self.ask("getPlaylists"), "playlists"), "playlist")
        own = [row for row in rows if row.get("owner") in (None, self.server.username)]
        return {key: _word(row.get("name")) for row in own if (key := _word(row.get("id")))}

    def playlist_put(self, *, name: str, songs: list[str], key: str | None) -> None:
        """Make a playlist of these songs, or make the one of this ``key`` anew. Raises Refusal."""
        first, rest = songs[:MOST_IN_ADDRESS], songs[MOST_IN_ADDRESS:]
        there = {"playlistId": key} if key else {}
        before = set() if key else self.playlists().keys()
        answer = self.ask("createPlaylist", **there, name=name, songId=first)
        if not rest:
            return
        key = key or _word(_part(answer, "playlist").get("id")) or self._made(name, before)
        for begin in range(0, len(rest), MOST_IN_ADDRESS):
            self.ask("updatePlaylist", playlistId=key, songIdToAdd=rest[begin : begin + MOST_IN_ADDRESS])

    def _made(self, name: str, before: Any) -> str:
        """Of a server that does not say what it made."""
        fresh = [key for key, called in self.playlists().items() if called == name and key not in before]
        if not fresh:
            raise refusal(FAILED)
        return fresh[0]

    @contextmanager
    def opened(self, method: str, *, headers: Mapping[str, str], **values: Any) -> Iterator[httpx.Response]:
        """The answer to a request for sound or a picture, not read yet. Raises Refusal."""
        try:
            with self._client.stream(
                "GET", self._address(method), params=self._signed(values), headers=dict(headers),
                extensions=self._extensions(),
            ) as response:  # fmt: skip
                yield response
        except (httpx.HTTPError, httpx.InvalidURL):
            raise refusal(UNREACHABLE) from None

    def ask(self, method: str, **values: Any) -> Json:
        """The answer of one method. Raises Refusal."""
        try:
            return self._asked(method, **values)
        except Refused as told:
            raise refusal_of(told) from None

    # -- on the wire --------------------------------------------------------------------------------

    def _asked(self, method: str, **values: Any) -> Json:
        with self.opened(method, headers={"Accept": "application/json"}, **values) as response:
            if response.is_redirect or response.status_code in {404, 405}:
                raise refusal(NO_SERVER)
            body = _bounded(response)
        return told_in(body)

    def _address(self, method: str) -> str:
        return f"{self.server.url}/rest/{method}.view"

    def _extensions(self) -> dict[str, Any]:
        return {CLEAR: True} if self.server.clear else {}

    def _signed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        told = {"u": self.server.username, "v": VERSION, "c": CLIENT, "f": "json", **values}
        if self.server.clear:
            return {**told, "p": f"enc:{self.server.password.encode().hex()}"}
        salt = secrets.token_hex(8)
        token = hashlib.md5(f"{self.server.password}{salt}".encode(), usedforsecurity=False).hexdigest()
        return {**told, "t": token, "s": salt}


def told_in(body: bytes) -> Json:
    """What an answer says. Raises Refused, and Refusal for what is no answer of this protocol."""
    try:
        answer = json.loads(body)["subsonic-response"]
        status = answer["status"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise refusal(NO_SERVER) from None
    if status != "ok":
        error = answer.get("error")
        number = error.get("code") if isinstance(error, dict) else None
        raise Refused(number if isinstance(number, int) else 0)
    return dict(answer)


def _bounded(response: httpx.Response) -> bytes:
    body, until = bytearray(), time.monotonic() + LONGEST_ANSWER
    for chunk in response.iter_bytes():
        if time.monotonic() > until:
            raise refusal(UNREACHABLE)
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise refusal(TOO_LARGE)
    return bytes(body)


def refusal_of(told: Refused) -> Refusal:
    return refusal(_CODES.get(told.number, FAILED))


def _part(answer: Json, name: str) -> Json:
    part = answer.get(name)
    return part if isinstance(part, dict) else {}


def _rows(part: Json, name: str) -> list[Json]:
    rows = part.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _songs(part: Json) -> list[SongTold]:
    return [
        _song(row, key) for row in _rows(part, "song") if (key := _word(row.get("id"))) and _is_music(row)
    ]


def _is_music(row: Json) -> bool:
    return not row.get("isDir") and not row.get("isVideo") and row.get("type", "music") == "music"


def _song(row: Json, key: str) -> SongTold:
    genres = [_word(each.get("name")) for each in _rows(row, "genres")]
    year, bpm = row.get("year"), row.get("bpm")
    moods = row.get("moods") if isinstance(row.get("moods"), list) else []
    return SongTold(
        id=key, title=row.get("title"), artist=row.get("displayArtist") or row.get("artist"),
        artists=[each.get("name") for each in _rows(row, "artists")], album=row.get("album"),
        mbid=row.get("musicBrainzId"), isrc=row.get("isrc"), duration=row.get("duration"),
        genre=_word(row.get("genre")) or next(filter(None, genres), ""),
        moods=[word for each in (moods or [])[:MOST_MOODS] if (word := _word(each))],
        bpm=bpm if isinstance(bpm, int) and 20 <= bpm <= 400 else None,
        year=year if isinstance(year, int) and 1000 <= year <= 9999 else None, cover=_word(row.get("coverArt")),
    )  # fmt: skip


def _word(value: Any) -> str:
    """A short word of a server's, as it is; anything else is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and len(value) <= 200 and value.isprintable() else ""
