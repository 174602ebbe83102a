"""What the device keeps: a pack that is damaged heals, what cannot be kept is told, and what is done to one kind is evidence for the other."""

import base64

import numpy as np
import pytest

from discovery.device.bundle import bundle_now, opened
from discovery.platform.graphql.node import global_id
from graph.models import ModelVersion
from graph.serving import active_model
from tests import factories
from tests.api.client import App
from tests.discovery.device.beside import HERE, node
from tests.discovery.device.test_same import Views
from tests.discovery.small_index import small_index


@pytest.fixture
def pack(monkeypatch):
    """Three artists and six tracks, of whom the first three are by the first: the pack, and ids."""
    artists = [factories.artist(f"Artist {n}") for n in range(3)]
    tracks = [factories.track(f"Track {n}", by=artists[0 if n < 3 else 1 + n % 2]) for n in range(6)]
    views = {
        kind: small_index(np.eye(len(rows)), ids=[row.pk for row in rows], prior=[0.01] * len(rows))
        for kind, rows in (("ARTIST", artists), ("TRACK", tracks))
    }
    version = ModelVersion(
        state=ModelVersion.State.ACTIVE, data_hash="", ledger_position=0, config={}, metrics={}
    )
    served = active_model.ServedModel(version, Views(views))
    monkeypatch.setattr(active_model, "active", lambda: served)
    ada = App(factories.sharer("ada"))
    return {
        "document": ada.client.get("/device/bundle", headers=ada.headers).json(),
        "parts": {
            name: base64.b64encode(opened(part)).decode() for name, part in bundle_now().pack.parts.items()
        },
        "tracks": [global_id("Track", track.pk) for track in tracks],
        "artist": global_id("Artist", artists[0].pk),
    }


@pytest.mark.django_db
def test_what_is_damaged_or_lost_is_fetched_again_and_what_is_no_answer_is_told(pack, tmp_path):
    told = node(tmp_path, "healed.mjs", pack, store=HERE / "memory.js")
    every = len(pack["parts"])
    assert told["first"] == {"held": 6, "parts": every}
    assert told["again"] == {"held": 6, "parts": 0}
    assert told["damagedHere"]["code"] == "BUNDLE_DAMAGED"
    assert told["healed"] == told["lost"] == {"held": 6, "parts": 1}, "that one part alone"
    assert told["damagedOnTheWay"] == {"held": 6, "parts": every + 1}, (
        "past what the browser keeps of answers"
    )
    assert told["damagedForGood"]["code"] == "BUNDLE_DAMAGED"
    assert (told["busy"]["code"], told["busy"]["message"]) == ("BUSY", "Too many.")
    assert {told[name]["code"] for name in ("proxy", "hotel", "gone")} == {"NO_ANSWER"}
    assert told["late"]["code"] == told["early"]["code"] == "CLOCK_WRONG", (
        "fetched this moment, and not of today"
    )


def test_a_browser_that_keeps_nothing_is_told_of(tmp_path):
    assert node(tmp_path, "unkept.mjs", {}) == {
        "thrown": "STORAGE_DENIED", "refused": "STORAGE_DENIED", "full": "STORAGE_FULL",
        "fullLater": "STORAGE_FULL", "withoutAWord": "STORAGE_DENIED", "closed": "STORAGE_DENIED",
        "lost": ["WORKER_LOST", "WORKER_LOST"], "workers": 2,
    }  # fmt: skip


@pytest.mark.django_db
def test_what_is_done_to_a_track_is_of_its_artist_and_what_is_said_of_an_artist_of_their_tracks(
    pack, tmp_path
):
    tracks, artist = pack["tracks"], pack["artist"]
    server = {"hidden": tracks[1:3], "excluded": [tracks[2]]}
    told = node(tmp_path, "acts.mjs", pack | {"server": server}, store=HERE / "memory.js")
    own, other = told["played"]["artist"]["plays"]
    assert own == [artist, 1, 0], "one play was before there was a pack"
    assert other[1:] == [0, 1], "a skip is one of the artist, too"
    assert set(told["played"]["found"]) == {*tracks[1:3], *tracks[4:]}
    assert not {*told["hidden"]["found"]} & {*tracks[:3]}, "tracks of who is hidden are not proposed"
    assert told["hidden"]["track"]["saidOfArtists"] == [[artist, "HIDE"]]
    assert {*tracks[1:3]} < {*told["liked"]["found"]}
    assert told["liked"]["track"]["saidOfArtists"] == [[artist, "LIKE"]]
    assert told["unsaid"]["track"]["saidOfArtists"] == told["unsaid"]["track"]["hidden"] == []
    assert told["unsaid"]["artist"]["plays"] == [other]
    assert not {*told["leftOut"]["found"]} & {*tracks[:3]}
    assert {*tracks[1:3]} < {*told["back"]["found"]}
    assert told["words"]["kept"] == [
        {"id": tracks[0], "words": [], "out": False}, {"id": tracks[1], "words": ["HIDE"], "out": False},
        {"id": tracks[3], "words": [], "out": False},
    ]  # fmt: skip
    assert tracks[1] not in told["words"]["found"]
    assert {*tracks[:3]} < {*told["taken back"]["found"]}, "a word can be taken back"
    assert (told["words"]["log"], told["taken back"]["log"]) == (3, 1), "nor is it in the log any more"
