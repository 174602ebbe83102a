"""Candidates: what they hold, and what never comes."""

import numpy as np
import pytest
import scipy.sparse as sp

from graph.serving import ann, candidates
from graph.serving.ann import nearest_items
from graph.serving.channels import Channel, Evidence, Spoken
from graph.serving.places import top_places
from tests.discovery.small_index import small_index

ITEMS, DIM, K = 3_000, 16, 20
HIDDEN = np.arange(0, ITEMS, 3)  # every third is not everybody's


@pytest.fixture(scope="module")
def index():
    rng = np.random.default_rng(5)
    centers = rng.standard_normal((30, DIM))
    vectors = centers[rng.integers(30, size=ITEMS)] + 0.4 * rng.standard_normal((ITEMS, DIM))
    made = small_index(vectors.tolist(), prior=rng.exponential(2.0, ITEMS).tolist())
    made.open[HIDDEN] = False
    made.moods = rng.standard_normal((ITEMS, 2)).astype(np.float32)
    return made


@pytest.fixture(autouse=True)
def many(index, settings):
    settings.EXACT_ITEMS = 100
    nearest_items(index, wait=True)


def played(seed, many=20):
    rng = np.random.default_rng(seed)
    return Evidence(
        key_row=rng.choice(ITEMS, many, replace=False), amount=np.ones(many, np.float32),
        channel=rng.choice([Channel.OWN, Channel.FRIEND, Channel.NEGATIVE], many).astype(np.int8),
    )  # fmt: skip


def exact(index, evidence, known, also=candidates.NOTHING):
    scores = index.scores(evidence)
    allowed = index.open.copy()
    allowed[evidence.key_row[evidence.key_row < ITEMS]] = True
    allowed[also] = True
    allowed[known] = False
    scores[~allowed] = -np.inf
    return top_places(scores, K)


def test_where_lists_look_everywhere_the_best_are_those_of_every_item_scored(index):
    for seed in range(20):
        evidence, known, also = played(seed), np.arange(seed, ITEMS, 17), HIDDEN[seed : seed + 5]
        rows = candidates.proposed(index, [evidence], K, known=known, also=also)
        best = rows[top_places(index.scores_of(evidence, rows), K)]
        assert best.tolist() == exact(index, evidence, known, also).tolist()
        assert not np.isin(rows, known).any()


def test_what_is_not_everybodys_comes_by_evidence_alone(index):
    evidence = played(1)
    rows = candidates.proposed(index, [evidence], K)
    assert set(rows[~index.open[rows]]) == set(evidence.key_row[~index.open[evidence.key_row]])


def test_a_part_of_the_lists_finds_nearly_all(index, monkeypatch):
    monkeypatch.setattr(ann, "PROBES", 64)  # of about a hundred
    other = small_index(index.queries.tolist(), prior=index.prior.tolist())
    nearest_items(other, wait=True)
    shares = []
    for seed in range(20):
        evidence = played(seed)
        rows = candidates.proposed(other, [evidence], K)
        assert len(rows) < ITEMS / 4
        shares.append(np.isin(exact(other, evidence, candidates.NOTHING), rows).mean())
    assert np.mean(shares) >= 0.98


def test_words_find_what_is_called_so_and_what_feels_so(index):
    text = sp.csr_matrix((np.array([9.0, 9.0], np.float32), ([0, 0], [4, 5])), shape=(1, ITEMS))
    said = Spoken(keys=np.ones((1, DIM), np.float32), axis=np.array([[3.0, -1.0]], np.float32), text=text)
    evidence = Evidence(
        key_row=np.array([index.key_count]), amount=np.ones(1, np.float32), said=said,
        channel=np.array([Channel.WORD], np.int8),
    )  # fmt: skip
    rows = candidates.proposed(index, [evidence], K)
    best = rows[top_places(index.scores_of(evidence, rows), K)]
    assert best.tolist() == exact(index, evidence, candidates.NOTHING).tolist()


def test_without_evidence_the_most_popular_of_what_is_open(index, monkeypatch):
    monkeypatch.setattr(candidates, "nearest_items", lambda *_, **__: pytest.fail("asked for lists"))
    nothing = played(0, 0)
    rows = candidates.proposed(index, [nothing], K)
    best = rows[top_places(index.prior[rows], K)]
    assert best.tolist() == exact(index, nothing, candidates.NOTHING).tolist()


def test_a_copy_that_weighs_otherwise_asks_the_same_lists(index, monkeypatch):
    weighed, evidence = index.weighed({Channel.OWN: 0.5, Channel.FRIEND: 3.0}, prior=4.0), played(3)
    monkeypatch.setattr(ann, "NearestItems", lambda _index: pytest.fail("made lists again"))
    rows = candidates.proposed(weighed, [evidence], K)
    best = rows[top_places(weighed.scores_of(evidence, rows), K)]
    assert best.tolist() == exact(weighed, evidence, candidates.NOTHING).tolist()


def test_similar_items_are_those_of_every_open_item(index):
    row = 7
    scores = index.queries @ index.play_of(row)
    scores[row], scores[~index.open] = -np.inf, -np.inf
    assert candidates.similar(index, row, 5).tolist() == top_places(scores, 5).tolist()


def test_few_items_and_lists_in_the_making_ask_for_every_item(index, settings, monkeypatch):
    settings.EXACT_ITEMS = ITEMS
    assert candidates.proposed(index, [played(1)], K) is None
    settings.EXACT_ITEMS = 100
    monkeypatch.setattr(candidates, "nearest_items", lambda *_, **__: None)
    assert candidates.proposed(index, [played(1)], K) is None


def test_some_scores_of_many_are_those_of_each(index):
    rows, many = np.arange(0, ITEMS, 7), [played(1), played(2)]
    together = index.scores_batch(many, rows)
    for one, scores in zip(many, together, strict=True):
        assert np.abs(scores - index.scores(one)[rows]).max() < 1e-4
