import sys
import threading

import numpy as np
import pytest

from discovery.recommend.batch import rank_all
from discovery.recommend.ranking import best_rows, rank
from graph.serving import ann as nearest
from graph.serving import candidates
from graph.serving.ann import NearestItems, nearest_items
from graph.serving.channels import Channel
from tests.discovery.permitted import permitted
from tests.discovery.small_index import small_index

ITEMS, DIM, K = 4_000, 16, 20
UNLIKE = 1  # the item without a vector or a prior


@pytest.fixture(scope="module")
def index():
    rng = np.random.default_rng(3)
    centers = rng.standard_normal((40, DIM))
    vectors = centers[rng.integers(40, size=ITEMS)] + 0.5 * rng.standard_normal((ITEMS, DIM))
    prior = rng.exponential(2.0, ITEMS)
    vectors[UNLIKE - 1], prior[UNLIKE - 1] = 0, 0
    return small_index(vectors.tolist(), prior=prior.tolist())


def listeners(many=40):
    rng = np.random.default_rng(4)
    for _ in range(many):
        played = rng.choice(ITEMS, 30, replace=False) + 1
        yield permitted([(Channel.OWN, int(item), 1.0, 0) for item in played], known=played.tolist())


@pytest.fixture
def lists(index, settings):
    settings.EXACT_ITEMS = ITEMS - 1
    return nearest_items(index, wait=True)


def both(index, evidence, settings, **options):
    settings.EXACT_ITEMS = ITEMS
    exact = rank(index, evidence, count=K, **options)
    settings.EXACT_ITEMS = ITEMS - 1
    return exact, rank(index, evidence, count=K, **options)


@pytest.mark.parametrize("with_prior", [True, False])
def test_finds_what_scoring_everything_finds(index, lists, settings, with_prior):
    shared = []
    for evidence in listeners():
        exact, found = both(index, evidence, settings, with_prior=with_prior)
        shared.append(len(set(exact.ids) & set(found.ids)) / K)
        assert not set(found.ids.tolist()) & evidence.known
        assert found.has_next
        scores = dict(zip(exact.ids.tolist(), exact.scores, strict=True))
        for item, score in zip(found.ids.tolist(), found.scores, strict=True):
            assert score == pytest.approx(scores.get(item, score), abs=1e-9)
    assert np.mean(shared) >= 0.95


def test_only_a_part_of_the_items_is_scored(index, lists):
    evidence = next(listeners(1))
    part, entries = evidence.in_index(index)
    known = index.rows(np.array(sorted(part.known)))
    assert K <= len(candidates.proposed(index, [entries], K, known=known)) < ITEMS / 4


def test_scores_of_some_rows_are_those_of_all(index):
    evidence = permitted(
        [(Channel.FRIEND, 5, 2.0, 9), (Channel.FRIEND, 5, 1.0, 8), (Channel.NEGATIVE, 7, 1.0, 0)]
    )
    _, entries = evidence.in_index(index)
    rows = np.arange(0, ITEMS, 2)
    assert np.abs(index.scores_of(entries, rows) - index.scores(entries)[rows]).max() < 1e-4
    assert index.own_rows(entries).tolist() == [4]  # a dislike has no identity term in this index


def test_an_item_that_only_a_friends_play_lifts_comes_first(index, lists, settings):
    exact, found = both(
        index,
        permitted([(Channel.OWN, 2, 0.01, 0), (Channel.FRIEND, UNLIKE, 3.0, 9)]),
        settings,
        with_prior=False,
    )
    assert exact.ids[0] == found.ids[0] == UNLIKE
    assert found.scores[0] == pytest.approx(3.0)


def test_where_too_little_is_proposed_everything_is_scored(index, lists, settings):
    # So much is known that the lists looked into hold less than what is asked for.
    evidence = permitted([(Channel.OWN, 1, 1.0, 0)], known=range(1, ITEMS - 10))
    exact, found = both(index, evidence, settings)
    assert exact.ids.tolist() == found.ids.tolist()
    assert len(found.ids) == 11


def test_demanded_items_are_scored_without_lists(index, settings, monkeypatch):
    monkeypatch.setattr(
        "graph.serving.candidates.nearest_items", lambda *_, **__: pytest.fail("asked for lists")
    )
    settings.EXACT_ITEMS = ITEMS - 1
    found = rank(index, next(listeners(1)), count=3, among=range(1, 100))
    assert len(found.ids) == 3
    assert found.ids.max() < 100
    settings.EXACT_ITEMS = ITEMS
    assert len(rank(index, next(listeners(1)), count=K).ids) == K


def test_while_lists_are_made_everything_is_scored(settings, monkeypatch):
    go, small = threading.Event(), small_index([[1.0], [2.0], [3.0]])
    monkeypatch.setattr(nearest, "NearestItems", lambda _index: go.wait(30) and None)
    settings.EXACT_ITEMS = 2
    evidence = permitted([(Channel.OWN, 1, 1.0, 0)], known=[1])
    assert rank(small, evidence, count=2).ids.tolist() == [3, 2]
    go.set()
    assert nearest_items(small, wait=True) is None


def test_without_faiss_everything_is_scored_and_the_log_says_so(settings, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "faiss", None)
    settings.EXACT_ITEMS = 2
    small, evidence = small_index([[1.0], [2.0], [3.0]]), permitted([(Channel.OWN, 1, 1.0, 0)], known=[1])
    part, entries = evidence.in_index(small)
    rows, scores = best_rows(small, part, entries, 2, wait=True)
    assert rows.tolist() == [2, 1]
    assert scores.tolist() == [3.0, 2.0]
    assert "faiss is not installed" in caplog.text


def test_an_error_in_the_making_is_not_hidden(monkeypatch):
    def broken(_index):
        raise MemoryError

    monkeypatch.setattr(nearest, "NearestItems", broken)
    with pytest.raises(MemoryError):
        nearest_items(small_index([[1.0]]), wait=True)


def test_lists_of_a_tiny_index_hold_every_item():
    small = small_index([[1.0], [2.0]])
    _, entries = permitted([(Channel.OWN, 1, 1.0, 0)]).in_index(small)
    queries = candidates.query(small, entries)[None]
    assert NearestItems(small).nearest(queries, 2).tolist() == [0, 1]


def test_an_export_ranks_everyone_as_their_page_does(index, lists, settings, monkeypatch):
    evidences = list(listeners(3))
    monkeypatch.setattr("discovery.recommend.evidence.gather_many", lambda *_, **__: evidences)
    settings.EXACT_ITEMS = ITEMS - 1
    exported = rank_all(index, [1, 2, 3], None, top=K)
    for (_viewer, found), evidence in zip(exported, evidences, strict=True):
        page = rank(index, evidence, count=K)
        assert [item for item, _score in found] == page.ids.tolist()
        assert [score for _item, score in found] == pytest.approx(page.scores.tolist(), abs=1e-4)
