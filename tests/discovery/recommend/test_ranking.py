import numpy as np
import pytest

from discovery.recommend.ranking import DEEPEST, rank, top_rows
from graph.serving.channels import Channel
from tests.discovery.permitted import permitted
from tests.discovery.small_index import small_index

# Items 1 and 2 point the same way, 3 is half-way, 4 is elsewhere.
VECTORS = [[1.0, 0.0], [0.9, 0.0], [0.5, 0.5], [0.0, 1.0]]


def test_ranks_by_the_sum_and_leaves_out_what_is_known():
    ranking = rank(small_index(VECTORS), permitted([(Channel.OWN, 1, 1.0, 0)], known=[1]), count=10)
    assert ranking.ids.tolist() == [2, 3, 4]
    assert ranking.scores == pytest.approx([0.9, 0.5, 0.0])
    assert not ranking.has_next


def test_negative_evidence_sinks_the_neighbors():
    evidence = permitted([(Channel.OWN, 3, 1.0, 0), (Channel.NEGATIVE, 1, 1.0, 0)], known=[3])
    ranking = rank(small_index(VECTORS), evidence, count=10)
    assert ranking.ids.tolist() == [4, 2, 1]
    assert ranking.scores == pytest.approx([0.5, 0.45 - 0.9, 0.5 - 1.0])


def test_pages_join_without_gap_or_overlap():
    index, evidence = small_index(VECTORS), permitted([(Channel.OWN, 1, 1.0, 0)])
    pages = [rank(index, evidence, shown=shown, count=2) for shown in ((), (1, 2))]
    assert [page.ids.tolist() for page in pages] == [[1, 2], [3, 4]]
    assert [page.has_next for page in pages] == [True, False]


def test_nobody_pages_deeper_than_the_limit():
    index = small_index([[1.0]] * (DEEPEST + 5))
    shown = index.ids[:DEEPEST].tolist()
    last = rank(index, permitted([]), shown=shown[1:], count=20)
    assert (last.ids.tolist(), last.has_next) == (shown[:1], False)
    assert len(rank(index, permitted([]), shown=shown, count=20).ids) == 0
    others = range(100_000, 100_000 + DEEPEST)
    assert not rank(index, permitted([]), shown=others, count=20).has_next


def test_among_limits_the_candidates_and_ignores_unknown_ids():
    ranking = rank(small_index(VECTORS), permitted([(Channel.OWN, 1, 1.0, 0)]), count=10, among=[4, 2, 99])
    assert ranking.ids.tolist() == [2, 4]


def test_variety_trades_score_for_distance():
    index, evidence = small_index(VECTORS), permitted([(Channel.OWN, 1, 1.0, 0)])
    assert rank(index, evidence, count=4, variety=0.0).ids.tolist() == [1, 2, 3, 4]
    assert rank(index, evidence, count=4, variety=0.6).ids.tolist() == [1, 4, 3, 2]


def test_evidence_the_model_does_not_know_adds_nothing():
    ranking = rank(small_index(VECTORS), permitted([(Channel.OWN, 99, 1.0, 0)]), count=4)
    assert ranking.contributions.shape == (0, 4)
    assert ranking.scores.tolist() == [0.0] * 4


def test_equal_scores_keep_one_order_at_every_depth():
    scores, rows = np.zeros(50, np.float32), np.arange(50)
    assert top_rows(scores, rows, 7).tolist() == top_rows(scores, rows, 50)[:7].tolist()
