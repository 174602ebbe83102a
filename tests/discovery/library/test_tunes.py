"""The sample's tunes: the same each time, whole or in part, and of the sample's tracks alone."""

import io
import json
import wave

import numpy as np
import pytest

from discovery.platform.graphql.node import global_id
from graph.importers.history import history_import
from graph.models import Standing
from graph.sample import sounds
from tests import factories
from tests.api.client import App
from tests.graph.formats.files import extended

PLAY = "query ($id: ID!) { node(id: $id) { ... on Track { cover play { kind url library } } } }"


@pytest.fixture
def sample(db):
    """A track as the sample community has it."""
    track = factories.track("Slow Lanterns", by=factories.artist("Ovalon Drift"))
    track.external_id, track.tags, track.duration_ms = f"{sounds.PREFIX}7", ["ambient", "still"], 40_000
    track.standing = Standing.CATALOG
    track.save()
    return track


def links(user, track):
    return App(user).data(PLAY, id=global_id("Track", track.pk))["node"]["play"]


def samples(content):
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, sounds.RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def test_a_tune_is_heard_whole_and_in_part(sample, client):
    (link,) = links(factories.listener("ada"), sample)
    assert (link["kind"], link["library"]) == ("SAMPLE", "Sample tune")
    whole = client.get(link["url"])
    assert (whole.status_code, whole["Content-Type"], whole["Accept-Ranges"]) == (200, "audio/wav", "bytes")
    sound = samples(whole.content)
    assert len(sound) == 40 * sounds.RATE
    assert 0.2 < np.abs(sound).max() / 32_768 <= sounds.LOUDEST
    size = len(whole.content)
    for asked, first, last in (("bytes=0-", 0, size - 1), ("bytes=100-199", 100, 199), ("bytes=-50", size - 50, size - 1),
                               (f"bytes=10-{size + 99}", 10, size - 1)):  # fmt: skip
        part = client.get(link["url"], headers={"Range": asked})
        assert (part.status_code, part["Content-Range"]) == (206, f"bytes {first}-{last}/{size}"), asked
        assert part.content == whole.content[first : last + 1]
    beyond = client.get(link["url"], headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{size}")
    for unread in ("bytes=5-2", "bytes=-", "pages=1-2", "bytes=0-1,5-6", f"bytes={'9' * 5_000}-"):
        assert client.get(link["url"], headers={"Range": unread}).status_code == 200
    assert client.get("/tunes/made-up.wav").status_code == 404


def test_each_mood_has_a_tune_of_its_own():
    heard = {
        mood: sounds.tune(3, mood=how, scene=0, seconds=8).tobytes() for mood, how in sounds.MOODS.items()
    }
    assert len(set(heard.values())) == len(heard) == 24
    again = sounds.tune(3, mood=sounds.MOODS["urgent"], scene=0, seconds=8).tobytes()
    assert again == heard["urgent"]
    assert sounds.tune(4, mood=sounds.MOODS["urgent"], scene=0, seconds=8).tobytes() != again


def test_of_the_sample_alone_and_for_nobody_who_is_not_signed_in(sample):
    other = factories.track("Harbor", by=factories.artist("Ada Lark"))
    ada = factories.listener("ada")
    assert links(ada, other) == []
    assert App(None).data(PLAY, id=global_id("Track", sample.pk))["node"]["play"] == []


def test_pages_elsewhere_by_what_the_track_is_known_by(sample):
    sample.isrc, sample.mbid = "USRC17607839", "b1a9c0de-0000-4000-8000-000000000001"
    sample.save()
    tune, *elsewhere = links(factories.listener("ada"), sample)
    assert tune["kind"] == "SAMPLE", "what sounds here comes first"
    assert elsewhere == [
        {"kind": "LINK", "library": "Spotify", "url": "https://open.spotify.com/search/isrc%3AUSRC17607839"},
        {"kind": "LINK", "library": "ListenBrainz", "url": f"https://listenbrainz.org/player/?recording_mbids={sample.mbid}"},
    ]  # fmt: skip


def test_ones_own_import_leads_to_the_recording_itself(db, tmp_path):
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    uri = "spotify:track:6rqhFgbbKwnb9MLmUQDhG6"
    for user, told in ((ada, uri), (ben, None)):
        file = tmp_path / f"{user.username}.json"
        file.write_text(json.dumps([extended(spotify_track_uri=told)]))
        history_import(user=user, path=file)
    asked = "{ viewer { listens(first: 1) { edges { node { track { play { kind url } } } } } } }"

    def heard(user):
        (edge,) = App(user).data(asked)["viewer"]["listens"]["edges"]
        return edge["node"]["track"]["play"]

    assert heard(ada) == [{"kind": "LINK", "url": "https://open.spotify.com/track/6rqhFgbbKwnb9MLmUQDhG6"}]
    assert heard(ben) == []
