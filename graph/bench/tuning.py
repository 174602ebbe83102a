"""ALS's parameters, searched on a validation split inside the training part.

A grid of four dozen fits takes longer than everything else in a comparison, and depends on the
training part alone: each fit's result may be kept in a file under that part's content hash.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from graph.bench import peers
from graph.ml import metrics
from graph.ml.data import views
from graph.ml.evaluate import hits_of, rank
from graph.ml.split import held_out, split_snapshot
from graph.snapshot import GraphSnapshot

ALS_GRID: list[dict[str, Any]] = [
    {"factors": f, "alpha": a, "regularization": r}
    for f in (128, 192, 256)
    for a in (5.0, 10.0, 20.0, 40.0)
    for r in (30.0, 60.0, 120.0, 200.0)
]
VALIDATION = 1_000  # added to a split's seed for the split inside it


class TuningCache:
    """Validation scores by training part and parameters; in memory alone without a path."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._known: dict[str, dict[str, float]] = {}
        if path and path.exists():
            self._known = json.loads(path.read_text(encoding="utf-8"))

    def get(self, part: str, choice: dict[str, Any]) -> float | None:
        return self._known.get(part, {}).get(_name(choice))

    def put(self, part: str, choice: dict[str, Any], score: float) -> None:
        """Keep a score, written at once so that an interrupted search goes on where it was."""
        self._known.setdefault(part, {})[_name(choice)] = score
        if self._path:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(self._known, indent=1) + "\n", encoding="utf-8")


def tune_als(
    train: GraphSnapshot, *, seed: int, cache: TuningCache, grid: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The grid's best ALS by NDCG@20 on a validation split of ``train``."""
    grid = ALS_GRID if grid is None else grid
    part = f"{train.content_hash}:{seed + VALIDATION}"
    split = split_snapshot(train, seed=seed + VALIDATION)
    view = next(v for v in views(split.train) if held_out(v, split).nnz)
    held = held_out(view, split)
    users = np.flatnonzero(np.diff(held.indptr)).astype(np.int64)

    def score(choice: dict[str, Any]) -> float:
        known = cache.get(part, choice)
        if known is None:
            top = rank(peers.als(view, **choice, seed=seed), view.plays, users, seed=seed)
            hits = hits_of(top, held, users)
            known = float(metrics.ndcg(hits, np.diff(held.indptr)[users]).mean())
            cache.put(part, choice, known)
        return known

    return max(grid, key=score)


def _name(choice: dict[str, Any]) -> str:
    return json.dumps(choice, sort_keys=True)
