"""What training costs as the graph grows: CPU seconds and peak memory on generated graphs.

Every size is measured in a process of its own, so that peaks do not mix, on one thread, in CPU time.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import django
import numpy as np
import torch
from threadpoolctl import threadpool_limits

from graph.bench.cost import peak_mebibytes
from graph.bench.generate import Size, generate
from graph.ml.config import ItemItemConfig, NetworkConfig, RecommenderConfig
from graph.ml.data import track_view
from graph.ml.item_item import fit_item_item
from graph.ml.learn import epochs_of
from graph.ml.progress import Progress, silent
from graph.ml.train import fit

SIZES = (100_000, 1_000_000, 10_000_000)
NETWORK = NetworkConfig(dims=64, layers=2, full_batch_above=0)
ITEM_ITEM = ItemItemConfig(dims=64)
INCLUDES = {
    "propagation": "every link, forward and backward",
    "epoch": "with the loss, of at most two million sampled plays, and the update",
}
REPEATS = 4  # epochs measured after the first, which touches memory for the first time


def benchmark(
    *,
    sizes: Sequence[int] = SIZES,
    fit_up_to: int = 0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Epochs at every size, a whole ``fit`` at those up to ``fit_up_to`` plays, and how cost grows."""
    epochs = []
    for position, plays in enumerate(sizes):
        progress(position / len(sizes), f"an epoch of {plays:,} plays")
        epochs.append(_alone(measure_epoch, plays))
    fits = []
    for plays in (plays for plays in sizes if plays <= fit_up_to):
        progress(1.0, f"a whole fit of {plays:,} plays")
        fits.append(_alone(measure_fit, plays))
    return {
        "dims": NETWORK.dims,
        "layers": NETWORK.layers,
        "epochs": epochs,
        "fits": fits,
        "exponents": {
            name: exponent([row["plays"] for row in epochs], [row[name] for row in epochs])
            for name in ("propagation", "epoch")
            if len(epochs) > 1
        },
    }


def measure_epoch(plays: int) -> dict[str, Any]:
    """CPU seconds of one epoch (the quickest of some) and the process's peak memory."""
    torch.set_num_threads(1)
    with threadpool_limits(1):
        view = track_view(generate(Size(plays=plays)))
        start = time.process_time()
        item_item = fit_item_item(view, ITEM_ITEM, seed=0)
        spent = time.process_time() - start
        epochs = epochs_of(view, item_item, NETWORK, seed=0)
        costs = [epochs.whole_epoch() for _ in range(1 + REPEATS)][1:]
    quickest = min(costs, key=lambda cost: cost.total)  # whatever else runs here can only add
    return {
        "plays": view.plays.nnz,
        "users": view.plays.shape[0],
        "items": view.plays.shape[1],
        "memory": spent,
        "propagation": quickest.propagation,
        "loss": quickest.loss,
        "update": quickest.update,
        "epoch": quickest.total,
        "peak_mebibytes": peak_mebibytes(),
    }


def measure_fit(plays: int) -> dict[str, Any]:
    """CPU seconds of a whole fit, both views and people, and the process's peak memory."""
    torch.set_num_threads(1)
    config = RecommenderConfig(memory=ITEM_ITEM, network=replace(NETWORK, full_batch_above=2_000_000))
    with threadpool_limits(1):
        snapshot = generate(Size(plays=plays))
        gc.collect()
        before, start = peak_mebibytes(), time.process_time()
        fitted = fit(snapshot, config)
    return {
        "plays": len(snapshot.track_plays.user),
        "cpu_seconds": time.process_time() - start,
        "artifact_mebibytes": sum(array.nbytes for array in fitted.arrays.values()) / 2**20,
        "snapshot_peak_mebibytes": before,
        "peak_mebibytes": peak_mebibytes(),
    }


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Of the power law that fits best: cost ∝ size^exponent."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def _alone(measure: Callable[[int], dict[str, Any]], plays: int) -> dict[str, Any]:
    # torch asks the system for large pages under tables of this size: a tenth of the page faults.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=django.setup) as process:
        return process.submit(measure, plays).result()


def tables(measured: dict[str, Any]) -> str:
    """The benchmark as Markdown."""
    lines = [
        f"{measured['dims']} dimensions, {measured['layers']} layers, one thread, CPU seconds; the peak is the whole process's.",
        "",
        "| plays | listeners × tracks | propagation | loss | update | an epoch | item–item fit | peak MiB |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {row['plays']:,} | {row['users']:,} × {row['items']:,} | {row['propagation']:.2f} | {row['loss']:.2f} "
        f"| {row['update']:.2f} | {row['epoch']:.2f} | {row['memory']:.1f} | {row['peak_mebibytes']:,.0f} |"
        for row in measured["epochs"]
    ]
    lines += [""] + [
        f"- {name} ({INCLUDES[name]}): cost ∝ plays^**{value:.2f}**"
        for name, value in measured["exponents"].items()
    ]
    lines += [
        f"- a whole fit of {row['plays']:,} plays: {row['cpu_seconds']:.0f} CPU seconds, peak "
        f"{row['peak_mebibytes']:,.0f} MiB, artifact {row['artifact_mebibytes']:.0f} MiB"
        for row in measured["fits"]
    ]
    return "\n".join(lines)
