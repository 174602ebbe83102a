"""What a person's own libraries hold, as arrays: where each track is heard, and what its server calls it.

Read once for each state of the person's accounts and kept for some people; a number in each account tells whether it is
still so. Nobody else's library enters.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from django.conf import settings
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from accounts.compiled_query import PERSON, CompiledQuery
from accounts.conditions import Viewer, active_user
from accounts.models import User
from discovery.platform.errors import NotFound
from discovery.platform.secrets import sealed, unsealed
from graph.arrays import Ids, Rows
from graph.models import LibraryAccount, LibrarySong
from graph.serving.places import positions

KEPT = 32  # people whose holdings are remembered
CHUNK = 10_000
# How much each kind of word says of what a track is like: who made it, what it is called, how it feels, when it was made, how fast it is.
ARTIST, GENRE, MOOD, DECADE, TEMPO = 1.0, 0.8, 0.5, 0.3, 0.2

_ADDRESS = "library song"
_SONG = np.dtype(
    [
        ("track", np.int64),
        ("song", np.int64),
        ("account", np.int64),
        ("artist", np.int64),
        ("year", np.int64),
        ("bpm", np.int64),
    ]
)


class Held(NamedTuple):
    """One song of a viewer's."""

    song: int
    library: str  # what the person reads of where it is
    has_cover: bool


@dataclass(frozen=True, eq=False)
class Holdings:
    """What one person can play, a row a track [S]."""

    tracks: Ids  # [S] ascending
    artists: Ids  # [S] who made each
    songs: Ids  # [S] one song of each, with a picture where there is one
    accounts: Ids  # [S] in which account that is
    tempos: Ids  # [S] beats a minute, 0 where nobody tells
    covered: Rows  # [C] rows with a picture of their own
    features: sp.csr_matrix  # [S, F] unit rows: artist, genre, moods, decade, tempo
    columns: dict[int, int]  # of artists in these
    names: dict[int, str]  # of accounts

    def __len__(self) -> int:
        return len(self.tracks)

    def song_of(self, track: int) -> Held | None:
        """Where the person hears a track; None where nowhere."""
        row = int(positions(self.tracks, np.array([track]))[0])
        if row < 0:
            return None
        return Held(int(self.songs[row]), self.names[int(self.accounts[row])], row in self._with_cover)

    def tempo_of(self, track: int) -> int | None:
        """Beats a minute, as the person's library tells; None where it does not."""
        row = int(positions(self.tracks, np.array([track]))[0])
        return (int(self.tempos[row]) or None) if row >= 0 else None

    def cover_of_artist(self, artist: int) -> int | None:
        """A song of theirs with a picture; None where there is none."""
        return self._first_covers.get(artist)

    @cached_property
    def unit(self) -> float:
        """What one ordinary play of something held weighs, so that what it adds to all that is held has deviation one."""
        rng = np.random.default_rng(len(self))
        some, others = (rng.choice(len(self), min(size, len(self)), replace=False) for size in (300, 3_000))
        spread = float((self.features[some] @ self.features[others].T).toarray().std()) if len(self) else 0.0
        return 1 / spread if spread else 1.0

    @cached_property
    def _with_cover(self) -> frozenset[int]:
        return frozenset(self.covered.tolist())

    @cached_property
    def _first_covers(self) -> dict[int, int]:
        rows = self.covered[::-1]
        return dict(zip(self.artists[rows].tolist(), self.songs[rows].tolist(), strict=True))


NOTHING = Holdings(
    tracks=np.zeros(0, np.int64), artists=np.zeros(0, np.int64), songs=np.zeros(0, np.int64),
    accounts=np.zeros(0, np.int64), tempos=np.zeros(0, np.int64), covered=np.zeros(0, np.int64), features=sp.csr_matrix((0, 0)), columns={}, names={},
)  # fmt: skip

_State = tuple[tuple[int, int], ...]
_kept: OrderedDict[_State, Holdings] = OrderedDict()
_lock = Lock()


