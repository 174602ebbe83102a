"""The device's radio: nobody twice in a row, reasons for each, and a skip counts in the very next one."""

import base64
from itertools import pairwise

import numpy as np
import pytest

from discovery.device.bundle import bundle_now, opened
from discovery.platform.graphql.node import global_id
from graph.models import HEARD, ItemKind, Listen
from tests import factories
from tests.api.client import App
from tests.discovery.device.beside import HERE, node
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db
DURATIONS = (None, 10_000, 40_000, 200_000)
PLAYED = (None, 0, 7_400, 7_500, 10_000, 29_999, 30_000, 49_999, 50_000, 200_000)


@pytest.fixture
def radio(serve, tmp_path):
    """``radio(outcomes, seed)``: two ways of music, three artists; the first track of the first way was played."""
    artists = [factories.artist() for _ in range(3)]
    tracks = [factories.track(f"Track {n}", by=artists[n % 3]) for n in range(12)]
    way = [[1.0, 0.0] if n < 6 else [0.0, 1.0] for n in range(12)]
    vectors = np.array(way) * np.linspace(1, 0.8, 12)[:, None]
    keys = [track.pk for track in tracks]
    serve(ItemKind.TRACK, small_index(vectors, ids=keys, prior=[0.01] * 12))
    ada = App(factories.sharer("ada"))
    document = ada.client.get("/device/bundle", headers=ada.headers).json()
    parts = {name: base64.b64encode(opened(part)).decode() for name, part in bundle_now().pack.parts.items()}
    ids = [global_id("Track", key) for key in keys]

    def radio(outcomes, seed=None, plays=3):
        said = {
            "document": document, "parts": parts, "seed": seed, "outcomes": outcomes,
            "history": {"plays": [[ids[0], plays, 0]]},
            "heardCases": [[played, duration, 30_000] for duration in DURATIONS for played in PLAYED],
        }  # fmt: skip
        return node(tmp_path, "radio.mjs", said, store=HERE / "memory.js")

    radio.ids = ids
    return radio


def test_nobody_plays_twice_in_a_row_and_nothing_comes_again(radio):
    told = radio([False] * 6)
    played = [one for one in told["played"] if one]
    assert len(played) >= 5
    assert all(one["artist"] != after["artist"] for one, after in pairwise(played))
    assert len({one["id"] for one in played}) == len(played)
    assert radio.ids[0] not in {one["id"] for one in played}, "what is known is not proposed"
    for one in played:
        assert one["reasons"], "a reason for each"
        added = sum(reason["contribution"] for reason in one["reasons"]) + one["remainder"]
        assert added == pytest.approx(one["score"])
    assert [line["skipped"] for line in told["log"]] == [False] * 6


def test_a_skip_counts_in_the_very_next_one(radio):
    heard, skipped = radio([False]), radio([True])
    first = heard["played"][0]["id"]
    assert skipped["played"][0]["id"] == first, "both begin alike"
    assert skipped["played"][1]["score"] < heard["played"][1]["score"]
    turned = radio([True] * 4)["played"][4]
    assert turned["id"] in radio.ids[6:], "four skips turn away from that way of music"
    assert [first, 0, 1] in skipped["plays"]


def test_it_begins_from_what_was_chosen(radio):
    told = radio([], seed=radio.ids[11], plays=1)["played"][0]
    assert told["id"] in radio.ids[6:]
    assert told["reasons"][0]["kind"] == "ONBOARDING"
    assert told["reasons"][0]["evidence"] == [radio.ids[11]]


def test_what_is_heard_and_what_is_skipped_is_told_apart_as_by_the_server(radio):
    ada, wanted = factories.listener(), []
    for duration in DURATIONS:
        track = factories.track(duration_ms=duration)
        for played in PLAYED:
            (listen,) = factories.listens(ada, track, ms_played=played)
            wanted.append(Listen.objects.filter(HEARD, pk=listen.pk).exists())
    assert radio([])["heard"] == wanted
    assert set(wanted) == {True, False}
