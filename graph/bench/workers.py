"""Training in several processes beside training in one: the same memory, as good a network, and what each of them costs.

Everything runs on one machine, each process on one thread. What a process holds is its peak less what it held once its
libraries were loaded.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import django
import numpy as np
import scipy.sparse as sp
import torch
from threadpoolctl import threadpool_limits

from graph.arrays import Floats, Rows
from graph.bench.cost import peak_mebibytes
from graph.bench.generate import Size, generate
from graph.bench.scale import ITEM_ITEM
from graph.ml.config import NetworkConfig, RecommenderConfig
from graph.ml.data import View, artist_view, track_view
from graph.ml.distributed.job import costs_read
from graph.ml.distributed.launch import JOB, Workers
from graph.ml.distributed.worker import load_libraries
from graph.ml.evaluate import hits_of, rank
from graph.ml.item_item import Block, fit_item_item
from graph.ml.learn import fit_network
from graph.ml.metrics import ndcg
from graph.ml.progress import Progress, silent, within
from graph.ml.split import held_out, split_snapshot
from graph.partitions import PARTS, read_snapshot, write_partitions
from graph.snapshot import GraphSnapshot

WORKERS, SIZES = (1, 2, 4), (100_000, 1_000_000)
ASKED = 500  # listeners of whom something is held out
CELLS = 20_000_000  # scores held at a time
COMPARED = 100_000  # pairs of items whose weights are compared


def benchmark(
    *,
    sizes: Sequence[int] = SIZES,
    data: Path | None = None,
    workers: Sequence[int] = WORKERS,
    epochs: int | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """One process, then so many ``workers``, on generated graphs of so many plays, or on the partitions in ``data``."""
    measured = []
    for position, plays in enumerate([0] if data else sizes):
        part = within(progress, position / len(sizes), (position + 1) / len(sizes), f"{plays:,} plays")
        measured.append(measure(plays, data, workers, epochs, part))
    return {"sizes": measured}


def measure(
    plays: int, data: Path | None, workers: Sequence[int], epochs: int | None, progress: Progress
) -> dict[str, Any]:
    """One size of `benchmark`."""
    network = NetworkConfig() if epochs is None else NetworkConfig(epochs=epochs, full_batch_epochs=epochs)
    config = RecommenderConfig(memory=ITEM_ITEM, network=network)
    with tempfile.TemporaryDirectory() as made:
        parts = Path(made) / "whole"
        whole = read_snapshot(data) if data else generate(Size(plays=plays))
        split = split_snapshot(whole, seed=0, friend_share=0.0)
        write_partitions(split.train, parts, parts=max(PARTS, *workers))
        progress(0.0, "one process")
        kind = "TRACK" if len(split.train.track_plays.user) else "ARTIST"
        alone = _alone(parts, kind, config)
        view = (track_view if kind == "TRACK" else artist_view)(split.train)
        held = held_out(view, split)
        rows = []
        for position, count in enumerate(workers):
            progress((position + 1) / (len(workers) + 1), f"{count} workers")
            rows.append(_together(Path(made) / "run", split.train, view, config, count, alone, held))
    blocks = alone.pop("blocks")
    return {
        "plays": view.plays.nnz,
        "learned": view.taught.nnz,
        "users": view.plays.shape[0],
        "items": view.plays.shape[1],
        "epochs": config.network.full_batch_epochs
        if view.taught.nnz > network.full_batch_above
        else network.epochs,
        "alone": {**alone, "ndcg": _quality(view, held, blocks["network"])},
        "workers": rows,
    }


def _alone(parts: Path, kind: str, config: RecommenderConfig) -> dict[str, Any]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=django.setup) as process:
        return process.submit(measure_alone, parts, kind, config).result()


def measure_alone(parts: Path, kind: str, config: RecommenderConfig) -> dict[str, Any]:
    """What the sources of a view cost a process that holds everything."""
    torch.set_num_threads(1)
    with threadpool_limits(1):
        load_libraries()
        loaded, begun, start = peak_mebibytes(), time.perf_counter(), time.process_time()
        view = (track_view if kind == "TRACK" else artist_view)(read_snapshot(parts))
        memory = fit_item_item(view, config.memory, seed=config.seed)
        middle = time.process_time()
        network = fit_network(view, memory, config.network, config.content, seed=config.seed, progress=silent)
    return {
        "memory": middle - start,
        "network": time.process_time() - middle,
        "wall": time.perf_counter() - begun,
        "loaded_mebibytes": loaded,
        "peak_mebibytes": peak_mebibytes(),
        "blocks": {"memory": memory, "network": network},
    }


def _together(
    directory: Path,
    snapshot: GraphSnapshot,
    view: View,
    config: RecommenderConfig,
    count: int,
    alone: dict[str, Any],
    held: sp.csr_matrix,
) -> dict[str, Any]:
    everything = replace(config, blend=replace(config.blend, memory=1.0, network=1.0))
    with Workers(directory, count) as workers:
        memory, network = workers(snapshot, view, everything, silent)
        costs = costs_read(directory / JOB, count)
    shared = max(cost.peak_mebibytes - cost.loaded_mebibytes for cost in costs)
    whole = alone["peak_mebibytes"] - alone["loaded_mebibytes"]
    return {
        "workers": count,
        "code_difference": float(np.abs(memory.codes - alone["blocks"]["memory"].codes).max()),
        "weight_difference": _weights_apart(memory, alone["blocks"]["memory"]),
        "ndcg": _quality(view, held, network),
        "peak_mebibytes": max(cost.peak_mebibytes for cost in costs),
        "data_mebibytes": shared,
        "share_of_one": shared / whole,
        "cpu_seconds": [cost.share + cost.memory + cost.network for cost in costs],
        "memory": max(cost.share + cost.memory for cost in costs),
        "network": max(cost.network for cost in costs),
        "wall": max(cost.wall for cost in costs),
        "sent_mebibytes": np.mean([cost.sent_mebibytes for cost in costs], axis=0).tolist(),
    }


def _weights_apart(left: Block, right: Block) -> float:
    """The largest difference between item–item weights, over drawn pairs, as a part of the largest weight."""
    pairs = np.random.default_rng(0).integers(len(left.codes), size=(2, COMPARED))
    weights = [_weights(block, pairs) for block in (left, right)]
    return float(np.abs(weights[0] - weights[1]).max() / np.abs(weights[1]).max())


def _weights(block: Block, pairs: Rows) -> Floats:
    keys = block.codes[pairs[0]] * block.key_scale[pairs[0], None]
    queries = block.codes[pairs[1]] * block.query_scale[pairs[1], None]
    return np.asarray((keys * queries).sum(axis=1))


def _quality(view: View, held: sp.csr_matrix, block: Block) -> dict[str, float]:
    """NDCG@20 of what was held out, by this source alone, and its standard error over listeners."""
    asked = np.flatnonzero(np.diff(held.indptr)).astype(np.int64)
    asked = np.sort(np.random.default_rng(0).permutation(asked)[:ASKED])
    keys, queries = block.keys, block.queries
    at_once = max(CELLS // len(queries), 1)
    top = np.concatenate(
        [
            rank(lambda users: (view.strength[users] @ keys) @ queries.T, view.plays, some, seed=0)
            for some in np.array_split(asked, -(-len(asked) // at_once))
        ]
    )
    each = ndcg(hits_of(top, held, asked), np.diff(held.indptr)[asked])
    return {"mean": float(each.mean()), "error": float(each.std() / np.sqrt(len(each)))}


def tables(measured: dict[str, Any]) -> str:
    """The benchmark as Markdown."""
    return "\n\n".join("\n".join(_table(size)) for size in measured["sizes"])


def _table(measured: dict[str, Any]) -> list[str]:
    alone = measured["alone"]
    size = (
        f"{measured['plays']:,} plays ({measured['learned']:,} of them learned from), {measured['users']:,} listeners × "
        f"{measured['items']:,} items, {measured['epochs']} epochs"
    )
    columns = (
        "processes", "memory: codes apart", "weights apart", "network alone, NDCG@20", "peak MiB", "data MiB",
        "× N of one process", "memory, CPU s", "network, CPU s", "wall s", "MiB sent: parts, memory, network",
    )  # fmt: skip
    own = alone["peak_mebibytes"] - alone["loaded_mebibytes"]
    cells = [
        ["one, as ever", "", "", _told(alone["ndcg"]), f"{alone['peak_mebibytes']:,.0f}", f"{own:,.0f}", "1.00",
         f"{alone['memory']:.1f}", f"{alone['network']:.1f}", f"{alone['wall']:.0f}", ""],
        *(_cells(row) for row in measured["workers"]),
    ]  # fmt: skip
    lines = [f"{size}; CPU seconds of the busiest process, MiB of the largest one.", ""]
    lines += [f"| {' | '.join(columns)} |", "|--:" * len(columns) + "|"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in cells)]


def _cells(row: dict[str, Any]) -> list[str]:
    return [
        str(row["workers"]),
        f"{row['code_difference']:.1e}",
        f"{row['weight_difference']:.1e}",
        _told(row["ndcg"]),
        f"{row['peak_mebibytes']:,.0f}",
        f"{row['data_mebibytes']:,.0f}",
        f"{row['share_of_one'] * row['workers']:.2f}",
        f"{row['memory']:.1f}",
        f"{row['network']:.1f}",
        f"{row['wall']:.0f}",
        ", ".join(f"{sent:,.0f}" for sent in row["sent_mebibytes"]),
    ]


def _told(measured: dict[str, float]) -> str:
    return f"{measured['mean']:.4f} ± {measured['error']:.4f}"
