import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from discovery.together import fairness
from discovery.together.fairness import fair_list, people_for, relevance
from discovery.together.program import fair_columns


def test_relevance_runs_from_the_median_to_the_best():
    found = relevance(np.array([[0.0, 1.0, 2.0, 3.0, 5.0], [7.0, 7.0, 7.0, 7.0, 7.0]]))
    assert found.tolist() == [[0.0, 0.0, 0.0, pytest.approx(1 / 3), 1.0], [1.0] * 5]


def test_what_serves_both_comes_first_then_each_in_turn():
    relevant = np.array([[1.0, 0.0, 0.9, 0.0], [0.0, 1.0, 0.8, 0.0]])
    chosen = fair_list(relevant, 3)
    assert chosen.columns.tolist() == [2, 1, 0]
    assert chosen.satisfaction.tolist() == pytest.approx([1.0, 1.8 / 1.8])


def test_a_majority_does_not_outvote_one():
    """Three like the first items, one only the last: a list of the best on average would hold none of theirs."""
    relevant = np.array([[1.0, 0.9, 0.8, 0.0, 0.0]] * 3 + [[0.0, 0.0, 0.0, 1.0, 0.9]])
    chosen = fair_list(relevant, 4)
    assert set(chosen.columns.tolist()) == {0, 1, 3, 4}
    assert chosen.satisfaction.min() >= 0.7


def test_an_item_is_for_whom_it_is_at_least_half_as_relevant_as_to_the_keenest():
    relevant = np.array([[0.8, 0.0, 0.3], [0.4, 0.0, 1.0], [0.39, 0.0, 0.0]])
    assert people_for(relevant).tolist() == [[True, False, False], [True, False, True], [False, False, False]]


@given(
    relevant=st.tuples(st.integers(1, 4), st.integers(0, 12)).flatmap(
        lambda shape: arrays(np.float64, shape, elements=st.floats(0, 1))
    ),
    count=st.integers(0, 15),
)
def test_nothing_is_chosen_twice_and_satisfaction_is_what_the_list_holds(relevant, count):
    chosen = fair_list(relevant, count)
    columns = chosen.columns.tolist()
    assert len(columns) == len(set(columns)) == min(count, relevant.shape[1])
    assert ((chosen.satisfaction >= 0) & (chosen.satisfaction <= 1 + 1e-9)).all()
    alone = np.sort(relevant, axis=1)[:, ::-1][:, : len(columns)].sum(axis=1)
    held = relevant[:, columns].sum(axis=1)
    assert np.allclose(chosen.satisfaction * alone, np.where(alone > 0, held, 0))


# What three like, a fourth likes a tenth as much; twenty items only they like, and nobody else.
APART = np.array([[1.0] * 20 + [0.0] * 20] * 3 + [[0.1] * 20 + [1.0] * 20])


def test_the_program_finds_the_fair_list_and_says_where_there_is_none():
    columns = fair_columns(APART, 10, fair=0.8, mean_weight=0.05)
    served = APART[:, columns].sum(axis=1)
    assert len(set(columns.tolist())) == 10
    assert served.min() >= 0.8 * served.mean()
    nothing_for_one = np.array([[1.0] * 20, [0.1] * 20])
    assert fair_columns(nothing_for_one, 10, fair=0.8, mean_weight=0.05) is None


def test_where_exchanges_stay_unfair_the_program_is_asked(monkeypatch):
    """The one-by-one choice may be unfair; the list that is returned is not, while there is one."""
    monkeypatch.setattr(fairness, "_one_by_one", lambda _gain, count, **_: np.arange(count))
    monkeypatch.setattr(fairness, "EXCHANGES", 0)
    served = fair_list(APART, 10).satisfaction
    assert served.min() >= 0.8 * served.mean()


@pytest.mark.parametrize("seed", range(8))
def test_ten_people_of_different_tastes_are_served_alike(seed):
    rng = np.random.default_rng(seed)
    tastes = rng.normal(size=(10, 6)) @ rng.normal(size=(6, 300))
    served = fair_list(relevance(np.sign(tastes) * np.abs(tastes) ** 4), 20).satisfaction
    assert served.min() >= 0.8 * served.mean()
