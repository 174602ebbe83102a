"""Sums of the listeners here for other installations: what two items' plays have in common, and words, each of enough people.

Goes in: a snapshot of what may be passed on. Comes out: a signed document. A sum that fewer than ``SMALLEST_AGGREGATE`` people
are behind does not leave; circles of friends and near copies are judged here and stay here (docs/federation.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from accounts import policies
from graph.arrays import Floats, Rows
from graph.elsewhere.document import SUMS, document_write
from graph.elsewhere.laid_over import ROWS_TOLD, UNIT
from graph.elsewhere.names import Named, names_write
from graph.exchange.export import people_shown
from graph.exchange.floors import items_leaving, nothing_leaves, people_counted, words_leaving
from graph.exchange.travelling import Names, travelling
from graph.ml.coarse import coarse_steps
from graph.ml.config import ItemItemConfig, RecommenderConfig
from graph.ml.data import View, incidence, views
from graph.ml.item_item import play_rows
from graph.snapshot import GraphSnapshot, Taggings


@dataclass(frozen=True)
class Noise:
    """What is added to each sum: see `scale`."""

    epsilon: float
    delta: float = 1e-6
    longest: float = 25.0  # a listener's row is cut to this squared length, about the mean of those measured

    @property
    def scale(self) -> float:
        """Standard deviation by which one listener's part of all sums together is hidden (Gaussian mechanism; Dwork and Roth 2014, A.1)."""
        return self.longest * float(np.sqrt(2 * np.log(1.25 / self.delta))) / self.epsilon

    def told(self) -> dict[str, float]:
        """What a document says of it."""
        return {"epsilon": self.epsilon, "delta": self.delta, "scale": self.scale}


def contribution(
    snapshot: GraphSnapshot,
    ours: Named,
    *,
    secret: str,
    told: Mapping[str, Any],
    noise: Noise | None = None,
    least: int = policies.SMALLEST_AGGREGATE,
) -> bytes:
    """The document. Raises Conflict (BUNDLE_EMPTY) where nothing is above the floor of ``least`` people."""
    config, seen = RecommenderConfig().memory, views(snapshot)
    names = names_leaving(snapshot, ours, seen, least=least)
    arrays, described = names_write(names.named), {}
    for view in seen:
        kept = names.kept[view.kind]
        length = np.diff(view.taught.indptr)
        if len(kept):
            section: dict[str, NDArray[Any]] = {
                "items": names.items(view.kind),
                "people": _people(view)[kept],
                **_pairs(view, kept, config, noise, least),
                **_words(snapshot, view, kept, names, people_counted(seen), least),
            }
            arrays |= {f"{view.kind.lower()}.{name}": array for name, array in section.items()}
            described[view.kind] = {"listeners": int((length > 0).sum()), "plays": int(view.taught.nnz)}
    if not described:
        raise nothing_leaves()
    manifest = {
        **told,
        "type": SUMS,
        "floors": {"people": least},
        "rows": rows_told(config),
        "noise": None if noise is None else noise.told(),
        "views": described,
    }
    return document_write(manifest, arrays, secret)


def names_leaving(
    snapshot: GraphSnapshot, ours: Named, seen: Sequence[View], *, least: int, most: int | None = None
) -> Names:
    """What sums are told of: items of ``least`` people or more, of each kind the ``most`` played of them, and words."""
    leaving = {}
    for view in seen:
        items = items_leaving(view, least=least)
        order = np.argsort(-view.listeners[items].astype(np.int64), kind="stable")
        leaving[view.kind] = np.sort(items[order[:most]])
    return travelling(
        ours,
        leaving=leaving,
        listeners={view.kind: view.listeners for view in seen},
        words=words_leaving(snapshot, seen),
        makers=snapshot.artists_open,
    )


def rows_told(config: ItemItemConfig) -> dict[str, float]:
    """How plays become rows: sums of rows that were made otherwise do not add up."""
    return {name: float(getattr(config, name)) for name in ROWS_TOLD}


def _people(view: View) -> NDArray[np.int64]:
    steps = coarse_steps(view.ids, view.listeners.astype(np.int64), policies.SMALLEST_AGGREGATE, None)
    return np.rint(people_shown(view, steps.astype(np.int8))).astype(np.int64)


def _pairs(
    view: View, kept: Rows, config: ItemItemConfig, noise: Noise | None, least: int
) -> dict[str, NDArray[Any]]:
    """The upper triangle of the plays' Gram matrix over kept items, in whole numbers, where enough people play both."""
    rows = play_rows(view, config).astype(np.float64)[:, kept]
    people = view.taught[:, kept].astype(np.float64)
    people.data = np.repeat(np.sqrt(view.distinct.astype(np.float64)), np.diff(people.indptr))
    enough = sp.triu(people.T @ people).tocsr()
    enough.data = (np.rint(enough.data) >= least).astype(np.float64)
    enough.eliminate_zeros()
    if noise is not None:
        squared = np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
        rows = sp.diags(np.sqrt(noise.longest / np.maximum(squared, noise.longest))) @ rows
    sums = enough.multiply(sp.triu(rows.T @ rows)).tocsr()
    # What is a pair by enough people stays one, whatever its sum.
    pairs = (sums + enough).tocoo()
    value = pairs.data - 1.0
    if noise is not None:
        value = value + np.random.default_rng().normal(scale=noise.scale, size=len(value))
    return {
        "pair_low": pairs.row.astype(np.int32),
        "pair_high": pairs.col.astype(np.int32),
        "pair_sum": np.rint(value / UNIT).astype(np.int64),
    }


def _words(
    snapshot: GraphSnapshot, view: View, kept: Rows, names: Names, people: Floats, least: int
) -> dict[str, NDArray[Any]]:
    """How many people, or the catalog, use each word for each kept item; a track's artist's words are the track's."""
    said = _said(snapshot.artist_tags, people, (len(snapshot.tags), len(snapshot.artists)), least)
    if view.kind == "TRACK":
        of_tracks = _said(snapshot.track_tags, people, (len(snapshot.tags), len(snapshot.tracks)), least)
        said = (of_tracks + said @ view.artists).tocsr()
    words = said[:, kept].tocoo()
    tag = names.tags[words.row]
    there = tag >= 0
    return {
        "tag": tag[there].astype(np.int32),
        "tag_item": words.col[there].astype(np.int32),
        "tag_count": words.data[there].astype(np.int64),
    }


def _said(taggings: Taggings, people: Floats, shape: tuple[int, int], least: int) -> sp.csr_matrix:
    """Counts [G, N] of the catalog, and of listeners where ``least`` say so, near copies of one another as one."""
    listeners = taggings.user >= 0
    catalog, each = (
        incidence(taggings.tag[mask], taggings.item[mask], shape) for mask in (~listeners, listeners)
    )
    where = taggings.tag[listeners], taggings.item[listeners]
    counted = sp.csr_matrix((people[taggings.user[listeners]].astype(np.float64), where), shape=shape)
    counted.data = (np.rint(counted.data) >= least).astype(np.float64)
    return (catalog + each.multiply(counted)).tocsr()
