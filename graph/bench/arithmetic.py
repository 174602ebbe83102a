"""What a training of any size takes, from what trainings of some sizes took: plain arithmetic, and one simulation.

Memory, CPU and traffic of all workers together grow as a power of the plays, fitted to the sizes measured. How many rows
a worker has to fetch is simulated: listeners of a generated graph are cut into so many ranges, and the items of each counted.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from graph.arrays import Ints
from graph.bench.generate import Size, generate
from graph.bench.scale import exponent
from graph.ml.data import LEAST_LISTENERS

CORE_HOUR = 0.04  # euros, as rented machines go with 4 GB a core
NETWORK = 10e9 / 8 / 2**20  # MiB a second into each machine of a usual data center
CORES = 16  # of a machine
FACTORS = ("data_mebibytes", "memory_seconds", "epoch_seconds", "memory_sent", "epoch_sent")


@dataclass(frozen=True, kw_only=True)
class Projected:
    """A training of ``plays`` in ``workers``, each on a core."""

    plays: float
    workers: int
    worker_mebibytes: float  # of data, beside the libraries
    cpu_hours: float
    sent_mebibytes: float  # by each worker
    hours: float  # on the wall, computing and sending after one another
    euros: float


def factors(measured: dict[str, Any]) -> tuple[list[int], dict[str, list[float]]]:
    """The sizes, and of all workers together what each factor was at each of them, with the most workers measured."""
    plays: list[int] = []
    told: dict[str, list[float]] = {name: [] for name in FACTORS}
    for size in measured["sizes"]:
        row = size["workers"][-1]
        count, (_, memory_sent, network_sent) = row["workers"], row["sent_mebibytes"]
        plays.append(size["plays"])
        for name, value in zip(
            FACTORS,
            (row["data_mebibytes"], row["memory"], row["network"] / size["epochs"], memory_sent, network_sent / size["epochs"]),
            strict=True,
        ):  # fmt: skip
            told[name].append(value * count)
    return plays, told


def projected(measured: dict[str, Any], *, plays: float, workers: int, epochs: int, halo: float) -> Projected:
    """A larger training; ``halo`` is how many times as many rows are fetched as with the workers measured."""
    sizes, told = factors(measured)
    grown = {
        name: values[-1] * (plays / sizes[-1]) ** max(exponent(sizes, values), 1.0)
        for name, values in told.items()
    }
    cpu = grown["memory_seconds"] + epochs * grown["epoch_seconds"]
    sent = (grown["memory_sent"] + epochs * grown["epoch_sent"]) * halo / workers
    hours = (cpu / workers + sent / (NETWORK / CORES)) / 3600
    return Projected(
        plays=plays,
        workers=workers,
        worker_mebibytes=grown["data_mebibytes"] / workers,
        cpu_hours=cpu / 3600,
        sent_mebibytes=sent,
        hours=hours,
        euros=hours * workers * CORE_HOUR,
    )


def rows_needed(plays: int, workers: tuple[int, ...]) -> dict[int, float]:
    """How many different items the listeners of one of so many workers play, of those that are learned of."""
    made = generate(Size(plays=plays))
    listeners = np.bincount(made.track_plays.item, minlength=len(made.tracks))
    learned = listeners[made.track_plays.item] >= LEAST_LISTENERS
    user, item = made.track_plays.user[learned], made.track_plays.item[learned]
    return {count: _mean_items(user, item, len(made.users), count) for count in workers}


def _mean_items(user: np.ndarray[Any, Any], item: np.ndarray[Any, Any], users: int, workers: int) -> float:
    edges: Ints = np.searchsorted(user, np.arange(workers + 1) * users // workers)
    return float(np.mean([len(np.unique(item[a:b])) for a, b in itertools.pairwise(edges)]))
