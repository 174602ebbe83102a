"""What music is called between installations: MBID, ISRC, and names as they are compared. Local keys mean nothing elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from discovery.platform.errors import InvalidInput
from discovery.platform.names import NAME_LENGTH, TAG_LENGTH, name_clean, name_key
from graph.arrays import Rows
from graph.elsewhere.document import invalid
from graph.packed_names import NO_NAMES, PackedNames

COLUMNS = {
    "artists": ("name", "mbid"),
    "tracks": ("title", "mbid", "isrc"),
    "tags": ("name",),
}
SHOWN = {"name", "title"}  # what people read: it has to be clean
IDS = {
    "mbid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "isrc": re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}"),
}


@dataclass(frozen=True, kw_only=True)
class Named:
    """Artists, their tracks and words, each in an order of its own."""

    artists: PackedNames | Sequence[str]
    artist_mbids: Sequence[str]
    titles: Sequence[str] = NO_NAMES
    track_mbids: Sequence[str] = NO_NAMES
    track_isrcs: Sequence[str] = NO_NAMES
    track_artist: Rows | NDArray[np.integer[Any]]  # [T] rows into ``artists``
    tags: Sequence[str] = NO_NAMES

    def size(self, kind: str) -> int:
        return len(self.artists if kind == "ARTIST" else self.titles)


def names_write(named: Named) -> dict[str, NDArray[Any]]:
    """The arrays of a document that hold the names."""
    columns = {
        "artists.name": named.artists,
        "artists.mbid": named.artist_mbids,
        "tracks.title": named.titles,
        "tracks.mbid": named.track_mbids,
        "tracks.isrc": named.track_isrcs,
        "tags.name": named.tags,
    }
    arrays: dict[str, NDArray[Any]] = {"tracks.artist": np.asarray(named.track_artist, dtype=np.int32)}
    for column, names in columns.items():
        form = IDS.get(column.rpartition(".")[2])
        packed = PackedNames.of(
            names if form is None else [one if form.fullmatch(one) else "" for one in names]
        )
        arrays |= {f"{column}.letters": packed.letters, f"{column}.stops": packed.stops}
    return arrays


def names_read(arrays: Mapping[str, NDArray[Any]]) -> Named:
    """Raises InvalidInput (BUNDLE_INVALID) for names that are none, or that two things share."""
    columns = {
        f"{table}.{column}": list(_unpacked(arrays, f"{table}.{column}", shown=column in SHOWN))
        for table, names in COLUMNS.items()
        for column in names
    }
    artist = arrays.get("tracks.artist", np.zeros(0, np.int32))
    if artist.dtype != np.int32 or artist.ndim != 1:
        raise invalid("it does not tell whose its tracks are")
    named = Named(
        artists=columns["artists.name"], artist_mbids=columns["artists.mbid"], titles=columns["tracks.title"],
        track_mbids=columns["tracks.mbid"], track_isrcs=columns["tracks.isrc"], track_artist=artist, tags=columns["tags.name"],
    )  # fmt: skip
    _ensure_whole(named)
    return named


def _unpacked(arrays: Mapping[str, NDArray[Any]], column: str, *, shown: bool) -> Iterator[str]:
    letters, stops = arrays.get(f"{column}.letters"), arrays.get(f"{column}.stops")
    if letters is None or stops is None or letters.dtype != np.uint8 or stops.dtype != np.int64:
        raise invalid(f"{column} is missing")
    if (
        letters.ndim != 1
        or stops.ndim != 1
        or (np.diff(stops, prepend=0) < 0).any()
        or len(letters) != (stops[-1] if len(stops) else 0)
    ):
        raise invalid(f"{column} does not add up")
    length = TAG_LENGTH if column.startswith("tags") else NAME_LENGTH
    try:
        form = None if shown else IDS[column.rpartition(".")[2]]
        for name in PackedNames(letters=letters, stops=stops):
            if form and name and not form.fullmatch(name):
                raise invalid(f"{column} holds what is no such identifier")
            if shown and name_clean(name, field=column, length=length) != name:
                raise invalid(f"{column} is not written as names are here")
            yield name
    except UnicodeDecodeError as error:
        raise invalid(f"{column} is no text") from error
    except InvalidInput as refusal:
        raise invalid(refusal.message) from refusal


def _ensure_whole(named: Named) -> None:
    if len(named.artists) != len(named.artist_mbids) or not (
        len(named.titles) == len(named.track_mbids) == len(named.track_isrcs) == len(named.track_artist)
    ):
        raise invalid("there are not as many names as things")
    artist = np.asarray(named.track_artist)
    if len(artist) and (artist.min() < 0 or artist.max() >= len(named.artists)):
        raise invalid("it does not tell whose its tracks are")
    for keys in (list(artist_keys(named)), list(track_keys(named)), list(named.tags)):
        if len(set(keys)) < len(keys):
            raise invalid("two things in it are called the same")


def artist_keys(named: Named) -> Iterator[str]:
    """What each artist goes by elsewhere."""
    for name, mbid in zip(named.artists, named.artist_mbids, strict=True):
        yield f"mbid:{mbid}" if mbid else f"name:{name_key(name)}"


def track_keys(named: Named) -> Iterator[str]:
    """What each track goes by elsewhere."""
    artists = list(artist_keys(named))
    for title, mbid, isrc, artist in zip(
        named.titles,
        named.track_mbids,
        named.track_isrcs,
        np.asarray(named.track_artist).tolist(),
        strict=True,
    ):
        yield (
            f"mbid:{mbid}" if mbid else f"isrc:{isrc}" if isrc else f"{artists[artist]}\x1f{name_key(title)}"
        )


# --- finding it here ------------------------------------------------------------------------


def artist_places(theirs: Named, ours: Named) -> Rows:
    """Where each of their artists stands among ours; -1 where we have none of them, and for all but the first of several."""
    by_mbid = _first(ours.artist_mbids)
    by_name = _first([name_key(name) for name in ours.artists])
    places = np.full(len(theirs.artists), -1, dtype=np.int64)
    for row, (name, mbid) in enumerate(zip(theirs.artists, theirs.artist_mbids, strict=True)):
        place = by_mbid.get(mbid, -1) if mbid else -1
        if place < 0:
            named = by_name.get(name_key(name), -1)
            place = named if named >= 0 and not (mbid and ours.artist_mbids[named]) else -1
        places[row] = place
    return _once(places)


def track_places(theirs: Named, ours: Named, artists: Rows) -> Rows:
    """The same of tracks; ``artists``: what `artist_places` said."""
    by_mbid, by_isrc = _first(ours.track_mbids), _first(ours.track_isrcs)
    whose = np.asarray(ours.track_artist).tolist()
    by_name = _first(
        [f"{artist}\x1f{name_key(title)}" for artist, title in zip(whose, ours.titles, strict=True)]
    )
    places = np.full(len(theirs.titles), -1, dtype=np.int64)
    of = artists[np.asarray(theirs.track_artist, dtype=np.int64)].tolist()
    rows = zip(theirs.titles, theirs.track_mbids, theirs.track_isrcs, of, strict=True)
    for row, (title, mbid, isrc, artist) in enumerate(rows):
        place = by_mbid.get(mbid, -1) if mbid else -1
        if place < 0 and isrc:
            place = by_isrc.get(isrc, -1)
        if place < 0 and artist >= 0:
            named = by_name.get(f"{artist}\x1f{name_key(title)}", -1)
            place = named if named >= 0 and not (mbid and ours.track_mbids[named]) else -1
        places[row] = place
    return _once(places)


def tag_places(theirs: Sequence[str], ours: Sequence[str]) -> Rows:
    """Where each word stands among ours; what we do not have stands behind them, in their order."""
    known = _first(ours)
    places, following = np.empty(len(theirs), dtype=np.int64), len(ours)
    for row, word in enumerate(theirs):
        place = known.get(word)
        if place is None:
            place, following = following, following + 1
        places[row] = place
    return places


def _first(names: Sequence[str]) -> dict[str, int]:
    """The first place of each name that is one."""
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        if name:
            places.setdefault(name, place)
    return places


def _once(places: Rows) -> Rows:
    """The same, -1 where an earlier one stands at the place already."""
    _, first = np.unique(places, return_index=True)
    once = np.full_like(places, -1)
    once[first] = places[first]
    return once
