"""A model of music for other installations: trained for that alone, on people who allowed it, and without anything local.

Goes in: a snapshot of what may be passed on, and what its music is called elsewhere. Comes out: a signed document, in which
stand vectors of items above the floor, words by name, how evidence counts, and the rows that another training can begin with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accounts import policies
from graph.arrays import Floats, Mask, Rows
from graph.elsewhere.document import MODEL, document_write
from graph.elsewhere.names import Named, names_write
from graph.exchange.floors import items_leaving, nothing_leaves, words_leaving
from graph.exchange.travelling import Names, travelling
from graph.ml.coarse import people_of
from graph.ml.config import RecommenderConfig
from graph.ml.data import LEAST_LISTENERS, Called, View, views
from graph.ml.factorize import eigenvectors
from graph.ml.item_item import length_scale, memory_gram, ridge_of
from graph.ml.progress import Progress, silent
from graph.ml.rounding import quantize
from graph.ml.train import FittedRecommender, fit
from graph.ml.words import fit_words
from graph.serving.index import ItemIndex
from graph.snapshot import GraphSnapshot

DTYPES = ("float32", "float16", "int8")
BY_ITEM = ("codes", "key_scale", "query_scale", "prior", "step", "style")
WHOLE = ("key_unit", "query_unit", "tag_unit", "artist_unit", "taste_mean", "taste_turn")


@dataclass(frozen=True, kw_only=True)
class Exported:
    """The file, and the model in it as this installation would serve it: for measuring."""

    blob: bytes
    fitted: FittedRecommender
    items: Mapping[str, int]  # by kind, how many travel


def export_document(
    snapshot: GraphSnapshot,
    ours: Named,
    config: RecommenderConfig,
    *,
    secret: str,
    told: Mapping[str, Any],
    dtype: str = "int8",
    blends: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> Exported:
    """Train on ``snapshot`` and sign what may leave of it.

    ``ours``: what the catalog's rows are called, in the snapshot's order. ``told``: of the manifest, what is not of the model.
    Raises Conflict (BUNDLE_EMPTY) where nothing is above the floor.
    """
    fitted = fit(snapshot, config, blends=blends, rounded=dtype == "int8", progress=progress)
    artifact = fitted.artifact()
    seen = views(snapshot)
    names = travelling(
        ours,
        leaving={view.kind: items_leaving(view, least=LEAST_LISTENERS) for view in seen},
        listeners={view.kind: view.listeners for view in seen},
        words=words_leaving(snapshot, seen),
        makers=snapshot.artists_open,
    )
    if not any(len(rows) for rows in names.kept.values()):
        raise nothing_leaves()
    arrays, described = names_write(names.named), {}
    for view in seen:
        index = artifact.index(view.kind)
        if index is None or not len(names.kept[view.kind]):
            continue
        section = _view_arrays(view, fitted, index, names, dtype)
        described[view.kind] = _told_of(view, fitted.description["views"][view.kind])
        arrays |= {f"{view.kind.lower()}.{name}": array for name, array in section.items()}
    arrays |= {n: a for n, a in fitted.arrays.items() if n.startswith("pairs.")}
    manifest = {
        **told,
        "type": MODEL,
        "dtype": dtype,
        "floors": {"learned": LEAST_LISTENERS, "aggregate": policies.SMALLEST_AGGREGATE},
        "views": described,
        "pairs": fitted.description["pairs"],
        "config": asdict(config),
    }
    items = {kind: len(names.kept[kind]) for kind in described}
    return Exported(blob=document_write(manifest, arrays, secret), fitted=fitted, items=items)


def _told_of(view: View, described: Mapping[str, Any]) -> dict[str, Any]:
    """What the manifest says of one kind of item."""
    length = np.diff(view.taught.indptr)
    return {
        **described,
        "unit": view.unit,
        "listeners": max(int((length > 0).sum()), 1),
        "plays": max(view.taught.nnz, 1),
    }


def _view_arrays(
    view: View, fitted: FittedRecommender, index: ItemIndex, names: Names, dtype: str
) -> dict[str, NDArray[Any]]:
    kept = names.kept[view.kind]
    prefix = f"{view.kind.lower()}."
    served = {n.removeprefix(prefix): a for n, a in fitted.arrays.items() if n.startswith(prefix)}
    arrays: dict[str, NDArray[Any]] = {name: served[name][kept] for name in BY_ITEM}
    arrays |= {name: served[name] for name in WHOLE if name in served}
    arrays["items"] = names.items(view.kind)
    arrays["people"] = np.rint(people_shown(view, served["step"]))[kept].astype(np.int64)
    for kind, ids, place in (("tag", view.tag_ids, names.tags), ("artist", view.artist_ids, names.artists)):
        of = place[np.searchsorted(ids, served[f"{kind}_ids"])] if len(ids) else np.zeros(0, np.int64)
        there = of >= 0
        arrays[f"{kind}_places"] = of[there].astype(np.int32)
        arrays |= {name: served[name][there] for name in (f"{kind}_keys", f"{kind}_scale") if name in served}
    arrays |= _as(
        dtype, starter_rows(view, fitted.config)[:, kept].T, starter_weight(view, fitted.config)[kept]
    )
    narrow = narrowed(view, kept, names.tags >= 0)
    arrays |= fit_words(narrow, index.query_rows(kept))
    if dtype == "float16":
        arrays |= {
            n: arrays[n].astype(np.float16) for n in ("codes", "tag_keys", "artist_keys") if n in arrays
        }
    return arrays


def people_shown(view: View, step: NDArray[np.int8]) -> Floats:
    """About how many people play each item [N], as far as a model may say it."""
    return people_of(step.astype(np.int64), policies.SMALLEST_AGGREGATE)


def starter_rows(view: View, config: RecommenderConfig) -> Floats:
    """Rows [d, N] whose products are nearly those of all that was learned from: the first directions of the Gram matrix.

    They are free of the mean length of a listener's row, as sums between installations are.
    """
    gram, weight = memory_gram(view, config.memory)
    squared, right = eigenvectors(
        gram, min(config.memory.dims, gram.size - 1), rounds=config.memory.rounds, seed=config.seed
    )
    root = np.sqrt(ridge_of(weight, config.memory))[:, None]
    return np.asarray(
        (right * np.sqrt(squared) * root).T / np.sqrt(length_scale(view, config.memory)), np.float32
    )


def starter_weight(view: View, config: RecommenderConfig) -> Floats:
    """The whole diagonal [N] of that Gram matrix."""
    _, weight = memory_gram(view, config.memory)
    return np.asarray(weight / length_scale(view, config.memory), dtype=np.float32)


def _as(dtype: str, rows: Floats, weight: Floats) -> dict[str, NDArray[Any]]:
    """The starter's rows [n, d], an item's in steps of its own size."""
    ones = np.ones(len(rows), dtype=np.float32)
    if dtype == "int8":
        codes, step = quantize(rows, [rows.shape[1]])
        return {"rows": codes, "rows_step": step[:, 0], "weight": weight}
    length = np.maximum(np.abs(rows).max(axis=1, initial=0), 1e-12)
    if dtype == "float16":
        return {"rows": (rows / length[:, None]).astype(np.float16), "rows_step": length, "weight": weight}
    return {"rows": rows, "rows_step": ones, "weight": weight}


def narrowed(view: View, kept: Rows, words: Mask) -> View:
    """The view of some of its items, and of what enough people call them."""
    called = view.called
    if called is not None:
        called = Called(
            titles=(), titled=called.titled[:0, kept], texts=(), tags=[called.tags[row] for row in np.flatnonzero(words).tolist()],
            names=called.names, rows=tuple(rows[kept] for rows in called.rows),
        )  # fmt: skip
    return replace(
        view, ids=view.ids[kept], open=view.open[kept], plays=view.plays[:, kept], called=called,
        tags=view.tags[np.flatnonzero(words)][:, kept], tag_ids=view.tag_ids[words],
        artists=view.artists[:, kept],
    )  # fmt: skip
