"""A large model with the shape of a small one: items between neighbors of a model that was fitted, for measuring what serving costs.

Each made item lies between an item of the small model and one of that one's nearest, with noise of a part of its length,
separately in each source; its popularity and how it counts as evidence are near that item's. So norms, directions,
clusters and the skew of popularity are the small model's, and an item has as many close neighbors as the large model is
larger. Items that the small one learned nothing of are left out, which makes the task harder: no item is far from all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.arrays import Floats, Ints, Rows
from graph.ml.rounding import pack, quantize
from graph.serving.friend_index import unit_rows
from graph.serving.index import ItemIndex

NEAR = 10  # neighbors of an item that made ones lie towards
TOWARDS = 0.5  # of the way to one at most
NOISE = 0.3  # of the length of a vector, in each source
CHUNK = 50_000  # items made at a time
STYLES = 24
TASTES, STEPS, STRAY = (
    3,
    3,
    0.3,
)  # of a listener: where they begin, how far they walk from there; plays from anywhere


@dataclass(frozen=True, eq=False)
class Spread:
    """Arrays of a view of an artifact, and how listeners of it may be made up."""

    arrays: dict[str, NDArray[Any]]
    near: Rows  # [m, NEAR] of each item of the small model that was learned
    weight: Floats  # [m] how often it is begun from, adding up to one
    by_origin: Rows  # made rows, in order of the item they were made from …
    starts: Rows  # … and where in that order those of each begin [m + 1]

    def played(self, count: int, rng: np.random.Generator) -> Rows:
        """Rows that a listener with a few tastes plays (ascending, each once, at most ``count``)."""
        at = rng.choice(len(self.weight), TASTES, p=self.weight)[rng.integers(TASTES, size=count)]
        for _ in range(STEPS):
            walks = rng.random(count) < 0.5
            at = np.where(walks, self.near[at, rng.integers(NEAR, size=count)], at)
        stray = rng.random(count) < STRAY
        at[stray] = rng.choice(len(self.weight), int(stray.sum()), p=self.weight)
        sizes = self.starts[at + 1] - self.starts[at]
        rows = self.by_origin[self.starts[at] + (rng.random(count) * sizes).astype(np.int64)]
        return np.unique(rows[sizes > 0])


def spread(base: ItemIndex, items: int, *, seed: int = 0) -> Spread:
    """``items`` items with ids from 1 on."""
    rng = np.random.default_rng(seed)
    learned = np.flatnonzero(base.query_rows(np.arange(len(base))).any(axis=1))
    queries, keys = base.query_rows(learned), base.key_vectors(learned)
    near = _nearest(unit_rows(queries))
    origin = rng.integers(len(learned), size=items)
    widths = [source.stop - source.start for source in base.sources]
    codes = np.empty((items, base.dim), dtype=np.int8)
    query_scale = np.empty((items, len(widths)), dtype=np.float32)
    for start in range(0, items, CHUNK):
        part = slice(start, start + CHUNK)
        codes[part], query_scale[part] = quantize(_between(queries, near, origin[part], widths, rng), widths)
    prior = base.prior[learned]
    arrays: dict[str, NDArray[Any]] = {
        "ids": np.arange(1, items + 1),
        "open": np.ones(items, dtype=bool),
        "prior": (prior[origin] * rng.uniform(0.8, 1.0, items)).astype(np.float32),
        "step": np.zeros(items, dtype=np.int8),
        "style": (origin % STYLES).astype(np.int8),
        "codes": codes,
    }
    key_scale = query_scale * _ratios(keys, queries, widths)[origin]
    for name, scale in (("key", key_scale), ("query", query_scale)):
        arrays[f"{name}_scale"], arrays[f"{name}_unit"] = pack(scale)
    for kind in ("tag", "artist"):
        arrays[f"{kind}_ids"] = np.zeros(0, dtype=np.int64)
        arrays[f"{kind}_keys"] = np.zeros((0, base.dim), dtype=np.float32)
    weight = prior + prior.max() / 100
    return Spread(
        arrays, near, weight / weight.sum(), np.argsort(origin, kind="stable"),
        np.searchsorted(np.sort(origin), np.arange(len(learned) + 1)),
    )  # fmt: skip


def _nearest(units: Floats) -> Rows:
    near = np.empty((len(units), NEAR), dtype=np.int64)
    for start in range(0, len(units), 1_000):
        alike = units[start : start + 1_000] @ units.T
        alike[np.arange(len(alike)), start + np.arange(len(alike))] = -np.inf
        near[start : start + 1_000] = np.argpartition(-alike, NEAR - 1, axis=1)[:, :NEAR]
    return near


def _between(
    queries: Floats, near: Rows, origin: Ints, widths: list[int], rng: np.random.Generator
) -> Floats:
    towards = near[origin, rng.integers(NEAR, size=len(origin))]
    share = rng.uniform(0, TOWARDS, (len(origin), 1)).astype(np.float32)
    made: Floats = (1 - share) * queries[origin] + share * queries[towards]
    start = 0
    for width in widths:
        part = made[:, start : start + width]
        length = np.linalg.norm(part, axis=1, keepdims=True)
        part += NOISE / np.sqrt(width) * length * rng.standard_normal(part.shape, dtype=np.float32)
        start += width
    return made


def _ratios(keys: Floats, queries: Floats, widths: list[int]) -> Floats:
    """How much longer each item is as evidence than as a candidate, in each source [m, S]."""
    edges = np.cumsum([0, *widths])[:-1]
    long, short = (np.sqrt(np.add.reduceat(vectors**2, edges, axis=1)) for vectors in (keys, queries))
    return np.divide(long, short, out=np.zeros_like(long), where=short > 0)
