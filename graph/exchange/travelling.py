"""Which names travel with what leaves, and where each stands in the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from graph.arrays import Mask, Rows, ShortRows
from graph.elsewhere.names import Named, artist_keys, track_keys

NONE: Rows = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Names:
    """The names of a document, and for each row here its place there; -1 where it does not travel."""

    named: Named
    artists: Rows
    tracks: Rows
    tags: Rows
    kept: Mapping[str, Rows]  # by kind, the rows that do, ascending

    def items(self, kind: str) -> ShortRows:
        """Places of the kept rows of this kind."""
        return (self.artists if kind == "ARTIST" else self.tracks)[self.kept[kind]].astype(np.int32)


def travelling(
    ours: Named,
    *,
    leaving: Mapping[str, Rows],
    listeners: Mapping[str, ShortRows],
    words: Mask,
    makers: Mask | None = None,
) -> Names:
    """The names of what is ``leaving`` (by kind), and of who made it. Of several that are called the same elsewhere, the one of most listeners.

    ``makers`` [artists]: who may be spoken of; tracks of others stay.
    """
    keys, owner = list(artist_keys(ours)), np.asarray(ours.track_artist, dtype=np.int64)
    artists = _once(leaving.get("ARTIST", NONE), keys, listeners.get("ARTIST"))
    tracks = leaving.get("TRACK", NONE)
    if makers is not None:
        tracks = tracks[makers[owner[tracks]]]
    made_by = _once(np.concatenate([artists, np.setdiff1d(owner[tracks], artists)]), keys, None)
    tracks = tracks[np.isin(owner[tracks], made_by)]
    if len(tracks):
        tracks = _once(tracks, list(track_keys(ours)), listeners.get("TRACK"))
    there, tags = np.sort(made_by), np.flatnonzero(words)
    place = _placed(len(ours.artists), there)
    named = Named(
        artists=_of(ours.artists, there), artist_mbids=_of(ours.artist_mbids, there), titles=_of(ours.titles, tracks),
        track_mbids=_of(ours.track_mbids, tracks), track_isrcs=_of(ours.track_isrcs, tracks), track_artist=place[owner[tracks]],
        tags=_of(ours.tags, tags),
    )  # fmt: skip
    kept = {"ARTIST": np.sort(artists), "TRACK": tracks}
    return Names(named, place, _placed(len(ours.titles), tracks), _placed(len(words), tags), kept)


def _of(names: Sequence[str], rows: Rows) -> list[str]:
    return [names[row] for row in rows.tolist()]


def _once(rows: Rows, keys: Sequence[str], listeners: ShortRows | None) -> Rows:
    """Those of ``rows`` that are the first of what they are called, in their order; the most listened to first where that is told."""
    if listeners is not None:
        rows = rows[np.argsort(-listeners[rows].astype(np.int64), kind="stable")]
    first: dict[str, int] = {}
    for row in rows.tolist():
        first.setdefault(keys[row], row)
    chosen = np.array(list(first.values()), dtype=np.int64)
    return chosen if listeners is None else np.sort(chosen)


def _placed(size: int, kept: Rows) -> Rows:
    place = np.full(size, -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    return place
