"""One worker: ``torchrun … -m graph.ml.distributed.worker DIRECTORY``. It needs no database.

The memory first, then the network, a checkpoint after the one and every few epochs of the other. When a worker is
lost, torchrun starts all of them again, and they go on from the last checkpoint.
"""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import django
import numpy as np
import torch
import torch.distributed as dist

from discovery.platform.tether import tie_to_parent

if TYPE_CHECKING:
    from graph.ml.distributed.checkpoint import Checkpoints
    from graph.ml.distributed.job import Job
    from graph.ml.distributed.share import Share

EVERY = 4  # epochs from one checkpoint to the next
MEMORY = 0.1  # of a job is done after it


def main(directory: Path) -> None:
    """Take part in the job that lies in ``directory``."""
    tie_to_parent(signal.SIGKILL, parent=os.getppid())
    django.setup()
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        init_method=_meeting_place(directory),
        rank=int(os.environ["RANK"]),
        world_size=int(os.environ["WORLD_SIZE"]),
    )
    try:
        work(directory)
        dist.barrier()
    finally:
        dist.destroy_process_group()


def _meeting_place(directory: Path) -> str:
    """A file of this start alone: an address that a dead worker left is nobody's any more."""
    from graph.ml.distributed.job import MEETING

    start = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    return f"file://{(directory / f'{MEETING}{start}').resolve()}"


def work(directory: Path) -> None:
    """Fit this worker's share of every source that the job asks for; the answers are files."""
    import pyarrow as pa

    from graph.ml.distributed.checkpoint import Checkpoints
    from graph.ml.distributed.group import Group
    from graph.ml.distributed.job import PARTS, Cost, Job, cost_write
    from graph.ml.distributed.share import share_of
    from graph.partitions import Partitions

    pa.set_cpu_count(1)
    pa.set_memory_pool(pa.system_memory_pool())  # which gives back what was read
    load_libraries()
    loaded, begun, spent = _peak_mebibytes(), time.perf_counter(), [time.process_time()]
    group, job = Group(), Job.read(directory)
    share = share_of(Partitions(directory.parent / PARTS), group, job.kind)
    sent = [0, group.sent]
    checkpoints = Checkpoints(directory, group)
    for source in (_memory, _network):
        spent.append(time.process_time())
        give_back_memory()
        source(directory, job, share, checkpoints)
        sent.append(group.sent)
    of_share, of_memory, of_network = np.diff([*spent, time.process_time()]).tolist()
    cost = Cost(
        share=of_share, memory=of_memory, network=of_network, wall=time.perf_counter() - begun,
        sent_mebibytes=tuple((np.diff(sent) / 2**20).tolist()), loaded_mebibytes=loaded, peak_mebibytes=_peak_mebibytes(),
    )  # fmt: skip
    cost_write(directory, group.rank, cost)


def load_libraries() -> None:
    """Whatever torch loads when it is first used: so much a process holds before it has any data."""
    weight = torch.nn.Parameter(torch.ones(2, 2))
    optimizer = torch.optim.Adam([weight], fused=True)
    torch.linalg.eigh(weight.detach() @ weight.detach().T)
    weight.sum().backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def give_back_memory() -> None:
    """What is no more used goes back to the system: glibc would keep much of it for later."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _peak_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _memory(directory: Path, job: Job, share: Share, checkpoints: Checkpoints) -> None:
    from graph.ml.distributed.job import block_write, progress_tell
    from graph.ml.distributed.memory import fit_memory

    if checkpoints.reached() is not None:
        return
    if share.group.rank == 0:
        progress_tell(directory, 0.0, "item–item weights")
    block_write(directory, share.group.rank, fit_memory(share, job.config.memory, seed=job.config.seed))
    checkpoints.save(0, {})


def _network(directory: Path, job: Job, share: Share, checkpoints: Checkpoints) -> None:
    from graph.ml.distributed.job import block_read, codes_write, progress_tell
    from graph.ml.distributed.network import spread_epochs

    rank, config, reached = share.group.rank, job.config, checkpoints.reached()
    if reached is None:
        raise RuntimeError("the memory's checkpoint is gone")
    start = block_read(directory, "memory", rank)
    network = spread_epochs(share, start, config.network, seed=config.seed)
    del start
    if reached.epochs:
        network.resume(checkpoints.load(reached))
    for epoch in range(reached.epochs + 1, network.count + 1):
        network.epoch()
        if epoch % EVERY == 0 and epoch < network.count:
            checkpoints.save(epoch, network.state())
        if rank == 0:
            fraction = MEMORY + (1 - MEMORY) * epoch / network.count
            progress_tell(directory, fraction, f"epoch {epoch} of {network.count}")
    codes_write(directory, "network", rank, network.codes().numpy())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