def holdings(viewer: Viewer) -> Holdings:
    """What ``viewer`` can play at this moment. One query, where it is as it was."""
    somebody = active_user(viewer)
    if somebody is None:
        return NOTHING
    accounts = _ACCOUNTS.rows(somebody)
    if not accounts:
        return NOTHING
    state = tuple((key, version) for key, version, _name in accounts)
    with _lock:
        if (held := _kept.get(state)) is not None:
            _kept.move_to_end(state)
            return held
    held = _read({key: name for key, _version, name in accounts})
    with _lock:
        _kept[state] = held
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return held


_ACCOUNTS = CompiledQuery(
    lambda user, _now: (
        LibraryAccount.objects.filter(user=user).order_by("pk").values_list("pk", "version", "name")
    ),
    PERSON,
)


def _read(names: dict[int, str]) -> Holdings:
    """Of several songs of one track, the first with a picture, or the first."""
    rows = LibrarySong.objects.filter(account__in=names).order_by("track_id", "pk")
    asked = rows.values_list(
        "track_id", "pk", "account_id", "track__artist_id", "year", "bpm", "cover", "genre", "moods"
    )
    songs, covers, words = [], [], []
    for track, key, account, artist, year, bpm, cover, genre, moods in asked.iterator(CHUNK):
        songs.append((track, key, account, artist, year or 0, bpm or 0))
        covers.append(bool(cover))
        words.append((genre.casefold(), [mood.casefold() for mood in moods]))
    told = np.array(songs, dtype=_SONG)
    has_cover = np.array(covers, dtype=bool)
    tracks, first = np.unique(told["track"], return_index=True)
    better = np.lexsort((~has_cover, told["track"]))  # stable: the earliest song of what is equal
    chosen = better[first] if len(first) else first
    features, columns = _features(told[first], [words[row] for row in first])
    return Holdings(
        tracks=tracks, artists=told["artist"][chosen], songs=told["song"][chosen], accounts=told["account"][chosen], tempos=told["bpm"][chosen],
        covered=np.flatnonzero(has_cover[chosen]), features=features, columns=columns, names=names,
    )  # fmt: skip


def _features(
    songs: NDArray[Any], words: list[tuple[str, list[str]]]
) -> tuple[sp.csr_matrix, dict[int, int]]:
    """Who made each, what its server calls it (genre, moods), its decade and its tempo [S, F], rows of length one; and the
    columns of artists.
    """
    size = len(songs)
    columns: dict[tuple[str, int | str], int] = {}
    rows, places, weights = [], [], []
    for row, (song, (genre, moods)) in enumerate(zip(songs, words, strict=True)):
        said: list[tuple[tuple[str, int | str], float]] = [(("artist", int(song["artist"])), ARTIST)]
        said += [(("genre", genre), GENRE)] if genre else []
        said += [(("mood", mood), MOOD) for mood in dict.fromkeys(moods)]
        said += [(("tempo", int(song["bpm"]) // 20), TEMPO)] if song["bpm"] else []
        said += [(("decade", int(song["year"]) // 10), DECADE)] if song["year"] else []
        length = sum(weight**2 for _name, weight in said) ** 0.5
        for name, weight in said:
            rows.append(row)
            places.append(columns.setdefault(name, len(columns)))
            weights.append(weight / length)
    matrix = sp.csr_matrix((weights, (rows, places)), shape=(size, len(columns)), dtype=np.float32)
    return matrix, {int(what): column for (kind, what), column in columns.items() if kind == "artist"}


# --- addresses -------------------------------------------------------------------------------


def song_word(viewer: User, song: int) -> str:
    """What stands in the address of a song, for one person: no secret, and of no use to anybody else."""
    return sealed([viewer.pk, song], purpose=_ADDRESS, key=settings.SIGNING_KEY)


def song_named(viewer: Viewer, word: str) -> LibrarySong:
    """The song behind a word, with its account. Raises NotFound for whatever is not this viewer's."""
    somebody = active_user(viewer)
    refusal = NotFound(_("There is no such song."))
    try:
        person, key = unsealed(word, purpose=_ADDRESS, key=settings.SIGNING_KEY)
    except (ValueError, TypeError):
        raise refusal from None
    if somebody is None or person != somebody.pk:
        raise refusal
    song = LibrarySong.objects.filter(pk=key, user=somebody).select_related("account").first()
    if song is None:
        raise refusal
    return song
