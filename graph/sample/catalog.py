"""The sample's artists and tracks, with genres, moods and a line each."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from accounts.intake import restoring
from graph.arrays import Doubles, Ids, Ints, Rows
from graph.models import Artist, Standing, Tag, Tagging, Track, item_column
from graph.sample.sounds import PREFIX as TUNE_PREFIX
from graph.sample.vocabulary import SCENES, artist_names, track_line, track_titles

ARTISTS, TRACKS = 120, 1500
NICHES = 3  # in each scene


@dataclass(frozen=True)
class Catalog:
    """What was stored, and where it stands among the tastes."""

    artist_ids: Ids  # [ARTISTS]
    scene: Rows  # [ARTISTS] row of SCENES
    niche: Rows  # [ARTISTS] scene * NICHES + niche within the scene
    popularity: Doubles  # [ARTISTS] sums to 1
    track_ids: Ids  # [TRACKS]
    track_artist: Rows  # [TRACKS] rows of artist_ids
    duration_ms: Ints  # [TRACKS]


def catalog_create(*, rng: Generator) -> Catalog:
    """Store the catalog. Artists of a niche share a genre; niches of a scene share its moods."""
    niche = np.arange(ARTISTS) % (len(SCENES) * NICHES)
    scene = niche // NICHES
    artists = Artist.objects.bulk_create(
        Artist(external_id=f"sample-artist-{row}", name=name, standing=Standing.CATALOG)
        for row, name in enumerate(artist_names(rng, ARTISTS))
    )
    track_artist = np.sort(np.concatenate([np.arange(ARTISTS), rng.integers(ARTISTS, size=TRACKS - ARTISTS)]))
    # 40 to 60 seconds: as long as its tune, and long enough to be heard (`graph.models.listening.HEARD_MS`).
    durations = 40_000 + (rng.integers(120_000, 360_000, size=TRACKS) - 120_000) // 12
    moods = [str(rng.choice(SCENES[scene[row]]["moods"])) for row in track_artist]
    tracks = Track.objects.bulk_create(
        Track(
            external_id=f"{TUNE_PREFIX}{row}",
            standing=Standing.CATALOG,
            artist=artists[track_artist[row]],
            title=title,
            duration_ms=int(durations[row]),
            description=track_line(rng, scene=int(scene[track_artist[row]]), mood=moods[row]),
        )
        for row, title in enumerate(track_titles(rng, TRACKS))
    )
    genres = [SCENES[scene[row]]["genres"][niche[row] % NICHES] for row in range(ARTISTS)]
    _tag(
        ((artist, genre) for artist, genre in zip(artists, genres, strict=True)),
        ((track, genres[track_artist[row]]) for row, track in enumerate(tracks)),
        zip(tracks, moods, strict=True),
    )
    popularity = (1 + rng.permutation(ARTISTS)) ** -0.6
    return Catalog(
        artist_ids=np.array([artist.pk for artist in artists]),
        scene=scene,
        niche=niche,
        popularity=popularity / popularity.sum(),
        track_ids=np.array([track.pk for track in tracks]),
        track_artist=track_artist,
        duration_ms=durations,
    )


def _tag(*said: Iterable[tuple[Artist | Track, str]]) -> None:
    """The catalog's own tags; one that is there already keeps its kind."""
    kinds = {genre: Tag.Kind.GENRE for scene in SCENES for genre in scene["genres"]}
    kinds |= {mood: Tag.Kind.MOOD for scene in SCENES for mood in scene["moods"]}
    Tag.objects.bulk_create(
        [Tag(name=name, kind=kind, standing=Standing.CATALOG) for name, kind in kinds.items()],
        ignore_conflicts=True,
    )
    tags = dict(Tag.objects.filter(name__in=kinds).values_list("name", "pk"))
    with restoring():  # nobody's tags: the catalog's own
        Tagging.objects.bulk_create(
            Tagging(**item_column(item), tag_id=tags[name]) for pairs in said for item, name in pairs
        )
