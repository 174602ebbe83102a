"""What a request costs as items grow: every item scored, or candidates proposed by faiss."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from graph.arrays import Floats, Ints
from graph.bench.generate import Size, generate
from graph.ml.config import BlendConfig, MemoryConfig
from graph.ml.data import track_view
from graph.ml.item_item import fit_memory
from graph.ml.train import Progress, assemble_view, own_evidence
from graph.serving.ann import NearestItems
from graph.serving.artifact import Artifact
from graph.serving.index import Evidence, ItemIndex, top_rows

SIZES = (100_000, 300_000, 1_000_000)
MEMORY = MemoryConfig(dims=64)
LISTENERS = 100
PLAYS_A_TRACK = 10  # as generated
K = 20


def benchmark(
    sizes: Sequence[int] = SIZES, *, progress: Progress = lambda _fraction, _message: None
) -> dict[str, Any]:
    """A row a size; one thread."""
    faiss.omp_set_num_threads(1)
    rows = []
    for position, items in enumerate(sizes):
        progress(position / len(sizes), f"{items:,} items")
        with threadpool_limits(1):
            rows.append(measure(items))
    return {"dims": MEMORY.dims, "listeners": LISTENERS, "k": K, "sizes": rows}


def measure(items: int) -> dict[str, Any]:
    """Milliseconds of the first ``K`` new items both ways (the median over listeners), and their agreement."""
    index, evidences = _served(items)
    index.queries, index.keys  # noqa: B018 a process makes them once
    start = time.process_time()
    lists = NearestItems(index)
    built = time.process_time() - start
    exact, exact_ms = _timed(lambda evidence: _every(index, evidence), evidences)
    found, found_ms = _timed(lambda evidence: _proposed(index, lists, evidence), evidences)
    return {
        "items": len(index),
        "exact_ms": exact_ms,
        "lists_ms": found_ms,
        "recall": float(
            np.mean([np.isin(one, other).mean() for one, other in zip(exact, found, strict=True)])
        ),
        "build_cpu_seconds": built,
        "vectors_mebibytes": index.queries.nbytes / 2**20,
        "lists_mebibytes": lists.size / 2**20,
    }


def _served(items: int) -> tuple[ItemIndex, list[Evidence]]:
    view = track_view(generate(Size(plays=items * PLAYS_A_TRACK)))
    memory = fit_memory(view, MEMORY, seed=0)
    arrays, described = assemble_view(view, [memory], BlendConfig())
    artifact = Artifact.assemble(
        {"views": {"TRACK": described}}, {f"track.{name}": array for name, array in arrays.items()}
    )
    index = artifact.index("TRACK")
    if index is None:
        raise ValueError("nothing was assembled")
    heard = np.flatnonzero(np.diff(view.plays.indptr))
    drawn = np.random.default_rng(0).choice(heard, min(LISTENERS, len(heard)), replace=False)
    return index, own_evidence(view, index, drawn)


def _every(index: ItemIndex, evidence: Evidence) -> Ints:
    scores = index.scores(evidence)
    scores[evidence.key_row] = -np.inf
    return np.asarray(top_rows(scores[None, :], K)[0])


def _proposed(index: ItemIndex, lists: NearestItems, evidence: Evidence) -> Ints:
    rows = lists.candidates(index, evidence, np.unique(evidence.key_row), K)
    if rows is None:
        return _every(index, evidence)
    scores: Floats = index.scores_of(evidence, rows)
    return np.asarray(rows[top_rows(scores[None, :], K)[0]])


def _timed(answer: Callable[[Evidence], Ints], evidences: Sequence[Evidence]) -> tuple[list[Ints], float]:
    found, spent = [], []
    for evidence in evidences:
        start = time.thread_time()
        found.append(answer(evidence))
        spent.append(time.thread_time() - start)
    return found, float(np.median(spent) * 1000)


def table(found: dict[str, Any]) -> str:
    """The benchmark as Markdown."""
    lines = [
        f"{found['dims']} dimensions, the first {found['k']} of {found['listeners']} listeners; median CPU ms, one thread.",
        "",
        "| items | every item scored | faiss and re-scored | recall | lists' making, CPU s | float vectors, MiB | lists, MiB |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {one['items']:,} | {one['exact_ms']:.1f} | {one['lists_ms']:.1f} | {one['recall']:.4f} "
        f"| {one['build_cpu_seconds']:.1f} | {one['vectors_mebibytes']:,.0f} | {one['lists_mebibytes']:,.0f} |"
        for one in found["sizes"]
    ]
    return "\n".join(lines)
