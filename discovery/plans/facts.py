"""What is known of tracks, for a plan: who made them, how long, when, how fast; as arrays in the order of their keys.

Enters: keys of tracks that were ranked for a viewer. Leaves: `Facts`. Of the viewer's own libraries only where their own may count.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import QuerySet

from accounts.compiled_query import KEYS, PERSON, Among, CompiledQuery, Keys
from accounts.models import User
from discovery.plans.plan import Era
from discovery.plans.years import Span, span_of_tag
from discovery.platform.names import name_key
from graph.arrays import Doubles, Ids, Mask
from graph.models import LibrarySong, Track, TrackGuest


@dataclass(frozen=True, eq=False)
class Facts:
    """A row a track [p]."""

    ids: Ids
    artists: Ids
    seconds: Doubles  # nan where nobody knows it
    tempo: Doubles  # beats a minute; nan likewise
    words: list[frozenset[str]]  # keys of the tags of a track and its artist
    years: list[tuple[Span, ...]]  # what is told of when it was made; empty where nothing is


def facts_of(viewer: User, ids: Ids, *, library: bool, words: bool) -> Facts:
    """Of these tracks; those that are gone meanwhile have artist 0. Two queries, or one without a ``library``.

    ``words``: tags too, and so years.
    """
    keys = tuple(ids.tolist())
    of = {
        key: (artist, length, tags)
        for key, artist, length, *tags in (_TAGGED if words else _PLAIN).values(keys)
    }
    years: dict[int, int] = {}
    tempo: dict[int, int] = {}
    lengths: dict[int, int] = {}
    if library:
        for key, year, bpm, length in _SONGS.rows(viewer, keys):
            years.update({key: year} if year else {})
            tempo.update({key: bpm} if bpm else {})
            lengths.update({key: length} if length else {})
    nothing: tuple[int, int | None, list[list[str]]] = (0, None, [])
    told = [of.get(key, nothing) for key in keys]
    tags = [[tag for words_of in parts for tag in words_of] for _artist, _length, parts in told]
    return Facts(
        ids=ids,
        artists=np.array([artist for artist, _length, _parts in told], dtype=np.int64),
        seconds=np.array(
            [(length or lengths.get(key) or np.nan) / 1000 for key, (_artist, length, _parts) in zip(keys, told, strict=True)],
            dtype=np.float64,
        ),
        tempo=np.array([tempo.get(key, np.nan) for key in keys], dtype=np.float64),
        words=[frozenset(name_key(tag) for tag in words_of) for words_of in tags],
        years=[_years(years.get(key), words_of) for key, words_of in zip(keys, tags, strict=True)],
    )  # fmt: skip


def _rows(keys: Keys, *tags: str) -> QuerySet[Track, tuple[Any, ...]]:
    return Track.objects.filter(Among("pk", keys)).values_list("pk", "artist_id", "duration_ms", *tags)


_PLAIN = CompiledQuery(lambda keys, _now: _rows(keys), KEYS)
_TAGGED = CompiledQuery(lambda keys, _now: _rows(keys, "tags", "artist__tags"), KEYS)
_SONGS = CompiledQuery(
    lambda viewer, keys, _now: (
        LibrarySong.objects.filter(Among("track", keys), user=viewer)
        .order_by("-pk")
        .values_list("track_id", "year", "bpm", "duration_ms")
    ),
    PERSON, KEYS,
)  # fmt: skip


def _years(year: int | None, tags: Collection[str]) -> tuple[Span, ...]:
    """A year that a library tells counts alone; else every year or decade among the tags."""
    if year:
        return (Span(year, year),)
    return tuple(span for tag in tags if (span := span_of_tag(name_key(tag))) is not None)


def in_era(facts: Facts, era: Era) -> Mask:
    """Which tracks [p] are of these years, as far as anybody knows: a decade that reaches into them counts."""
    first = era.first if era.first is not None else -np.inf
    last = era.last if era.last is not None else np.inf
    return np.array(
        [any(span.first <= last and span.last >= first for span in spans) for spans in facts.years], dtype=bool
    )  # fmt: skip


def dated(facts: Facts) -> Mask:
    """Of which tracks [p] anything is known of when they were made."""
    return np.array([bool(spans) for spans in facts.years], dtype=bool)


def by_any(facts: Facts, artists: Collection[int]) -> Mask:
    """Which tracks [p] one of these ``artists`` made, or is a guest on. One query, where there are any."""
    if not artists:
        return np.zeros(len(facts.ids), dtype=bool)
    guests = TrackGuest.objects.filter(track__in=facts.ids.tolist(), artist__in=artists)
    with_guests = list(guests.values_list("track_id", flat=True))
    return np.isin(facts.artists, list(artists)) | np.isin(facts.ids, with_guests)


def called_any(facts: Facts, words: Collection[str]) -> Mask:
    """Which tracks [p] carry one of these tags."""
    return np.array([not told.isdisjoint(words) for told in facts.words], dtype=bool)
