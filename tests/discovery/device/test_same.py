"""The device ranks as the server does: the same items in the same order for the same reasons, in both languages.

Here in node, of a small world with everything that is evidence in it; `tests/soak/device_same.py` counts it in a real Chromium.
"""

import base64
import random
from dataclasses import dataclass

import numpy as np
import pytest

from discovery.device.bundle import bundle_now, opened
from graph.models import ArtistPlayCount, FeedbackKind, ItemKind, ModelVersion, Standing
from graph.services.exclusions import taste_exclusion_set
from graph.services.feedback import feedback_give
from graph.serving import active_model
from graph.serving.channels import Channel, ChannelRule, Source
from graph.serving.index import ItemIndex
from tests import factories
from tests.api.client import App
from tests.discovery.device.beside import node
from tests.soak.device_same import ASKED, asked_of, differences

pytestmark = pytest.mark.django_db

LISTENERS, TRACKS, ARTISTS, DIM = 10, 90, 30, 24


@dataclass
class Views:
    """An artifact of two given views."""

    views: dict[str, ItemIndex]
    pair_score = None

    def index(self, kind):
        return self.views.get(kind)


def index_of(rng, keys, artists, *, closed=()):
    size = len(keys)
    codes = rng.integers(-127, 128, (size, DIM)).astype(np.int8)
    codes[1::3] = codes[0::3][
        : len(codes[1::3])
    ]  # every third is as the one before: only the key tells them apart
    scale = (rng.random((size, 2)) / 100).astype(np.float32)
    scale[1::3] = scale[0::3][: len(scale[1::3])]
    rules = {
        Channel.OWN: (1.0, True, 5.6, 0.5, 0.0, 1.5), Channel.NEGATIVE: (-1.0, False, 5.6, 0.5, 0.5, 1.5),
    }  # fmt: skip
    of_artists = rng.integers(-127, 128, (len(artists), DIM)).astype(np.int8)
    return ItemIndex(
        {
            "ids": np.array(keys), "prior": (rng.integers(0, 4, size) / 8).astype(np.float32),
            "step": rng.integers(-1, 4, size).astype(np.int8), "open": ~np.isin(np.array(keys), list(closed)),
            "codes": codes, "key_scale": scale, "query_scale": scale,
            "tag_ids": np.zeros(0, np.int64), "tag_keys": np.zeros((0, DIM), np.float32),
            "artist_ids": np.array(artists, np.int64), "artist_keys": of_artists,
            "artist_scale": np.full((len(artists), 2), 0.01, np.float32),
        },
        [Source(name="memory", start=0, stop=16), Source(name="network", start=16, stop=DIM)],
        {
            channel: ChannelRule(
                **dict(zip(("gain", "logarithmic", "unit", "count_power", "identity", "power"), rules.get(channel, rules[Channel.OWN]), strict=True)),
                weights=(1.0, 0.8),
            )
            for channel in Channel
        },
    )  # fmt: skip


@pytest.fixture
def world(monkeypatch):
    """Listeners who did everything that is evidence at level OWN, and a model that knows it; and what few may see."""
    chance, rng = random.Random(7), np.random.default_rng(7)  # noqa: S311
    artists = [factories.artist(f"Artist {n}", standing=Standing.CATALOG) for n in range(ARTISTS)]
    tracks = [
        factories.track(f"Track {n}", by=artists[n % ARTISTS], standing=Standing.CATALOG)
        for n in range(TRACKS)
    ]
    people = []
    for number in range(LISTENERS):
        person = factories.sharer(f"listener{number}")
        for track in chance.sample(tracks, 12):
            factories.listens(person, track, chance.choice([1, 2, 9]))
        for track in chance.sample(tracks, 4):
            factories.listens(person, track, ms_played=2_000)
        for kind in FeedbackKind:
            for thing in (chance.choice(tracks), chance.choice(artists)):
                feedback_give(user=person, item=thing, kind=kind)
        for artist in chance.sample(artists, 3):
            ArtistPlayCount.objects.create(
                user=person, artist=artist, count=chance.randrange(1, 500), source="lastfm"
            )
        if number % 2:
            taste_exclusion_set(user=person, thing=chance.choice(tracks), excluded=True)
            taste_exclusion_set(user=person, thing=chance.choice(artists), excluded=True)
        people.append(person)
    own = factories.track("Only hers", by=artists[0], standing=Standing.LISTENERS)
    factories.listens(people[0], own)
    few = factories.artist("Her cousin's band", standing=Standing.LISTENERS)
    ArtistPlayCount.objects.create(user=people[0], artist=few, count=200, source="lastfm")
    keys = sorted(artist.pk for artist in [*artists, few])
    views = {
        "TRACK": index_of(rng, sorted(track.pk for track in [*tracks, own]), keys, closed=[own.pk]),
        "ARTIST": index_of(rng, keys, [], closed=[few.pk]),
    }
    version = ModelVersion(
        state=ModelVersion.State.ACTIVE, data_hash="", ledger_position=0, config={}, metrics={}
    )
    served = active_model.ServedModel(version, Views(views))
    monkeypatch.setattr(active_model, "active", lambda: served)
    return people, own


def ranked(app, histories, folder, client, language):
    """What a device makes of each history: lists by kind."""
    parts = {name: base64.b64encode(opened(part)).decode() for name, part in bundle_now().pack.parts.items()}
    document = app.client.get("/device/bundle", headers=app.headers).json()
    words = client.get("/words.js", headers={"Accept-Language": language}).content.decode()
    return node(
        folder, "ranked.mjs",
        {"document": document, "parts": parts, "words": words, "listeners": histories, "count": 60},
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "de"])
def test_order_scores_and_reasons_are_the_servers(world, tmp_path, client, language):
    people, own = world
    apps = [App(person, **{"Accept-Language": language}) for person in people]
    histories = [app.client.get("/device/own", headers=app.headers).json()["kinds"] for app in apps]
    extras = [extra["name"] for extra in histories[0]["TRACK"]["extras"]]
    assert extras == [f"Only hers ({own.artist.name})", "Her cousin's band"], (
        "what only she may see is in her history"
    )
    assert not any(
        b"Only hers" in opened(part) or b"cousin" in opened(part) for part in bundle_now().pack.parts.values()
    )
    found = ranked(apps[0], histories, tmp_path, client, language)
    reasons = 0
    for app, lists in zip(apps, found, strict=True):
        for kind in ItemKind:
            server = asked_of(app.ask(ASKED, kind=kind.value, first=60))
            assert server, "there is something to compare"
            reasons += sum(len(item["reasons"]) for item in server)
            assert differences(server, lists[kind.value], within=1e-9) == []
    assert reasons > 100


def test_vectors_taken_along_say_nothing_to_another_model(world, tmp_path, client):
    people, _own = world
    app = App(people[0])
    kinds = app.client.get("/device/own", headers=app.headers).json()["kinds"]
    lists = ranked(
        app,
        [
            {kind: {**told, "extras": extras(told["extras"])} for kind, told in kinds.items()}
            for extras in (
                list,
                lambda some: [{**one, "model": "another"} for one in some],
                lambda _some: [],
            )
        ],
        tmp_path, client, "en",
    )  # fmt: skip
    assert lists[1] == lists[2] != lists[0]
