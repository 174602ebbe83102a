"""Two workers that torchrun starts learn what one process learns, and go on where a killed one stopped."""

from dataclasses import replace

import numpy as np
import pytest

from discovery.platform.errors import TrainingFailed
from graph.ml.config import ItemItemConfig, NetworkConfig, RecommenderConfig
from graph.ml.data import track_view
from graph.ml.distributed.launch import Workers
from graph.ml.sources import fit_here
from graph.snapshot import Plays, Taggings
from tests.graph.ml.worlds import clusters

CONFIG = RecommenderConfig(
    memory=ItemItemConfig(dims=24, ridge=2.0), network=NetworkConfig(dims=8, epochs=40)
)


def told_by_listeners(seed=3):
    """A world in which nearly everything has to be known of all listeners: words of theirs, and copies of one of them."""
    world = clusters()
    rng = np.random.default_rng(seed)
    plays = world.track_plays
    copies, same = np.arange(0, 90, 18), np.arange(0, 120, 4)
    kept = ~np.isin(plays.user, copies)
    user = np.concatenate([plays.user[kept], np.repeat(copies, len(same)).astype(np.int32)])
    item = np.concatenate([plays.item[kept], np.tile(same, len(copies)).astype(np.int32)])
    count = np.concatenate([plays.count[kept], np.full(len(copies) * len(same), 7, dtype=np.float32)])
    order = np.lexsort([item, user])
    said = np.unique(
        np.stack([rng.integers(90, size=600), rng.integers(12, size=600), rng.integers(3, size=600)]), axis=1
    ).astype(np.int32)
    return replace(
        world,
        track_plays=Plays(user=user[order], item=item[order], count=count[order]),
        track_tags=Taggings(user=said[0], item=said[1], tag=said[2]),
    )


def fitted(directory, snapshot, progress=lambda _fraction, _message: None, config=CONFIG):
    with Workers(directory, 2) as workers:
        blocks = workers(snapshot, track_view(snapshot), config, progress)
    assert not directory.exists(), "the plays are gone with the workers"
    return blocks


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    snapshot = told_by_listeners()
    return snapshot, fitted(tmp_path_factory.mktemp("workers") / "run", snapshot)


@pytest.mark.long
def test_the_memory_is_that_of_one_process_and_the_network_as_good(undisturbed):
    snapshot, (memory, network) = undisturbed
    view = track_view(snapshot)
    assert view.distinct.min() < 0.3, "there are copies"
    assert view.tags.sum() > len(view.ids), "listeners' words count"
    alone, alone_network = fit_here(snapshot, view, CONFIG, lambda _fraction, _message: None)
    assert np.abs(memory.keys @ memory.queries.T - alone.keys @ alone.queries.T).max() < 1e-5
    assert np.abs(memory.codes - alone.codes).max() < 1e-5
    group = np.arange(60)[np.arange(120) % 60] % 3
    same = (group[:, None] == group) & ~np.eye(120, dtype=bool)
    apart = [_told_apart(block.keys @ block.queries.T, same) for block in (network, alone_network)]
    assert apart[0] > 0.9 * apart[1] > 0.5


def _told_apart(weights, same):
    """By how many standard deviations items of one group are nearer than others."""
    return (weights[same].mean() - weights[~same].mean()) / weights.std()


def test_workers_that_cannot_train_are_told_of(tmp_path):
    snapshot = clusters()
    with (
        pytest.raises(TrainingFailed, match="gave up"),
        Workers(tmp_path / "run", 1, ["--nproc-per-node=1", "--no-such-option"]) as workers,
    ):
        workers(snapshot, track_view(snapshot), CONFIG, lambda _fraction, _message: None)
    assert not (tmp_path / "run").exists()
