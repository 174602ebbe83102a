import numpy as np
import pytest

from graph.ml import metrics

HITS = np.array([[True, False, True], [False, False, False], [False, True, False]])
RELEVANT = np.array([2, 1, 5])


def test_recall_is_the_share_of_held_out_items_found():
    assert metrics.recall(HITS, RELEVANT).tolist() == [1.0, 0.0, 0.2]


def test_ndcg_discounts_by_rank_and_divides_by_the_best_possible():
    discount = 1 / np.log2([2, 3, 4])
    expected = [
        (discount[0] + discount[2]) / (discount[0] + discount[1]),
        0.0,
        discount[1] / discount.sum(),
    ]
    assert metrics.ndcg(HITS, RELEVANT) == pytest.approx(expected)


def test_a_perfect_ranking_is_one_and_not_a_rounding_more():
    perfect = np.tri(20, dtype=bool)
    assert metrics.ndcg(perfect, np.arange(1, 21)).tolist() == [1.0] * 20


def test_reciprocal_rank_is_of_the_first_hit():
    assert metrics.reciprocal_rank(HITS).tolist() == [1.0, 0.0, 0.5]


def test_coverage_counts_each_item_once():
    assert metrics.coverage(np.array([[0, 1], [1, 2]]), 10) == 0.3


def test_novelty_is_mean_self_information():
    novelty = metrics.novelty(np.array([[0, 1]]), np.array([7, 3]), 15)
    assert novelty.tolist() == [pytest.approx((1 + 2) / 2)]


def test_diversity_is_zero_for_parallel_and_one_for_orthogonal_items():
    vectors = np.array([[1, 0], [3, 0], [0, 2]], dtype=np.float32)
    assert metrics.diversity(np.array([[0, 1], [0, 2]]), vectors) == pytest.approx([0.0, 1.0])


def test_popularity_gap_is_zero_when_shown_items_are_as_popular_as_played_ones():
    popularity = np.array([9, 9, 0])
    top = np.array([[0], [0]])
    gap = metrics.popularity_gap(top, [np.array([1]), np.array([2])], popularity)
    assert gap == pytest.approx([0.0, np.log(10)])


def test_a_paired_ratio_is_tighter_than_its_parts():
    rng = np.random.default_rng(0)
    theirs = rng.random(500)
    low, high = metrics.ratio_interval(theirs * 1.1, theirs)
    assert low == pytest.approx(1.1)
    assert high == pytest.approx(1.1)
    spread = metrics.interval(theirs)
    assert spread[0] < theirs.mean() < spread[1]
