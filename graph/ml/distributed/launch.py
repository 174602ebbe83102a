"""Starts the workers and makes sources of what they learned; for the process that holds the snapshot."""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from django.conf import settings

from discovery.platform import tether
from discovery.platform.errors import TrainingFailed
from graph.ml.config import RecommenderConfig
from graph.ml.data import View
from graph.ml.distributed.job import MEETING, PARTS, Job, arrays_read, progress_read
from graph.ml.item_item import Block
from graph.ml.learn import block_of
from graph.ml.progress import Progress
from graph.ml.sources import weighted
from graph.partitions import PARTS as FEWEST
from graph.partitions import write_partitions
from graph.snapshot import GraphSnapshot

logger = logging.getLogger(__name__)

RESTARTS = 3  # of all workers, when one is lost
GIVEN_BACK = 2**22  # bytes of a table from which on it is the system's again once it is freed
# As many large workers keep what they freed: a sixth of their time is the filling of new pages with zeros. They hold about half as much more.
KEEPING = 2
KEPT = 2**26  # bytes at the end of what a worker holds
LOOKED_EVERY = 0.2  # seconds
TOLD = 500  # characters of what a worker said
JOB, LOG = "job", "torchrun.log"


@dataclass
class Workers:
    """``with Workers(directory, 4) as workers: fit(snapshot, config, sources=workers)``.

    The snapshot's plays lie in ``directory`` until the end, for its owner alone. ``options`` are torchrun's own, for
    workers on several machines that share the directory; then ``count`` is of all of them.
    """

    directory: Path
    count: int
    options: Sequence[str] = ()
    _written: GraphSnapshot | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        self.directory.mkdir(parents=True, mode=0o700)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.directory)

    def __call__(
        self, snapshot: GraphSnapshot, view: View, config: RecommenderConfig, progress: Progress
    ) -> list[Block]:
        """The sources of a view of ``snapshot``. Raises TrainingFailed where the workers fail more often than they restart."""
        if self._written is not snapshot:
            progress(0.0, "writing parts")
            shutil.rmtree(self.directory / PARTS, ignore_errors=True)
            write_partitions(snapshot, self.directory / PARTS, parts=max(FEWEST, self.count))
            self._written = snapshot
        job = self.directory / JOB
        shutil.rmtree(job, ignore_errors=True)
        Job(kind=view.kind, config=config).write(job)
        is_one_step = view.strength.nnz > config.network.full_batch_above
        self._run(job, progress, keeps=is_one_step and self.count <= KEEPING)
        memory = Block(name="memory", **arrays_read(job, "memory", self.count))
        codes = arrays_read(job, "network", self.count)["codes"]
        network = block_of(view, codes, config.network, config.content)
        return weighted({"memory": memory, "network": network}, config)

    def _run(self, job: Path, progress: Progress, *, keeps: bool) -> None:
        with (job / LOG).open("wb") as log:
            process = subprocess.Popen(
                self._command(job),
                env=_environment(keeps=keeps),
                cwd=settings.BASE_DIR,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
            started = 1
            try:
                while process.poll() is None:
                    time.sleep(LOOKED_EVERY)
                    progress(*progress_read(job))
                    if (starts := len(list(job.glob(f"{MEETING}*")))) > started:
                        started = starts
                        logger.warning(
                            "a worker ended: all of them went on from the last checkpoint, %d of %d times",
                            starts - 1,
                            RESTARTS,
                        )
            finally:
                _end(process)
        if process.returncode:
            said = (job / LOG).read_text(encoding="utf-8", errors="replace")
            logger.error("the workers of %s gave up: %s", job, said)
            raise TrainingFailed(f"The workers gave up. {_why(said)}")

    def _command(self, job: Path) -> list[str]:
        tied = [sys.executable, tether.__file__, "--parent", str(os.getpid()), "--"]
        options = self.options or ("--standalone", f"--nproc-per-node={self.count}")
        torchrun = [sys.executable, "-m", "torch.distributed.run", f"--max-restarts={RESTARTS}", *options]
        return [*tied, *torchrun, "-m", "graph.ml.distributed.worker", str(job)]


def _why(said: str) -> str:
    """The first error that is not another one's loss, or else what was said last."""
    errors = re.findall(r"^.*\b(?:[A-Z]\w*Error|error): .*$", said, re.MULTILINE)
    own = [error for error in errors if "Connection closed by peer" not in error]
    return str((own or errors or [said])[0][-TOLD:])


def _environment(*, keeps: bool) -> dict[str, str]:
    """One thread a worker, large pages for large tables, which go back when they are freed unless it ``keeps`` them, and our settings."""
    memory = (
        {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(KEPT)}
        if keeps
        else {"MALLOC_MMAP_THRESHOLD_": str(GIVEN_BACK)}
    )
    ours = {"OMP_NUM_THREADS": "1", "THP_MEM_ALLOC_ENABLE": "1", **memory}
    return {"DJANGO_SETTINGS_MODULE": "discovery.settings", **os.environ, **ours}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Torchrun ends its workers when it is asked to end."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
