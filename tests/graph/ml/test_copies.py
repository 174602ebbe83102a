"""Near copies of a listener say together what one of them would say, and people of one taste each speak for themselves."""

import numpy as np
import pytest
import scipy.sparse as sp

from graph.ml.config import ItemItemConfig
from graph.ml.copies import FEWEST, TABLES, distinct_people, distinctness
from graph.ml.item_item import _balanced

ITEMS = 400


def people(count, items=50, *, among=ITEMS, seed=1):
    rng = np.random.default_rng(seed)
    rows = np.zeros((count, ITEMS))
    for row in rows:
        row[rng.choice(among, items, replace=False)] = rng.integers(1, 9, items)
    return rows


def weights(rows):
    return distinctness(sp.csr_matrix(rows))


@pytest.mark.parametrize("copies", [2, 10])
def test_exact_copies_count_as_one_whatever_they_play_how_often(copies):
    rows = people(1 + 30)
    same = np.repeat(rows[:1], copies, axis=0) * np.arange(1, copies + 1)[:, None]
    found = weights(np.concatenate([same, rows[1:]]))
    assert found[:copies] == pytest.approx(np.full(copies, 1 / copies), rel=0.05)
    assert found[copies:].min() > 0.9


def test_people_of_one_taste_are_no_copies():
    """Fifty of the same 150 items each: a fifth of what two of them play is the same."""
    assert weights(people(40, among=150)).mean() > 0.9


def test_copies_with_another_target_each_are_copies_still():
    rows = np.repeat(people(1), 10, axis=0)
    rows[:, -10:] = 0
    rows[np.arange(10), ITEMS - 10 + np.arange(10)] = 100
    assert weights(rows).max() < 0.2


def test_who_plays_little_is_nobodys_copy():
    rows = np.zeros((10, ITEMS))
    rows[:, : FEWEST - 1] = 1
    assert weights(rows).tolist() == [1.0] * 10
    rows[:, FEWEST - 1] = 1
    assert weights(rows) == pytest.approx(np.full(10, 0.1))


def test_an_items_people_are_counted_with_copies_as_one():
    rows = sp.csr_matrix(np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 0, 2, 0]]))
    weight = np.array([1.0, 0.5, 0.4], dtype=np.float32)
    assert distinct_people(rows, weight).tolist() == [2, 1, 0, 0]


def test_nobody_is_asked_where_nobody_plays():
    assert distinctness(sp.csr_matrix((3, ITEMS))).tolist() == [1.0] * 3
    assert TABLES > 1


def test_no_item_of_a_listener_shouts():
    """One of twenty items is played a thousand times as often: it is as strong as three usual ones, and not as ten."""
    strengths = np.ones((1, 20))
    strengths[0, 0] = 1_000
    capped, free = (
        _balanced(sp.csr_matrix(strengths), ItemItemConfig(loudest=loudest, row_power=0.0)).toarray()[0, 0]
        for loudest in (3.0, 1e9)
    )
    assert capped == 3.0
    assert free > 19
