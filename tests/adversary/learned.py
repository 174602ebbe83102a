"""A town that a model is learned from, and what somebody asks of that model who is nobody there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

import numpy as np
from django.db import connection
from django.utils import timezone

from accounts.models import Consent, ConsentState, PersonalizationLevel, Purpose, User
from discovery.platform.graphql.node import global_id
from graph import snapshot
from graph.ml.coarse import Steps
from graph.ml.config import BlendConfig, ItemItemConfig, NetworkConfig, RecommenderConfig
from graph.ml.export import write_artifact
from graph.ml.train import fit
from graph.models import Artist, Listen, ModelVersion, Standing, Track
from graph.services.standing import standing_refresh
from graph.services.tags import tags_refresh
from graph.serving import storage
from graph.training.communities import communities_refresh
from graph.training.drawn import drawn, drawn_seed
from graph.training.run import _steps_before
from tests import factories

QUICK = RecommenderConfig(
    memory=ItemItemConfig(dims=24), network=NetworkConfig(dims=16, epochs=1), blend=BlendConfig(learned=False)
)
GENRES = 6


def learn(config: RecommenderConfig = QUICK) -> ModelVersion:
    """What a training does, in this process and without its measurements; the model is served from now on."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # what a server does by itself, after so many new rows
    taken = snapshot.take()
    learned = drawn(taken)
    before: dict[str, Steps] = _steps_before()
    fitted = fit(learned, replace(config, seed=drawn_seed(taken)), before=before)
    communities_refresh(learned)
    tags_refresh()
    standing_refresh()
    ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).update(state=ModelVersion.State.RETIRED)
    version = ModelVersion(
        pk=uuid.uuid4(), state=ModelVersion.State.ACTIVE, data_hash=taken.content_hash,
        ledger_position=taken.ledger_position, config={}, metrics={"data": {"users": len(taken.users)}},
        activated_at=timezone.now(),
    )  # fmt: skip
    directory = storage.artifact_directory(version.pk)
    directory.mkdir(parents=True)
    write_artifact(fitted, directory, {})
    version.manifest_hash = storage.manifest_hash(directory)
    version.save(force_insert=True)
    return version


def townspeople(count: int) -> list[User]:
    """So many who agree to everything, in few statements."""
    first = User.objects.count()
    people = User.objects.bulk_create(
        User(username=f"towner{first + number}", level=PersonalizationLevel.SOCIAL) for number in range(count)
    )
    now = timezone.now()
    Consent.objects.bulk_create(
        Consent(
            user=person, purpose=purpose, state=ConsentState.GRANTED, policy_version="test", changed_at=now
        )
        for person in people
        for purpose in factories.EVERYTHING
    )
    return people


def songs(name: str, count: int) -> list[Track]:
    """So many tracks, each of an artist of its own, that the catalog brought."""
    artists = Artist.objects.bulk_create(
        Artist(name=f"Singer of {name} {number}", standing=Standing.CATALOG) for number in range(count)
    )
    return Track.objects.bulk_create(
        Track(title=f"{name} {number}", artist=artist, duration_ms=200_000, standing=Standing.CATALOG)
        for number, artist in enumerate(artists)
    )


@dataclass
class Town:
    """``people`` of whom each is at home in one of `GENRES` genres, and what they play: [people, artists] of plays."""

    people: list[User]
    tracks: list[Track]
    plays: np.ndarray

    @classmethod
    def founded(cls, people: int, artists: int, *, each: int = 12, seed: int = 7) -> Town:
        random = np.random.default_rng(seed)
        tracks, listeners = songs("Song", artists), townspeople(people)
        plays = np.zeros((people, artists), int)
        genre = np.arange(artists) % GENRES
        for person in range(people):
            weight = np.where(genre == person % GENRES, 6.0, 1.0) / (1 + np.arange(artists) // GENRES) ** 0.5
            chosen = random.choice(artists, size=min(each, artists), replace=False, p=weight / weight.sum())
            plays[person, chosen] = random.integers(1, 9, size=len(chosen))
        town = cls(listeners, tracks, plays)
        rows = np.argwhere(plays)
        town.record(
            (listeners[person], tracks[artist], int(plays[person, artist])) for person, artist in rows
        )
        return town

    @staticmethod
    def record(plays) -> None:
        Listen.objects.bulk_create(
            Listen(
                user=user, track=track, listened_at=factories.NOON, ms_played=200_000, source="town",
                source_id=f"{user.pk} {track.pk} {number}",
            )
            for user, track, times in plays
            for number in range(times)
        )  # fmt: skip

    @property
    def artists(self) -> list[str]:
        """Ids of the API, one a song."""
        return [global_id("Artist", track.artist_id) for track in self.tracks]

    @property
    def songs(self) -> list[str]:
        return [global_id("Track", track.pk) for track in self.tracks]


def withdrawn(user: User) -> None:
    factories.revoke(user, Purpose.CONTRIBUTE)
