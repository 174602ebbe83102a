"""What an item nobody plays is probably like, from what it is called.

A source that learns from plays alone has nothing to say about such an item. Its vector is
regressed on the tag profiles of the items that are played (a ridge regression, solved for all
columns at once by conjugate gradients); its length grows with how much it is tagged, which is all
that is known of how popular it will be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from graph.arrays import Doubles, Floats, Ints, Rows
from graph.elsewhere.sums import added
from graph.ml.config import ContentConfig
from graph.ml.data import View

MIN_KNOWN = 20  # items played and tagged, below which nothing can be regressed


@dataclass(frozen=True, kw_only=True)
class Imputed:
    """Vectors for items without listeners."""

    rows: Rows  # [C] items that have features and no listener
    codes: Floats  # [C, d] of length one
    size: Floats  # [C] how loud each is as a candidate; 1 is an item that is tagged as played ones are


def impute(view: View, codes: Floats, listeners: Ints, config: ContentConfig) -> Imputed:
    """Vectors of the items without ``listeners`` [N] from the ``codes`` [N, d] of the others."""
    profiles, amount = profiles_of(view, config)
    tagged = np.diff(profiles.indptr) > 0
    known, unknown = tagged & (listeners > 0), tagged & (listeners == 0)
    rows = np.flatnonzero(unknown)
    if known.sum() < MIN_KNOWN or not len(rows):
        rows = rows[:0]
        return Imputed(rows=rows, codes=codes[rows], size=np.zeros(0, dtype=np.float32))
    weight = np.sqrt(listeners[known]).astype(np.float64)
    mapped = _ridge(profiles[known], codes[known].astype(np.float64), weight, config)
    predicted = profiles[rows] @ mapped
    length = np.linalg.norm(predicted, axis=1, keepdims=True)
    usual = np.average(amount[known], weights=weight)
    return Imputed(
        rows=rows,
        codes=np.asarray(predicted / np.where(length > 0, length, 1), dtype=np.float32),
        size=np.asarray(config.gain * amount[rows] / max(usual, 1e-6), dtype=np.float32),
    )


def profiles_of(view: View, config: ContentConfig) -> tuple[sp.csr_matrix, Doubles]:
    """Unit tag (and artist) profiles [N, F], rare names louder, and log1p of each item's tags [N]."""
    tags = view.tags if view.elsewhere is None else added(view.tags, view.elsewhere.tags)
    features = sp.vstack([tags, view.artists]).tocsr().astype(np.float64)
    amount = np.log1p(np.asarray(features.sum(axis=0)).ravel())
    frequency = np.diff(features.indptr)
    kept = frequency >= config.min_items
    features = features[kept]
    features.data = features.data**config.count_power
    rarity = np.log(max(len(view.ids), 2) / frequency[kept].clip(1)).clip(0) ** config.rarity_power
    profiles = (features.T @ sp.diags(rarity)).tocsr()
    profiles.eliminate_zeros()
    return unit_rows(profiles), amount


def unit_rows(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Rows divided by their length; empty ones stay empty."""
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return (sp.diags(1 / np.where(length > 0, length, 1)) @ matrix).tocsr()


def _ridge(inputs: sp.csr_matrix, targets: Doubles, weight: Doubles, config: ContentConfig) -> Doubles:
    """Argmin over B of Σ weight · |inputs B − targets|² + ridge · |B|², every column at once."""
    weighted = sp.diags(weight) @ inputs
    residual = np.asarray(weighted.T @ targets)
    solution, direction = np.zeros_like(residual), residual.copy()
    size = (residual**2).sum(axis=0)
    for _ in range(config.rounds):
        moved = weighted.T @ (inputs @ direction) + config.ridge * direction
        step = size / np.maximum((direction * moved).sum(axis=0), 1e-30)
        solution += step * direction
        residual -= step * moved
        before, size = size, (residual**2).sum(axis=0)
        direction = residual + size / np.maximum(before, 1e-30) * direction
    return solution
