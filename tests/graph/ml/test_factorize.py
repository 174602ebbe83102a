import numpy as np
import pytest
import scipy.sparse as sp

from graph.ml import factorize
from graph.ml.factorize import SparseProduct, Stack, eigenvectors


@pytest.fixture(params=[1, 3, 1000])
def stacked(request, monkeypatch):
    """Plays, and circles of friends as a product; with the dense matrix that both stand for."""
    monkeypatch.setattr(factorize, "AT_ONCE", request.param)
    rng = np.random.default_rng(0)
    plays = sp.random(40, 25, density=0.3, random_state=rng, format="csr", dtype=np.float32)
    friends = sp.random(40, 40, density=0.1, random_state=rng, format="csr", dtype=np.float32)
    scale = rng.random(25).astype(np.float32) + 0.5
    dense = np.vstack([plays.toarray(), friends.toarray() @ plays.toarray()])
    return [SparseProduct((plays,)), SparseProduct((friends, plays))], scale, dense


def test_squares_are_the_columns_of_what_is_never_multiplied_out(stacked):
    rows, _, dense = stacked
    assert np.abs(sum(part.squares() for part in rows) - (dense**2).sum(axis=0)).max() < 1e-5


def test_the_eigenvectors_are_those_of_the_dense_matrix(stacked):
    rows, scale, dense = stacked
    squared, right = eigenvectors(Stack.of(rows, scale), 6, rounds=8, seed=1)
    _, expected, vectors = np.linalg.svd(dense * scale, full_matrices=False)
    assert squared == pytest.approx(expected[:6] ** 2, rel=1e-4)
    assert np.abs(np.abs((right * vectors[:6].T).sum(axis=0)) - 1).max() < 1e-3


def test_more_dims_than_the_matrix_has_are_as_many_as_it_has():
    gram = Stack.of([SparseProduct((sp.eye(2, 3, format="csr"),))], np.ones(3, np.float32))
    squared, right = eigenvectors(gram, 9, rounds=1, seed=0)
    assert squared == pytest.approx([1, 1], abs=1e-5)
    assert right.shape == (3, 2)


class Parts:
    """A Gram matrix whose rows lie in several hands, added up in an order of its own."""

    def __init__(self, parts):
        self.size, self._parts = parts[0].size, parts

    def times_(self, values):
        return sum(part.times_(values.clone()) for part in reversed(self._parts))


def test_parts_of_the_rows_add_up_to_the_same_vectors():
    rng = np.random.default_rng(1)
    whole = sp.random(3000, 800, density=0.02, random_state=rng, format="csr", dtype=np.float32)
    scale = rng.random(800).astype(np.float32) + 0.5
    parts = [Stack.of([SparseProduct((whole[start::4],))], scale) for start in range(4)]
    at_once, added = (
        eigenvectors(gram, 60, rounds=3, seed=2)
        for gram in (Stack.of([SparseProduct((whole,))], scale), Parts(parts))
    )
    assert added[0] == pytest.approx(at_once[0], rel=1e-6)
    assert np.abs(added[1] - at_once[1]).max() < 1e-5
