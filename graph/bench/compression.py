"""How small a model may be: int8 beside float32, and fewer columns, measured on held-out plays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from graph.arrays import Doubles, Rows
from graph.ml import metrics
from graph.ml.config import RecommenderConfig
from graph.ml.evaluate import hits_of, model_scorer, rank
from graph.ml.item_item import Block
from graph.ml.progress import Progress, silent
from graph.ml.prune import pruned
from graph.ml.sources import fit_sources
from graph.ml.split import Split, asked_view, held_out, split_snapshot
from graph.ml.train import assemble_view, index_assembled
from graph.serving.index import ItemIndex
from graph.snapshot import GraphSnapshot

TOLERANCE = 0.005  # share of NDCG@20 that pruning may cost on validation
STEP = 32  # columns taken off at a time


def measure_compression(
    snapshot: GraphSnapshot,
    config: RecommenderConfig,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """int8 against float32 on the test split; columns chosen on a validation split inside its
    training part, and measured on the test split.
    """
    torch.set_num_threads(1)
    with threadpool_limits(1):
        test = split_snapshot(snapshot, seed=seed)
        progress(0.0, "fitting")
        trial = _Trial(test, config)
        progress(0.3, "fitting on the validation split")
        validation = _Trial(split_snapshot(test.train, seed=seed + 1000), config)
        progress(0.6, "pruning")
        table = prune_table(validation)
        chosen = table[-1]["dims"]
        return {
            "seed": seed,
            "view": trial.view.kind,
            "items": len(trial.view.ids),
            "int8": int8_against_float(trial),
            "pruning": {
                "tolerance": TOLERANCE,
                "validation": table,
                "test": [trial.row(trial.dims()), trial.row(chosen)],
            },
        }


def narrowest(
    snapshot: GraphSnapshot, config: RecommenderConfig, progress: Progress = silent
) -> RecommenderConfig:
    """The configuration with as few columns as a validation split allows."""
    progress(0.0, "fitting on the validation split")
    dims = prune_table(_Trial(split_snapshot(snapshot, seed=config.seed), config))[-1]["dims"]
    return replace(
        config,
        memory=replace(config.memory, keep_dims=dims.get("memory")),
        network=replace(config.network, keep_dims=dims.get("network")),
    )


class _Trial:
    """Sources fitted once on a split's training part, to be put together in several ways."""

    def __init__(self, split: Split, config: RecommenderConfig) -> None:
        self.view = asked_view(split)
        self.held = held_out(self.view, split)
        self.config = config
        self.blocks = fit_sources(self.view, config, silent)

    def dims(self) -> dict[str, int]:
        return {block.name: block.codes.shape[1] for block in self.blocks}

    def index(self, blocks: list[Block], *, rounded: bool = True) -> tuple[ItemIndex, int]:
        """The view served from these blocks, and the bytes of its items' vectors and their scales."""
        arrays, described = assemble_view(self.view, blocks, self.config.blend, rounded=rounded)
        parts = ("codes", "key_scale", "query_scale", "key_unit", "query_unit")
        size = sum(arrays[name].nbytes for name in parts if name in arrays)
        return index_assembled(self.view, arrays, described), size

    def top(self, index: ItemIndex, users: Rows) -> Rows:
        return rank(model_scorer(self.view, index), self.view.plays, users, seed=0)

    def ndcg(self, top: Rows, users: Rows) -> float:
        """Mean NDCG@20 of those of ``users`` (rows of ``top``) from whom something is held out."""
        relevant = np.diff(self.held.indptr)[users]
        asked = np.flatnonzero(relevant)
        hits = hits_of(top[asked], self.held, users[asked])
        return float(metrics.ndcg(hits, relevant[asked]).mean())

    def row(self, dims: dict[str, int]) -> dict[str, Any]:
        """NDCG@20 and bytes an item with so many columns of each source."""
        index, size = self.index([pruned(block, dims[block.name]) for block in self.blocks])
        users = np.flatnonzero(np.diff(self.held.indptr)).astype(np.int64)
        return {
            "dims": dict(dims),
            "bytes_an_item": size / len(self.view.ids),
            "ndcg": self.ndcg(self.top(index, users), users),
        }


def int8_against_float(trial: _Trial) -> dict[str, float]:
    """Size, quality and agreement of rounded vectors with the same vectors as float32, over everyone
    who has plays.
    """
    users = np.flatnonzero(np.diff(trial.view.plays.indptr)).astype(np.int64)
    exact, exact_bytes = trial.index(trial.blocks, rounded=False)
    small, small_bytes = trial.index(trial.blocks)
    exact_top, small_top = trial.top(exact, users), trial.top(small, users)
    exact_ndcg, small_ndcg = trial.ndcg(exact_top, users), trial.ndcg(small_top, users)
    return {
        "float32_bytes": exact_bytes,
        "int8_bytes": small_bytes,
        "times_smaller": exact_bytes / small_bytes,
        "float32_ndcg": exact_ndcg,
        "int8_ndcg": small_ndcg,
        "ndcg_lost": 1 - small_ndcg / exact_ndcg,
        "listeners": len(users),
        "overlap": float(overlap(exact_top, small_top).mean()),
    }


def overlap(left: Rows, right: Rows) -> Doubles:
    """Share of the first k that two rankings [B, k] have in common, row by row."""
    common = (left[:, :, None] == right[:, None, :]).any(axis=2)
    return np.asarray(common.mean(axis=1), dtype=np.float64)


def prune_table(trial: _Trial, *, tolerance: float = TOLERANCE, step: int = STEP) -> list[dict[str, Any]]:
    """Rows from all columns down to the fewest whose loss stays within ``tolerance`` of all columns'.

    Greedy: at each row the source gives up ``step`` columns whose loss is smallest.
    """
    dims = trial.dims()
    rows = [trial.row(dims)]
    floor = rows[0]["ndcg"] * (1 - tolerance)
    while True:
        choices = [{**dims, name: width - step} for name, width in dims.items() if width > step]
        tried = [trial.row(choice) for choice in choices]
        best = max(tried, key=lambda row: row["ndcg"], default=None)
        if best is None or best["ndcg"] < floor:
            return rows
        rows.append(best)
        dims = best["dims"]


def tables(measured: dict[str, Any]) -> str:
    """What ``measure_compression`` found, as Markdown."""
    small = measured["int8"]
    chosen = measured["pruning"]
    lines = [
        (
            f"int8 beside float32 on the test split, {small['listeners']:,} listeners: **{small['times_smaller']:.2f} ×** "
            f"smaller with its scales, NDCG@20 {small['int8_ndcg']:.4f} beside {small['float32_ndcg']:.4f} "
            f"({-small['ndcg_lost']:+.2%}), the first twenty agree to **{small['overlap']:.3f}**."
        ),
        "",
        f"Columns that a source can spare at {chosen['tolerance']:.1%} of validation NDCG@20:",
        "",
        "| columns | bytes an item | NDCG@20 (validation) |",
        "|---|--:|--:|",
    ]
    lines += [_row(row) for row in chosen["validation"]]
    before, after = chosen["test"]
    lines += [
        "",
        (
            f"On the test split the fewest give {after['ndcg']:.4f} beside {before['ndcg']:.4f} "
            f"({after['ndcg'] / before['ndcg'] - 1:+.2%})."
        ),
    ]
    return "\n".join(lines)


def _row(row: dict[str, Any]) -> str:
    columns = ", ".join(f"{name} {width}" for name, width in row["dims"].items())
    return f"| {columns} | {row['bytes_an_item']:.0f} | {row['ndcg']:.4f} |"
