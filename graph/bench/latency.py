"""What a request costs as items grow: every item scored, or candidates proposed by faiss."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import faiss
import numpy as np
from django.test.utils import override_settings
from threadpoolctl import threadpool_limits

from graph.arrays import Floats, Rows
from graph.bench.generate import Size, generate
from graph.ml.config import BlendConfig, ItemItemConfig
from graph.ml.data import track_view
from graph.ml.evaluate import evidence_of
from graph.ml.item_item import fit_item_item
from graph.ml.progress import Progress, silent
from graph.ml.train import assemble_view, index_assembled
from graph.serving import candidates
from graph.serving.ann import nearest_items
from graph.serving.channels import Evidence
from graph.serving.index import ItemIndex
from graph.serving.places import top_rows

SIZES = (100_000, 300_000, 1_000_000)
ITEM_ITEM = ItemItemConfig(dims=64)
LISTENERS = 100
PLAYS_A_TRACK = 10  # as generated
K = 20


def benchmark(sizes: Sequence[int] = SIZES, *, progress: Progress = silent) -> dict[str, Any]:
    """A row a size; one thread."""
    faiss.omp_set_num_threads(1)
    rows = []
    for position, items in enumerate(sizes):
        progress(position / len(sizes), f"{items:,} items")
        with threadpool_limits(1), override_settings(EXACT_ITEMS=0):
            rows.append(measure(items))
    return {"dims": ITEM_ITEM.dims, "listeners": LISTENERS, "k": K, "sizes": rows}


def measure(items: int) -> dict[str, Any]:
    """Milliseconds of the first ``K`` new items both ways (the median over listeners), and their agreement."""
    index, evidences = _served(items)
    index.queries, index.keys  # noqa: B018 a process makes them once
    start = time.process_time()
    lists = nearest_items(index, wait=True)
    built = time.process_time() - start
    exact, exact_ms = _timed(lambda evidence: _every(index, evidence), evidences)
    proposed, proposed_ms = _timed(lambda evidence: _proposed(index, evidence), evidences)
    return {
        "items": len(index),
        "exact_ms": exact_ms,
        "lists_ms": proposed_ms,
        "recall": float(
            np.mean(
                [np.isin(best, candidates).mean() for best, candidates in zip(exact, proposed, strict=True)]
            )
        ),
        "build_cpu_seconds": built,
        "vectors_mebibytes": index.queries.nbytes / 2**20,
        "lists_mebibytes": lists.size / 2**20 if lists else 0.0,
    }


def _served(items: int) -> tuple[ItemIndex, list[Evidence]]:
    view = track_view(generate(Size(plays=items * PLAYS_A_TRACK)))
    item_item = fit_item_item(view, ITEM_ITEM, seed=0)
    arrays, described = assemble_view(view, [item_item], BlendConfig())
    index = index_assembled(view, arrays, described)
    heard = np.flatnonzero(np.diff(view.plays.indptr))
    drawn = np.random.default_rng(0).choice(heard, min(LISTENERS, len(heard)), replace=False)
    return index, [evidence_of(view, int(user), friends=False) for user in drawn]


def _every(index: ItemIndex, evidence: Evidence) -> Rows:
    scores = index.scores(evidence)
    scores[evidence.key_row] = -np.inf
    return np.asarray(top_rows(scores[None, :], K)[0])


def _proposed(index: ItemIndex, evidence: Evidence) -> Rows:
    rows = candidates.proposed(index, [evidence], K, known=np.unique(evidence.key_row))
    if rows is None:
        return _every(index, evidence)
    scores: Floats = index.scores_of(evidence, rows)
    return np.asarray(rows[top_rows(scores[None, :], K)[0]])


def _timed(answer: Callable[[Evidence], Rows], evidences: Sequence[Evidence]) -> tuple[list[Rows], float]:
    answers, spent = [], []
    for evidence in evidences:
        start = time.thread_time()
        answers.append(answer(evidence))
        spent.append(time.thread_time() - start)
    return answers, float(np.median(spent) * 1000)


def table(measured: dict[str, Any]) -> str:
    """The benchmark as Markdown."""
    lines = [
        f"{measured['dims']} dimensions, the first {measured['k']} of {measured['listeners']} listeners; median CPU ms, one thread.",
        "",
        "| items | every item scored | faiss and re-scored | recall | lists' making, CPU s | float vectors, MiB | lists, MiB |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {row['items']:,} | {row['exact_ms']:.1f} | {row['lists_ms']:.1f} | {row['recall']:.4f} "
        f"| {row['build_cpu_seconds']:.1f} | {row['vectors_mebibytes']:,.0f} | {row['lists_mebibytes']:,.0f} |"
        for row in measured["sizes"]
    ]
    return "\n".join(lines)
