"""A worker that is killed in the middle of a training: the others are begun anew with it, from the last checkpoint.

Apart from the suite: it takes 20 seconds alone, and more beside others.
"""

import json
import os
import signal
import threading
import time

import numpy as np
import psutil
import pytest

from graph.ml.distributed.worker import EVERY
from tests.graph.ml.test_distributed import CONFIG, fitted, undisturbed  # noqa: F401  # a fixture


@pytest.mark.long
def test_a_killed_worker_is_started_again_and_nothing_shows(undisturbed, tmp_path):  # noqa: F811
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
