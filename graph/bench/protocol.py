"""The protocol of published social recommenders on this data, so that their figures and ours stand in one table.

RecBole-GNN's (github.com/RUCAIBox/RecBole-GNN, ``results/social/lastfm.md``): of each listener's artists a tenth is
asked, a tenth is for choosing parameters, and the rest is learned from; all artists that are neither are ranked, and what
counts is NDCG@10. Its table is of the whole Last.fm set; on a part of it, ratios within one run are what compares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from threadpoolctl import threadpool_limits

from graph.arrays import Doubles, Mask
from graph.bench import peers
from graph.bench.cost import timed
from graph.bench.tally import MAIN, OURS, Tally
from graph.ml import baselines, metrics
from graph.ml.baselines import Scorer
from graph.ml.config import RecommenderConfig
from graph.ml.data import View, artist_view
from graph.ml.evaluate import hits_of, index_of, model_scorer, rank
from graph.ml.progress import Progress, silent
from graph.ml.split import without_artists
from graph.ml.train import fit
from graph.snapshot import GraphSnapshot, Taggings

K = 10
PUBLISHED = {"MHCN": 0.2068, "SEPT": 0.2057, "LightGCN": 0.1972, "NGCF": 0.1898, "BPR": 0.1674}
UNTAGGED = f"{OURS} (plays and friendships alone)"
LIGHT_GCN: dict[str, Any] = {"layers": 3, "epochs": 400, "learning_rate": 0.02}
RIDGES = (30.0, 60.0, 100.0, 200.0, 400.0)
EASE_OF: dict[str, Callable[..., Scorer]] = {"counts": peers.ease, "binary": peers.ease_binary}


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What is learned from, and what is asked, each with what is no candidate beside what was learned from."""

    train: GraphSnapshot
    validation: sp.csr_matrix  # [U, N] ones
    test: sp.csr_matrix  # [U, N] ones


def parted(snapshot: GraphSnapshot, *, seed: int) -> Parts:
    """Eight tenths, a tenth and a tenth of each listener's artists, rounded as RecBole rounds.

    With what is asked go the listener's own tags on it. Plays of tracks are left out altogether.
    """
    plays, rng = snapshot.artist_plays, np.random.default_rng(seed)
    order = np.lexsort((rng.random(len(plays.user)), plays.user))
    count = np.bincount(plays.user, minlength=len(snapshot.users))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order)) - (np.cumsum(count) - count)[plays.user[order]]
    tenth = count[plays.user] // 10
    test, validation = place < tenth, (place >= tenth) & (place < 2 * tenth)

    def ones(mask: Mask) -> sp.csr_matrix:
        shape = len(snapshot.users), len(snapshot.artists)
        kept = plays.user[mask], plays.item[mask]
        return sp.csr_matrix((np.ones(int(mask.sum()), dtype=np.float32), kept), shape=shape)

    return Parts(
        train=without_artists(snapshot, test | validation), validation=ones(validation), test=ones(test)
    )


def protocol(
    snapshot: GraphSnapshot,
    config: RecommenderConfig,
    *,
    seeds: Sequence[int],
    progress: Progress = silent,
) -> dict[str, Any]:
    """NDCG@10 of each method over the seeds, ours with tags and without, as JSON-able data."""
    torch.set_num_threads(1)
    tally, chosen = Tally(), []
    with threadpool_limits(1):
        for position, seed in enumerate(seeds):
            parts = parted(snapshot, seed=seed)
            view = artist_view(parts.train)
            seen = (view.plays + parts.validation).tocsr()
            judged = partial(_judged, view, parts, seed)
            ease, named = _ease_chosen(view, judged)
            chosen.append(named)
            methods: dict[str, Callable[[], Scorer]] = {
                OURS: partial(_ours, parts.train, config),
                UNTAGGED: partial(_ours, _untagged(parts.train), config),
                "ease": ease,
                "light_gcn": partial(peers.light_gcn, view, **LIGHT_GCN, seed=seed, judged=judged),
                "popularity": partial(baselines.popularity, view),
            }
            for name, make in methods.items():
                progress(position / len(seeds), f"seed {seed}: {name}")
                scorer, seconds = timed(make)
                tally.add(name, {MAIN: _ndcg(scorer, seen, parts.test, seed)}, seconds)
    return {
        "seeds": list(seeds),
        "ease_chosen": chosen,
        "published": PUBLISHED,
        "measure": f"NDCG@{K}",
        "methods": tally.rows(),
        "ratios": [*tally.ratios(("ease", "light_gcn")), tally.ratio("ease", UNTAGGED) | {"of": UNTAGGED}],
    }


def _ours(train: GraphSnapshot, config: RecommenderConfig) -> Scorer:
    view = artist_view(train)
    return model_scorer(view, index_of(fit(train, config).artifact(), view))


def _judged(view: View, parts: Parts, seed: int, scorer: Scorer) -> float:
    """What a scorer finds of the validation part."""
    return float(_ndcg(scorer, view.plays, parts.validation, seed).mean())


def _ease_chosen(view: View, judged: Callable[[Scorer], float]) -> tuple[Callable[[], Scorer], str]:
    """EASE as it does best on the validation part."""

    def quality(choice: tuple[str, float]) -> float:
        return judged(EASE_OF[choice[0]](view, ridge=choice[1]))

    kind, ridge = max(((kind, ridge) for kind in EASE_OF for ridge in RIDGES), key=quality)
    return partial(EASE_OF[kind], view, ridge=ridge), f"{kind}, ridge {ridge:g}"


def _ndcg(scorer: Scorer, seen: sp.csr_matrix, asked: sp.csr_matrix, seed: int) -> Doubles:
    users = np.flatnonzero(np.diff(asked.indptr)).astype(np.int64)
    top = rank(scorer, seen, users, seed=seed, k=K)
    return metrics.ndcg(hits_of(top, asked, users), np.diff(asked.indptr)[users])


def _untagged(snapshot: GraphSnapshot) -> GraphSnapshot:
    nothing = np.zeros(0, dtype=np.int32)
    return replace(snapshot, artist_tags=Taggings(user=nothing, item=nothing, tag=nothing))


def table(measured: dict[str, Any]) -> str:
    """The figures as Markdown, the published ones below ours."""
    seeds = ", ".join(map(str, measured["seeds"]))
    lines = [
        f"Seeds: {seeds}. EASE chosen on the validation part: {'; '.join(measured['ease_chosen'])}.",
        "",
        f"| method | {measured['measure']} | 95 % interval | by seed |",
        "|---|--:|--:|---|",
    ]
    for name, row in measured["methods"].items():
        low, high = row["interval"]
        by_seed = ", ".join(f"{value:.4f}" for value in row["by_seed"])
        lines.append(f"| {name} | {row['mean']:.4f} | {low:.4f}–{high:.4f} | {by_seed} |")
    lines.append("")
    for peer in measured["ratios"]:
        low, high = peer["interval"]
        lines.append(
            f"- {peer.get('of', OURS)} / {peer['to']}: **{peer['ratio']:.3f}** ({low:.3f}–{high:.3f})"
        )
    published = ", ".join(f"{name} {value:.4f}" for name, value in measured["published"].items())
    return "\n".join([*lines, "", f"Published, on the whole set: {published}."])
