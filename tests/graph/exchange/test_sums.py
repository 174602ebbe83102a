"""Sums of two installations are what one holder of all their rows would have had; taken back, they were never there."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from accounts import policies
from discovery.platform.errors import InvalidInput
from graph.bench.federated import apart, document_of, memory_of_sums, pooled
from graph.elsewhere.document import SUMS, document_read, document_write
from graph.elsewhere.laid_over import MOST, UNIT, sums_laid
from graph.elsewhere.names import names_read
from graph.exchange.contribute import Noise
from graph.exchange.federation import ensure_adds_up
from graph.ml.data import artist_view
from graph.ml.item_item import length_scale, memory_gram, memory_rows, ridge_of
from graph.packed_names import PackedNames
from tests.graph.exchange.conftest import KEY, OTHER_KEY, called
from tests.graph.ml.worlds import snapshot_of, taggings_of


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


def test_what_not_everybody_may_see_is_in_none(halves, sums):
    """Of the artist and the tracks of it that many people play."""
    half = halves[0]
    theirs = half.track_artist == 0
    hidden = replace(half, artists_open=np.arange(len(half.artists)) > 0, tracks_open=~theirs)
    named, shown = (names_read(document.arrays) for document in (document_of(hidden, KEY), sums[0]))
    assert "Artist 0" in list(shown.artists)
    assert "Artist 0" not in list(named.artists)
    titles = {f"Title {track}" for track in np.flatnonzero(theirs).tolist()}
    assert titles & set(shown.titles)
    assert not titles & set(named.titles)


def test_words_of_few_people_are_in_none(halves):
    """Nine say jazz of one artist; ten say folk of it, and nine of them of another."""
    said = [(user, 0, 1) for user in range(9)] + [(user, 0, 2) for user in range(10)]
    said += [(user, 3, 2) for user in range(9)]
    document = document_of(replace(halves[0], artist_tags=taggings_of(said)), KEY)
    named = names_read(document.arrays)
    assert list(named.tags) == ["folk"]
    items = document.arrays["artist.items"][document.arrays["artist.tag_item"]]
    assert [named.artists[row] for row in items.tolist()] == ["Artist 0"]
    assert document.arrays["artist.tag_count"].tolist() == [10]


def test_noise_below_nothing_breaks_no_training(halves, sums, small_config):
    """A diagonal that noise made negative counts as nothing."""
    pairs = sums[0].arrays
    own = pairs["artist.pair_low"] == pairs["artist.pair_high"]
    noisy = _changed(sums[0], pair_sum=np.where(own, -1, pairs["artist.pair_sum"]))
    told = sums_laid([noisy], called(halves[1]))
    assert (told["ARTIST"].diagonal == 0).all()


def twelve_names(**said):
    """Listeners of whom the first twelve are one person's accounts."""
    plays = (np.random.default_rng(3).random((42, 50)) < 0.5) * 3.0
    plays[:12] = 0
    plays[:12, 25:] = 7.0
    plays[12:, 25:] = 0
    plays[12:20, 25:27] = 1.0  # eight others play both of these, and three each of them
    plays[20:23, 25] = plays[23:26, 26] = 1.0
    return replace(snapshot_of(plays), **{"tag_names": PackedNames.of([]), **said})


@pytest.mark.parametrize(("people", "words"), [(range(12), []), (range(12, 22), ["bedroom"])])
def test_a_word_of_one_person_under_twelve_names_is_in_none(people, words):
    said = taggings_of([(user, 25, 0) for user in people])
    document = document_of(
        twelve_names(tags=np.array([7]), tag_names=PackedNames.of(["bedroom"]), artist_tags=said), KEY
    )
    assert list(names_read(document.arrays).tags) == words
    assert document.arrays["artist.tag_count"].tolist() == [10] * len(words)


def test_who_plays_the_same_as_another_is_no_further_person():
    """Twelve accounts of one person: their pairs are of one, however many play them."""
    document = document_of(twelve_names(), KEY)
    names = [str(name) for name in _artists(document)]
    assert {"Artist 25", "Artist 26"} <= set(names)
    assert not {f"Artist {item}" for item in range(27, 50)} & set(names)
    low, high = (document.arrays[f"artist.pair_{end}"] for end in ("low", "high"))
    pairs = {(names[a], names[b]) for a, b in zip(low.tolist(), high.tolist(), strict=True)}
    assert len(pairs) > 20
    assert ("Artist 25", "Artist 26") not in pairs


def test_noise_hides_a_listener_whose_row_is_cut(halves, sums):
    """A row of whatever length adds no more than noise is made for."""
    cut = document_of(halves[0], KEY, Noise(epsilon=1.0, longest=1e-6))
    exact, short = (np.abs(document.arrays["artist.pair_sum"] * UNIT).sum() for document in (sums[0], cut))
    assert short < 0.1
    assert exact > 10


def _changed(document, **arrays):
    changed = document.arrays | {f"artist.{name}": array for name, array in arrays.items()}
    return document_read(document_write(document.manifest, changed, KEY), expected=SUMS)


def _twice(document):
    low = document.arrays["artist.pair_low"].copy()
    high = document.arrays["artist.pair_high"].copy()
    low[1], high[1] = low[0], high[0]
    return _changed(document, pair_low=low, pair_high=high)


def _one(document, name, value):
    changed = document.arrays[f"artist.{name}"].copy()
    changed[0] = value
    return _changed(document, **{name: changed})


@pytest.mark.parametrize(
    "made",
    [
        _twice,
        lambda document: _one(document, "pair_sum", MOST + 1),
        lambda document: _one(document, "pair_sum", -MOST - 1),
        lambda document: _one(document, "pair_sum", -(2**63)),
        lambda document: _one(document, "people", -5),
        lambda document: _one(document, "people", 2**62),
        lambda document: _one(document, "tag_count", 0),
        lambda document: _one(document, "pair_low", 10**6),
        lambda document: _changed(document, pair_low=document.arrays["artist.pair_high"], pair_high=document.arrays["artist.pair_low"]),
        lambda document: document_read(
            document_write({**document.manifest, "rows": {"play_power": 9.0}}, document.arrays, KEY), expected=SUMS
        ),
    ],
)  # fmt: skip
def test_sums_that_contradict_themselves_are_refused(sums, made):
    ensure_adds_up(sums[0])
    with pytest.raises(InvalidInput) as refused:
        ensure_adds_up(made(sums[0]))
    assert refused.value.specific_code == "BUNDLE_INVALID"
