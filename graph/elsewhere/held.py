"""The documents that are learned from here, and what they say of the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.db.models import QuerySet

from graph.arrays import Ids
from graph.elsewhere.document import MODEL, SUMS, Document, document_read
from graph.elsewhere.laid_over import sums_laid
from graph.elsewhere.names import Named
from graph.elsewhere.sums import Sums
from graph.models import Artist, Bundle, Tag, Track

CHUNK = 10_000
TYPES = {Bundle.Kind.MODEL.value: MODEL, Bundle.Kind.SUMS.value: SUMS}


def bundles_in_use() -> list[Bundle]:
    """The newest model that was imported, and the sums that were joined, in an order that does not depend on when."""
    held = list(Bundle.objects.order_by("signer", "pk"))
    models = sorted((bundle for bundle in held if bundle.kind == Bundle.Kind.MODEL), key=lambda one: one.pk)
    return [*models[-1:], *(bundle for bundle in held if bundle.kind == Bundle.Kind.SUMS)]


def sums_elsewhere(artists: Ids, tracks: Ids, tags: Ids) -> dict[str, Sums]:
    """By kind, what installations elsewhere say of these: whole columns of the catalog, in the order of their keys."""
    documents = [document_of(bundle) for bundle in bundles_in_use()]
    return sums_laid(documents, names_of(artists, tracks, tags)) if documents else {}


def document_of(bundle: Bundle) -> Document:
    """The file as it came. Raises InvalidInput where the database holds something else by now."""
    return document_read(bytes(bundle.body), expected=TYPES[bundle.kind])


def names_of(artists: Ids, tracks: Ids, tags: Ids) -> Named:
    """What these rows of the catalog are called elsewhere; each ascending. Tracks are of these artists."""
    of_artists = {
        key: (name, mbid) for key, name, mbid in _rows(Artist.objects.values_list("pk", "name", "mbid"))
    }
    of_tracks = {
        key: words
        for key, *words in _rows(Track.objects.values_list("pk", "title", "mbid", "isrc", "artist_id"))
    }
    of_tags: dict[int, str] = dict(_rows(Tag.objects.values_list("pk", "name")))
    told = [of_tracks[key] for key in tracks.tolist()]
    owner = np.array([artist for _title, _mbid, _isrc, artist in told], dtype=np.int64)
    return Named(
        artists=[of_artists[key][0] for key in artists.tolist()],
        artist_mbids=[of_artists[key][1] for key in artists.tolist()],
        titles=[title for title, *_ in told],
        track_mbids=[mbid for _, mbid, *_ in told],
        track_isrcs=[isrc for _, _, isrc, _ in told],
        track_artist=np.searchsorted(artists, owner),
        tags=[of_tags[key] for key in tags.tolist()],
    )


def _rows(query: QuerySet[Any, Any]) -> Iterator[Any]:
    return query.order_by().iterator(chunk_size=CHUNK)
