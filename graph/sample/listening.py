"""What the sample's listeners play, skip and like."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.random import Generator

from accounts.intake import observable, observed_keep, restoring
from graph.arrays import Doubles, Rows
from graph.models import Feedback, FeedbackKind, Listen
from graph.sample.catalog import NICHES, Catalog

DAYS = 90
SOURCE = "sample"
ARTISTS_EACH = (8, 22)  # how many artists a listener plays
TRACKS_EACH = (1, 9)  # of each of them
PLAYS_MEDIAN = 90
SIGNATURE_TRACKS, SIGNATURE_PLAYS = 10, 20  # what a demo login alone brings to a friend

Plays = dict[int, int]  # row of a track → how often


@dataclass(frozen=True)
class Taste:
    """Where a listener is at home, and what they like besides."""

    home: int  # niche
    second: int  # niche


def taste_draw(rng: Generator, catalog: Catalog) -> Taste:
    niches = int(catalog.niche.max()) + 1
    return Taste(home=int(rng.integers(niches)), second=int(rng.integers(niches)))


def plays_draw(rng: Generator, taste: Taste, catalog: Catalog) -> Plays:
    """Some artists by taste, some tracks of each, and a long tail of how often."""
    artists = rng.choice(
        catalog.niche.size,
        size=int(rng.integers(*ARTISTS_EACH)),
        replace=False,
        p=_affinity(taste, catalog),
    )
    weights: dict[int, float] = {}
    for artist in artists:
        own = np.flatnonzero(catalog.track_artist == artist)
        hits = 1 / np.arange(1, own.size + 1)  # the first ones are everybody's favorites
        chosen = rng.choice(
            own, size=min(own.size, int(rng.integers(*TRACKS_EACH))), replace=False, p=hits / hits.sum()
        )
        love = rng.lognormal(sigma=0.8)
        weights |= {int(track): love * rng.lognormal(sigma=0.6) for track in chosen}
    share = np.array(list(weights.values()))
    total = 20 + int(rng.lognormal(np.log(PLAYS_MEDIAN), 0.5))
    times = rng.multinomial(total, share / share.sum())
    return {track: int(count) for track, count in zip(weights, times, strict=True) if count}


def _affinity(taste: Taste, catalog: Catalog) -> Doubles:
    """[ARTISTS] how likely this taste is to take up each artist; sums to 1."""
    fit = np.full(catalog.niche.size, 0.05)
    fit[catalog.scene == taste.home // NICHES] = 0.6
    fit[catalog.niche == taste.second] = 2.5
    fit[catalog.niche == taste.home] = 6.0
    weight: Doubles = fit * catalog.popularity
    share: Doubles = weight / weight.sum()
    return share


def signature(taste: Taste, catalog: Catalog, known: Plays) -> Plays:
    """The best liked tracks of the home niche that are not ``known``, played a lot."""
    appeal = catalog.popularity[catalog.track_artist] / (1 + _rank_within_artist(catalog))
    home = np.flatnonzero(catalog.niche[catalog.track_artist] == taste.home)
    best = [int(track) for track in home[np.argsort(-appeal[home])] if int(track) not in known]
    return dict.fromkeys(best[:SIGNATURE_TRACKS], SIGNATURE_PLAYS)


def _rank_within_artist(catalog: Catalog) -> Rows:
    """[TRACKS] 0 for the first track of each artist; tracks are sorted by artist."""
    starts = np.searchsorted(catalog.track_artist, catalog.track_artist)
    rank: Rows = np.arange(catalog.track_artist.size) - starts
    return rank


def listens_create(
    *,
    rng: Generator,
    catalog: Catalog,
    user_ids: Sequence[int],
    tastes: Sequence[Taste],
    plays: Mapping[int, Plays],
    now: datetime,
) -> int:
    """Store timed plays over the ``DAYS`` before ``now``; ``plays`` is keyed by position in ``user_ids``."""
    rows = [
        listen
        for person, tracks in plays.items()
        for listen in _listens(rng, catalog, user_ids[person], tastes[person], tracks, now)
    ]
    observed_keep(rows, people=observable(user_ids))
    return len(rows)


def _listens(
    rng: Generator, catalog: Catalog, user_id: int, taste: Taste, tracks: Plays, now: datetime
) -> Iterator[Listen]:
    rows = rng.permutation(np.repeat(np.fromiter(tracks, dtype=np.int64), list(tracks.values())))
    durations = catalog.duration_ms[rows]
    at_home = np.isin(catalog.niche[catalog.track_artist[rows]], [taste.home, taste.second])
    skipped = rng.random(rows.size) < np.where(at_home, 0.04, 0.3)
    heard = np.where(
        skipped, rng.integers(1_000, 20_000, size=rows.size), durations * rng.uniform(0.8, 1, size=rows.size)
    )
    ages = np.sort(rng.uniform(600, DAYS * 86_400, size=rows.size))[::-1]  # seconds before now
    for number, (row, ms, age) in enumerate(zip(rows, heard, ages, strict=True)):
        yield Listen(
            user_id=user_id,
            track_id=int(catalog.track_ids[row]),
            listened_at=now - timedelta(seconds=float(age)),
            ms_played=int(ms),
            source=SOURCE,
            source_id=f"{SOURCE}-{number}",
        )


def feedback_create(
    *,
    rng: Generator,
    catalog: Catalog,
    user_ids: Sequence[int],
    plays: Mapping[int, Plays],
    now: datetime,
) -> int:
    """Some listeners like what they play most, and dislike something from far away."""
    rows: list[Feedback] = []
    for person, tracks in plays.items():
        favorites = sorted(tracks, key=lambda track: -tracks[track])[:3]
        if rng.random() < 0.5:
            rows += [
                _said(user_ids[person], FeedbackKind.LIKE, now, track_id=int(catalog.track_ids[track]))
                for track in favorites
            ]
        artist = catalog.track_artist[favorites[0]]
        if rng.random() < 0.3:
            rows.append(
                _said(user_ids[person], FeedbackKind.LIKE, now, artist_id=int(catalog.artist_ids[artist]))
            )
        stranger = int(rng.integers(catalog.track_ids.size))
        if stranger not in tracks and rng.random() < 0.2:
            track = int(catalog.track_ids[stranger])
            rows.append(_said(user_ids[person], FeedbackKind.DISLIKE, now, track_id=track))
    with restoring():
        Feedback.objects.bulk_create(rows, batch_size=5000)
    return len(rows)


def _said(user_id: int, kind: FeedbackKind, at: datetime, **item: int) -> Feedback:
    return Feedback(user_id=user_id, kind=kind, given_at=at, **item)
