"""The registry of sources: what produces item vectors whose scores add up.

A source is a name and a function from a view, and the blocks of earlier sources, to a block of
vectors. To add one, write its file, name it here, and give it a weight in `BlendConfig`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from graph.ml.config import RecommenderConfig
from graph.ml.data import View
from graph.ml.item_item import Block, fit_item_item
from graph.ml.learn import fit_network
from graph.ml.progress import Progress, within
from graph.ml.prune import pruned
from graph.snapshot import GraphSnapshot

# Who fits the sources of a view: this process, or many.
FitSources = Callable[[GraphSnapshot, View, RecommenderConfig, Progress], list[Block]]
Fit = Callable[[View, Mapping[str, Block], RecommenderConfig, Progress], Block]


@dataclass(frozen=True)
class Source:
    """One way of knowing that two items belong together."""

    name: str  # as in BlendConfig and the manifest
    fit: Fit
    until: float  # share of a view's training that is done after it


def _item_item(
    view: View, _earlier: Mapping[str, Block], config: RecommenderConfig, progress: Progress
) -> Block:
    progress(0.0, "item–item weights")
    return fit_item_item(view, config.memory, seed=config.seed)


def _network(
    view: View, earlier: Mapping[str, Block], config: RecommenderConfig, progress: Progress
) -> Block:
    return fit_network(
        view, earlier["memory"], config.network, config.content, seed=config.seed, progress=progress
    )


SOURCES = (Source("memory", _item_item, 0.1), Source("network", _network, 1.0))


def fit_sources(view: View, config: RecommenderConfig, progress: Progress) -> list[Block]:
    """The blocks of every source with a weight, in column order."""
    blocks: dict[str, Block] = {}
    start = 0.0
    for source in SOURCES:
        blocks[source.name] = source.fit(view, blocks, config, within(progress, start, source.until))
        start = source.until
    return weighted(blocks, config)


def weighted(blocks: Mapping[str, Block], config: RecommenderConfig) -> list[Block]:
    """Those that have a weight, pruned as they should be; every one where none has."""
    kept = [name for name in blocks if getattr(config.blend, name)] or list(blocks)
    return [pruned(blocks[name], getattr(config, name).keep_dims) for name in kept]


def fit_here(
    _snapshot: GraphSnapshot, view: View, config: RecommenderConfig, progress: Progress
) -> list[Block]:
    """The sources of a view of the snapshot, fitted in this process."""
    return fit_sources(view, config, progress)
