"""Music that a document names, brought into the catalog as the operator's own: what plays brought of it is taken over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Q

from discovery.platform.names import name_key
from graph.elsewhere.names import Named
from graph.ingest.artists import artists_arrived
from graph.ingest.catalog import tracks_arrived, tracks_of_artists_settle
from graph.ingest.credits import is_placeholder
from graph.models import Artist, Standing, Tag, Track

BATCH = 1_000


@transaction.atomic
def names_bring(named: Named) -> dict[str, int]:
    """Add what is missing; how many artists, tracks and words that were. What the catalog says already stays as it is."""
    artists, new_artists = _artists(named)
    return {"artists": new_artists, "tracks": _tracks(named, artists), "words": _words(named.tags)}


def _artists(named: Named) -> tuple[list[int], int]:
    """The operator's row of each artist."""
    keys: list[int] = []
    added = 0
    for names, mbids in zip(_batches(named.artists), _batches(named.artist_mbids), strict=True):
        known = _Known(
            Artist.objects.filter(identity=None), keys={name_key(name) for name in names}, mbids=mbids
        )
        rows = [known.find(name_key(name), mbid) for name, mbid in zip(names, mbids, strict=True)]
        fresh = [
            Artist(
                name=name,
                mbid=mbid,
                standing=Standing.CATALOG,
                placeholder=is_placeholder(name_key(name), mbid),
            )
            for name, mbid, row in zip(names, mbids, rows, strict=True)
            if row is None
        ]
        made = iter(Artist.objects.bulk_create(fresh))
        rows = [row if row is not None else next(made) for row in rows]
        if fresh:
            artists_arrived(fresh)
            tracks_of_artists_settle([artist.pk for artist in fresh])
        keys += [row.pk for row in rows if row is not None]
        added += len(fresh)
    return keys, added


def _tracks(named: Named, artists: Sequence[int]) -> int:
    added = 0
    owner = [artists[row] for row in np.asarray(named.track_artist).tolist()]
    columns = zip(
        *(_batches(column) for column in (named.titles, named.track_mbids, named.track_isrcs, owner)),
        strict=True,
    )
    for titles, mbids, isrcs, owners in columns:
        rows = Track.objects.filter(identity=None)
        by_mbid = {track.mbid: track for track in rows.filter(mbid__in=set(mbids) - {""})}
        by_isrc = {track.isrc: track for track in rows.filter(isrc__in=set(isrcs) - {""})}
        by_name = {
            (track.artist_id, track.key): track
            for track in rows.filter(artist__in=set(owners), key__in={name_key(title) for title in titles})
        }
        fresh = []
        for title, mbid, isrc, artist in zip(titles, mbids, isrcs, owners, strict=True):
            named_so = by_name.get((artist, name_key(title)))
            there = by_mbid.get(mbid) or by_isrc.get(isrc)
            if there is None and (named_so is None or (mbid and named_so.mbid)):
                fresh.append(
                    Track(title=title, mbid=mbid, isrc=isrc, artist_id=artist, standing=Standing.CATALOG)
                )
        Track.objects.bulk_create(fresh)
        added += len(fresh)
        if fresh:
            tracks_arrived(
                list(Track.objects.filter(pk__in=[track.pk for track in fresh]).select_related("artist"))
            )
    return added


def _words(words: Sequence[str]) -> int:
    added = 0
    for batch in _batches(words):
        known = Tag.objects.filter(name__in=batch)
        known.filter(standing__lt=Standing.CATALOG).update(standing=Standing.CATALOG)
        missing = sorted(set(batch) - set(known.values_list("name", flat=True)))
        Tag.objects.bulk_create(Tag(name=name, standing=Standing.CATALOG) for name in missing)
        added += len(missing)
    return added


class _Known:
    """Rows of the operator's by identifier, else by name where nothing contradicts."""

    def __init__(self, rows: Any, *, keys: set[str], mbids: Sequence[str]) -> None:
        found = list(rows.filter(Q(key__in=keys) | Q(mbid__in=set(mbids) - {""})).order_by("-pk"))
        self._by_mbid = {row.mbid: row for row in found if row.mbid}
        self._by_key = {row.key: row for row in found}

    def find(self, key: str, mbid: str) -> Any:
        """None where there is none."""
        if mbid and mbid in self._by_mbid:
            return self._by_mbid[mbid]
        named = self._by_key.get(key)
        return None if named is not None and mbid and named.mbid else named


def _batches(values: Sequence[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(values), BATCH):
        yield list(values[start : start + BATCH])
