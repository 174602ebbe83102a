"""What is known of tracks, for a plan: who made them, how long, when, how fast; as arrays in the order of their keys.

Enters: keys of tracks that were ranked for a viewer. Leaves: `Facts`. Of the viewer's own libraries only where their own may count.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

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


def facts_of(viewer: User, ids: Ids, *, library: bool) -> Facts:
    """Of these tracks; those that are gone meanwhile have artist 0. Two queries, or one without a ``library``."""
    keys = ids.tolist()
    rows = Track.objects.filter(pk__in=keys).values_list(
        "pk", "artist_id", "duration_ms", "tags", "artist__tags"
    )
    of = {key: (artist, length, (*tags, *by)) for key, artist, length, tags, by in rows}
    years: dict[int, int] = {}
    tempo: dict[int, int] = {}
    lengths: dict[int, int] = {}
    if library:
        songs = LibrarySong.objects.filter(user=viewer, track__in=keys).order_by("-pk")
        for key, year, bpm, length in songs.values_list("track_id", "year", "bpm", "duration_ms"):
            years.update({key: year} if year else {})
            tempo.update({key: bpm} if bpm else {})
            lengths.update({key: length} if length else {})
    nothing = (0, None, ())
    told = [of.get(key, nothing) for key in keys]
    return Facts(
        ids=ids,
        artists=np.array([artist for artist, _length, _tags in told], dtype=np.int64),
        seconds=np.array(
            [(length or lengths.get(key) or np.nan) / 1000 for key, (_artist, length, _tags) in zip(keys, told, strict=True)],
            dtype=np.float64,
        ),
        tempo=np.array([tempo.get(key, np.nan) for key in keys], dtype=np.float64),
        words=[frozenset(name_key(tag) for tag in tags) for _artist, _length, tags in told],
        years=[_years(years.get(key), tags) for key, (_artist, _length, tags) in zip(keys, told, strict=True)],
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
