"""Per-viewer values of a comparison, added up over splits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from graph.arrays import Doubles, Floats, Rows
from graph.ml import metrics
from graph.ml.data import View
from graph.ml.evaluate import K, hits_of

OURS = "earshot"
MAIN = "main"  # the measure a table is ordered by
Measured = dict[str, Doubles]


class Tally:
    """Values of each method and measure [viewers], a part a split, and the CPU seconds of each fit."""

    def __init__(self) -> None:
        self.values: dict[str, list[Measured]] = {}
        self.seconds: dict[str, list[float]] = {}

    def add(self, name: str, values: Measured, seconds: float = 0.0) -> None:
        """One split's values of a method; ``values`` holds MAIN."""
        self.values.setdefault(name, []).append(values)
        self.seconds.setdefault(name, []).append(seconds)

    def all(self, name: str, measure: str = MAIN) -> Doubles:
        return np.concatenate([part[measure] for part in self.values[name]])

    def rows(self) -> dict[str, dict[str, Any]]:
        """Mean, interval, other measures and CPU seconds by method, best first."""
        rows: dict[str, dict[str, Any]] = {
            name: {
                "mean": float(self.all(name).mean()),
                "interval": metrics.interval(self.all(name)),
                "by_seed": [float(part[MAIN].mean()) for part in parts],
                "viewers": len(self.all(name)),
                "cpu_seconds": float(np.mean(self.seconds[name])),
                "also": {
                    measure: float(self.all(name, measure).mean()) for measure in parts[0] if measure != MAIN
                },
            }
            for name, parts in self.values.items()
        }
        return dict(sorted(rows.items(), key=lambda row: -row[1]["mean"]))

    def ratio(self, other: str, ours: str = OURS) -> dict[str, Any]:
        """Ours to another method's mean over the same viewers, with a paired interval."""
        mine, theirs = self.all(ours), self.all(other)
        return {
            "to": other,
            "ratio": float(mine.mean() / theirs.mean()),
            "interval": metrics.ratio_interval(mine, theirs),
            "by_seed": [
                float(a[MAIN].mean() / b[MAIN].mean())
                for a, b in zip(self.values[ours], self.values[other], strict=True)
            ],
        }

    def ratios(self, others: Sequence[str]) -> list[dict[str, Any]]:
        """A ratio to each of ``others`` once, in order."""
        return [self.ratio(name) for name in dict.fromkeys(others)]

    def best(self, names: Sequence[str]) -> str:
        return max((name for name in names if name in self.values), key=lambda name: self.all(name).mean())


def measured(
    top: Rows,
    held: sp.csr_matrix,
    users: Rows,
    view: View,
    vectors: Floats,
) -> Measured:
    """Every metric of rankings ``top`` [B, K]; diversity is by ``vectors`` [N, d], the same for all methods."""
    hits, relevant = hits_of(top, held, users), np.diff(held.indptr)[users]
    plays = view.plays[users]
    history = [plays.indices[a:b] for a, b in zip(plays.indptr, plays.indptr[1:], strict=False)]
    gap = metrics.popularity_gap(top, [own if len(own) else shown for own, shown in zip(history, top, strict=True)],
                                 view.players)  # fmt: skip
    return {
        MAIN: metrics.ndcg(hits, relevant),
        f"recall@{K}": metrics.recall(hits, relevant),
        "mrr": metrics.reciprocal_rank(hits),
        "coverage": np.full(len(users), metrics.coverage(top, len(view.ids))),
        "novelty": metrics.novelty(top, view.players, view.plays.shape[0]),
        "diversity": metrics.diversity(top, vectors),
        "popularity_gap": gap,
    }
