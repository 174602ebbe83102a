"""Generated graphs and the fit of their cost; the figures themselves are the benchmark's."""

import numpy as np
import pytest
import scipy.sparse as sp

from graph.bench import latency as serving
from graph.bench.generate import AT_HOME, ENOUGH, Size, generate
from graph.bench.report import write_between_marks
from graph.bench.scale import benchmark, exponent, tables
from graph.ml.train import spread_of_products


@pytest.fixture(scope="module")
def graph():
    return generate(Size(plays=50_000), seed=1)


def test_it_has_the_plays_it_was_asked_for_each_pair_once(graph):
    plays = graph.track_plays
    pairs = plays.user.astype(np.int64) * len(graph.tracks) + plays.item
    assert 50_000 * ENOUGH <= len(pairs) <= 50_000 * 1.05
    assert (np.diff(pairs) > 0).all()
    assert (len(graph.users), len(graph.tracks), len(graph.artists)) == (500, 5_000, 500)
    assert plays.item.max() < len(graph.tracks)


def test_artists_add_up_their_tracks(graph):
    tracks, artists = graph.track_plays, graph.artist_plays
    by_artist = np.zeros((len(graph.users), len(graph.artists)), dtype=np.float32)
    np.add.at(by_artist, (tracks.user, graph.track_artist[tracks.item]), tracks.count)
    assert np.array_equal(by_artist[artists.user, artists.item], artists.count)
    assert artists.count.sum() == tracks.count.sum()


def test_few_tracks_have_most_plays_and_friends_listen_alike(graph):
    played = np.sort(np.bincount(graph.track_plays.item, minlength=len(graph.tracks)))[::-1]
    assert played[: len(played) // 10].sum() > 0.3 * played.sum()
    assert 0.5 < AT_HOME < 1
    low, high = graph.friendships.T
    assert (low < high).all()
    plays = sp.csr_matrix(
        (np.ones(len(graph.track_plays.user)), (graph.track_plays.user, graph.track_plays.item))
    )
    shared = (plays @ plays.T).toarray()
    stranger = np.random.default_rng(0).permutation(high)
    assert shared[low, high].sum() > 1.1 * shared[low, stranger].sum()


def test_one_seed_gives_one_graph(graph):
    assert generate(Size(plays=50_000), seed=1).content_hash == graph.content_hash
    assert generate(Size(plays=50_000), seed=2).content_hash != graph.content_hash


def test_the_exponent_is_that_of_the_power_law():
    assert exponent([10, 100, 1000], [3 * 10**1.5, 3 * 100**1.5, 3 * 1000**1.5]) == pytest.approx(1.5)


def test_the_benchmark_measures_each_size_alone_and_tells_it_as_a_table(tmp_path):
    measured = benchmark(sizes=(2_000, 8_000), fit_up_to=2_000)
    assert [row["users"] for row in measured["epochs"]] == [20, 80]
    assert len(measured["fits"]) == 1
    assert set(measured["exponents"]) == {"propagation", "epoch"}
    assert all(
        row["epoch"] > row["propagation"] > 0 and row["peak_mebibytes"] > 100 for row in measured["epochs"]
    )
    document = tmp_path / "page.md"
    document.write_text("a\n<!-- scale: start -->\nold\n<!-- scale: end -->\nb\n")
    write_between_marks(document, tables(measured), "scale")
    written = document.read_text()
    assert written.startswith("a\n")
    assert written.endswith("b\n")
    assert "old" not in written
    assert "80 × 800" in written
    with pytest.raises(ValueError, match="no place"):
        write_between_marks(document, "x", "elsewhere")


def test_requests_are_measured_both_ways():
    measured = serving.benchmark([1_000])
    (row,) = measured["sizes"]
    assert row["items"] == 1_000
    assert 0.95 <= row["recall"] <= 1
    assert f"| 1,000 | {row['exact_ms']:.1f} |" in serving.table(measured)


def test_spread_is_that_of_the_whole_table():
    rng = np.random.default_rng(0)
    left = (rng.normal(2, 1, (50, 4))).astype(np.float32)
    right = rng.normal(1, 3, (70, 4)).astype(np.float32)
    assert spread_of_products(left, right) == pytest.approx(float((left @ right.T).std()), rel=1e-5)
