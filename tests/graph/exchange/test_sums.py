"""Sums of two installations are what one holder of all their rows would have had; taken back, they were never there."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from accounts import policies
from graph.bench.federated import apart, document_of, memory_of_sums, pooled
from graph.elsewhere.laid_over import UNIT, sums_laid
from graph.exchange.contribute import Noise
from graph.ml.data import artist_view
from graph.ml.item_item import length_scale, memory_gram, memory_rows, ridge_of
from tests.graph.exchange.conftest import KEY, OTHER_KEY, called


@pytest.fixture(scope="module")
def halves(traveling_world):
    first = np.arange(len(traveling_world.users)) % 2 == 0
    return [traveling_world.without(~first), traveling_world.without(first)]


@pytest.fixture(scope="module")
def sums(halves):
    return [document_of(half, key) for half, key in zip(halves, (KEY, OTHER_KEY), strict=True)]


def test_added_up_they_are_the_pool(traveling_world, halves, sums, small_config):
    together = memory_of_sums(traveling_world, sums, small_config.memory)
    assert apart(together, pooled(traveling_world, halves, small_config.memory)) < 1e-5
    alone = memory_of_sums(traveling_world, sums[:1], small_config.memory)
    assert np.abs(together.key_scale - alone.key_scale).max() > 1e-2, "the other half says something"


def test_the_order_does_not_show_and_one_taken_back_was_never_there(traveling_world, sums):
    names = called(traveling_world)
    one, other, first = (sums_laid(documents, names)["ARTIST"] for documents in (sums, sums[::-1], sums[:1]))
    for left, right in ((one, other), (first, sums_laid([sums[0]], names)["ARTIST"])):
        assert left.pairs.data.tobytes() == right.pairs.data.tobytes()
        assert left.diagonal.tobytes() == right.diagonal.tobytes()
        assert (left.listeners, left.plays) == (right.listeners, right.plays)
    assert (one.listeners, first.listeners) == (90, 45)


def test_no_sum_is_of_fewer_people_than_promised(halves, sums):
    for half, document in zip(halves, sums, strict=True):
        played = artist_view(half).taught.toarray() > 0
        named = [int(name.split()[1]) for name in map(str, _artists(document))]
        low, high = (document.arrays[f"artist.pair_{end}"] for end in ("low", "high"))
        items = [named[row] for row in document.arrays["artist.items"].tolist()]
        people = [(played[:, items[a]] & played[:, items[b]]).sum() for a, b in zip(low, high, strict=True)]
        assert min(people) >= policies.SMALLEST_AGGREGATE
        enough = played[:, items].T.astype(int) @ played[:, items] >= policies.SMALLEST_AGGREGATE
        assert len(people) == np.triu(enough).sum() < np.triu(np.ones_like(enough)).sum()


def _artists(document):
    from graph.elsewhere.names import names_read

    return names_read(document.arrays).artists


def test_circles_of_friends_are_in_none(halves):
    half = halves[0]
    pairs = np.array([[0, 2], [0, 4], [2, 6]], dtype=np.int32)
    assert (
        document_of(replace(half, friendships=pairs), KEY).manifest["arrays"]
        == document_of(half, KEY).manifest["arrays"]
    )


def test_what_one_has_at_home_is_added_in_full(halves, sums, small_config):
    """Own rows, circles of friends and all, and the other's sums: multiplied out, beside the products that training takes."""
    friends = np.array([[0, 2], [0, 4], [2, 6]], dtype=np.int32)
    half, config = replace(halves[0], friendships=friends), small_config.memory
    elsewhere = sums_laid(sums[1:], called(half))
    view = artist_view(replace(half, elsewhere=elsewhere))
    dense = sum(part.toarray().T @ part.toarray() for part in map(multiplied_out, memory_rows(view, config)))
    whole = dense + length_scale(view, config) * elsewhere["ARTIST"].pairs.toarray()
    gram, weight = memory_gram(view, config)
    scale = 1 / np.sqrt(ridge_of(weight, config).astype(np.float64))
    assert weight == pytest.approx(np.diag(whole), rel=1e-6)
    asked = np.random.default_rng(0).normal(size=(len(whole), 3))
    expected = scale[:, None] * (whole @ (scale[:, None] * asked))
    assert gram.times_(torch.from_numpy(asked.copy())).numpy() == pytest.approx(expected, rel=1e-5, abs=1e-9)


def multiplied_out(rows):
    first, *others = rows.factors
    for factor in others:
        first = first @ factor
    return first


def test_noise_is_added_to_every_sum_and_is_another_each_time(halves, sums):
    noise = Noise(epsilon=1.0)
    one, other = (document_of(halves[0], KEY, noise) for _ in range(2))
    exact = sums[0].arrays["artist.pair_sum"]
    added = (one.arrays["artist.pair_sum"] - exact) * UNIT
    assert not np.array_equal(one.arrays["artist.pair_sum"], other.arrays["artist.pair_sum"])
    assert added.std() == pytest.approx(noise.scale, rel=0.6)
    assert one.manifest["noise"]["scale"] == pytest.approx(25 * 5.2989, rel=1e-3)
