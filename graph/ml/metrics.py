"""Ranking metrics as pure functions of hits and positions.

``hits`` is [B, k] boolean: was the item at this rank one of the viewer's held-out items.
``relevant`` is [B]: how many held-out items the viewer has, at least one. Every function returns one value
a viewer [B], so that the caller can average, pair and resample.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.arrays import Doubles, Floats, Mask

AnyInts = NDArray[np.integer[Any]]


def recall(hits: Mask, relevant: AnyInts) -> Doubles:
    """Share of the held-out items found among the first k."""
    return np.asarray(hits.sum(axis=1) / relevant, dtype=np.float64)


def ndcg(hits: Mask, relevant: AnyInts) -> Doubles:
    """Discounted gain over the best possible at this k (binary relevance, log2 discount)."""
    discount = 1 / np.log2(np.arange(2, hits.shape[1] + 2))
    ideal = np.cumsum(discount)[np.minimum(relevant, hits.shape[1]) - 1]
    # Added up in the order of the ideal, so that a perfect ranking is 1 and not a rounding more.
    gained = np.cumsum(hits * discount, axis=1)[:, -1]
    return np.asarray(gained / ideal, dtype=np.float64)


def reciprocal_rank(hits: Mask) -> Doubles:
    """One over the rank of the first hit; 0 without a hit."""
    first = hits.argmax(axis=1) + 1
    return np.where(hits.any(axis=1), 1 / first, 0.0)


def coverage(top: AnyInts, items: int) -> float:
    """Share of the catalog that is shown to anyone."""
    return len(np.unique(top)) / items


def novelty(top: AnyInts, popularity: AnyInts, viewers: int) -> Doubles:
    """Mean self-information −log2(p) of the shown items, p smoothed by one listener."""
    share = (popularity + 1) / (viewers + 1)
    return np.asarray(-np.log2(share)[top].mean(axis=1), dtype=np.float64)


def diversity(top: AnyInts, vectors: Floats) -> Doubles:
    """One minus the mean cosine between two different shown items."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(length > 0, length, 1)
    shown = unit[top].astype(np.float64)
    gram = np.einsum("bkd,bd->b", shown, shown.sum(axis=1)) - np.einsum("bkd,bkd->b", shown, shown)
    k = top.shape[1]
    return np.asarray(1 - gram / max(k * (k - 1), 1), dtype=np.float64)


def popularity_gap(top: AnyInts, history: list[AnyInts], popularity: AnyInts) -> Doubles:
    """Mean log popularity of what is shown less that of what the viewer plays; 0 is calibrated."""
    level = np.log1p(popularity)
    return np.array(
        [level[shown].mean() - level[own].mean() for shown, own in zip(top, history, strict=True)]
    )


def interval(values: Doubles, *, seed: int = 0, rounds: int = 2000) -> tuple[float, float]:
    """Bootstrap 95 % interval of the mean over viewers."""
    rng = np.random.default_rng(seed)
    means = [values[rng.integers(len(values), size=len(values))].mean() for _ in range(rounds)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def ratio_interval(
    ours: Doubles, theirs: Doubles, *, seed: int = 0, rounds: int = 2000
) -> tuple[float, float]:
    """Paired bootstrap 95 % interval of mean(ours) / mean(theirs) over the same viewers."""
    rng = np.random.default_rng(seed)
    ratios = []
    for _ in range(rounds):
        drawn = rng.integers(len(ours), size=len(ours))
        ratios.append(ours[drawn].mean() / theirs[drawn].mean())
    low, high = np.quantile(ratios, [0.025, 0.975])
    return float(low), float(high)
