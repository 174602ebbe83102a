import numpy as np
import pytest
import scipy.sparse as sp

from graph.ml import factorize
from graph.ml.factorize import SparseProduct, Stack, right_singular


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


def test_the_singular_vectors_are_those_of_the_dense_matrix(stacked):
    rows, scale, dense = stacked
    singular, right = right_singular(Stack(rows, scale), 6, rounds=8, seed=1)
    _, expected, vectors = np.linalg.svd(dense * scale, full_matrices=False)
    assert singular == pytest.approx(expected[:6], rel=1e-4)
    assert np.abs(np.abs((right * vectors[:6].T).sum(axis=0)) - 1).max() < 1e-3


def test_more_dims_than_the_matrix_has_are_as_many_as_it_has():
    singular, right = right_singular(
        Stack([SparseProduct((sp.eye(4, 3, format="csr"),))], np.ones(3, np.float32)), 9, rounds=1, seed=0
    )
    assert singular == pytest.approx([1, 1, 1], abs=1e-5)
    assert right.shape == (3, 3)
