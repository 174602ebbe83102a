"""Two workers that torchrun starts learn what one process learns, and go on where a killed one stopped."""

import json
import os
import signal
import threading
import time
from dataclasses import replace

import numpy as np
import psutil
import pytest

from discovery.platform.errors import TrainingFailed
from graph.ml.config import ItemItemConfig, NetworkConfig, RecommenderConfig
from graph.ml.data import track_view
from graph.ml.distributed.launch import Workers
from graph.ml.distributed.worker import EVERY
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


@pytest.mark.long
def test_a_killed_worker_is_started_again_and_nothing_shows(undisturbed, tmp_path):
    snapshot, expected = undisturbed
    killer = Killer(tmp_path / "run")
    killer.start()
    blocks = fitted(tmp_path / "run", snapshot)
    killer.join()
    assert killer.at_epoch is not None
    assert EVERY <= killer.at_epoch < CONFIG.network.epochs - 1
    for block, same in zip(blocks, expected, strict=True):
        assert np.array_equal(block.codes, same.codes), block.name


class Killer(threading.Thread):
    """Kills one worker once there is a checkpoint to go on from."""

    def __init__(self, directory):
        super().__init__()
        self._pointer, self.at_epoch = directory / "job" / "checkpoint.json", None
        self._until = time.monotonic() + 120

    def run(self):
        workers = []
        while self.at_epoch is None and time.monotonic() < self._until:
            if self._pointer.exists():
                workers = workers or _workers()  # before the moment: to find them takes a while
                reached = json.loads(self._pointer.read_text())["epochs"]
                if reached >= EVERY:
                    os.kill(workers[-1], signal.SIGKILL)
                    self.at_epoch = reached
            time.sleep(0.002)


def _workers():
    """Processes beneath this one that are workers, not what started them."""
    beneath = psutil.Process().children(recursive=True)
    return sorted(
        child.pid for child in beneath
        if "graph.ml.distributed.worker" in " ".join(child.cmdline()) and "torch.distributed.run" not in child.cmdline()
    )  # fmt: skip


def test_workers_that_cannot_train_are_told_of(tmp_path):
    snapshot = clusters()
    with (
        pytest.raises(TrainingFailed, match="gave up"),
        Workers(tmp_path / "run", 1, ["--nproc-per-node=1", "--no-such-option"]) as workers,
    ):
        workers(snapshot, track_view(snapshot), CONFIG, lambda _fraction, _message: None)
    assert not (tmp_path / "run").exists()
