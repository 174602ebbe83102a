import pytest
from threadpoolctl import threadpool_limits

from graph.bench import peers, tuning
from graph.bench.tuning import TuningCache, tune_als
from tests.graph.ml.worlds import clusters

GRID = [
    {"factors": 4, "alpha": 1.0, "regularization": 1.0},
    {"factors": 4, "alpha": 1.0, "regularization": 1e6},
]


@pytest.fixture(autouse=True)
def _one_thread():
    """As `compare` runs it; `implicit` warns otherwise."""
    with threadpool_limits(1):
        yield


def test_what_was_tried_is_remembered_for_the_same_training_part_only(tmp_path, monkeypatch):
    path = tmp_path / "kept" / "tried.json"
    snapshot = clusters()
    assert tune_als(snapshot, seed=1, cache=TuningCache(path), grid=GRID) == GRID[0]

    def refuse(*_args, **_kwargs):
        raise AssertionError("fitted again")

    monkeypatch.setattr(peers, "als", refuse)
    assert tune_als(snapshot, seed=1, cache=TuningCache(path), grid=GRID) == GRID[0]
    with pytest.raises(AssertionError):
        tune_als(snapshot, seed=2, cache=TuningCache(path), grid=GRID)


def test_the_grid_is_as_wide_as_promised():
    assert {choice["factors"] for choice in tuning.ALS_GRID} == {128, 192, 256}
    assert {choice["alpha"] for choice in tuning.ALS_GRID} == {5.0, 10.0, 20.0, 40.0}
    assert {choice["regularization"] for choice in tuning.ALS_GRID} == {30.0, 60.0, 120.0, 200.0}
