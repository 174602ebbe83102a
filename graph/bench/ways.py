"""How far a figure depends on how plays were held out: the same questions under several ways of splitting.

What was chosen on one way of splitting flatters itself there. So parameters are chosen where they hold on all of them, and
ALS's are searched anew inside every training part, split as the part itself was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from threadpoolctl import threadpool_limits

from graph.arrays import Doubles, Rows
from graph.bench import peers
from graph.bench.tally import MAIN, OURS, Tally
from graph.ml import metrics
from graph.ml.baselines import Scorer
from graph.ml.config import RecommenderConfig
from graph.ml.data import View, artist_view
from graph.ml.evaluate import K, hits_of, index_of, model_scorer, rank
from graph.ml.progress import Progress, silent
from graph.ml.split import without_artists
from graph.ml.train import fit
from graph.snapshot import GraphSnapshot

ALS_CHOICES: tuple[dict[str, Any], ...] = (
    {"factors": 256, "alpha": 5.0, "regularization": 60.0},
    {"factors": 256, "alpha": 5.0, "regularization": 120.0},
    {"factors": 192, "alpha": 10.0, "regularization": 60.0},
    {"factors": 256, "alpha": 10.0, "regularization": 120.0},
    {"factors": 256, "alpha": 20.0, "regularization": 120.0},
)
FEW_TAGS, FEW_LISTENERS = 5, 10
NESTED = 1_000  # added to a seed for the split inside it


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is learned from, what is known of whoever is asked, and what is looked for among which items."""

    train: GraphSnapshot
    known: GraphSnapshot
    held: sp.csr_matrix  # [U, N] ones
    among: Rows | None = None  # columns; None for all


def by_pair(snapshot: GraphSnapshot, seed: int, share: float = 0.1) -> Asked:
    """A share of all plays, whoever's they are."""
    plays = snapshot.artist_plays
    hidden = np.random.default_rng(seed).random(len(plays.user)) < share
    train = without_artists(snapshot, hidden)
    return Asked(train=train, known=train, held=_ones(snapshot, hidden))


def by_listener(snapshot: GraphSnapshot, seed: int, share: float = 0.1) -> Asked:
    """A share of the listeners teach nothing; of their plays four in five are told when they ask, and the fifth is asked."""
    plays, rng = snapshot.artist_plays, np.random.default_rng(seed)
    away = np.isin(plays.user, rng.permutation(np.unique(plays.user))[: round(share * len(snapshot.users))])
    hidden = away & (rng.random(len(plays.user)) < 0.2)
    return Asked(
        train=without_artists(snapshot, away),
        known=without_artists(snapshot, hidden),
        held=_ones(snapshot, hidden),
    )


def by_sparse_artist(snapshot: GraphSnapshot, seed: int, share: float = 0.3) -> Asked:
    """A share of the artists that have few tags and few listeners lose all plays: they are found by the tags or not at all."""
    plays, tags, rng = snapshot.artist_plays, snapshot.artist_tags, np.random.default_rng(seed)
    width = len(snapshot.artists)
    words = np.bincount(
        np.unique(tags.item.astype(np.int64) * len(snapshot.tags) + tags.tag) // len(snapshot.tags),
        minlength=width,
    )
    heard = np.bincount(plays.item, minlength=width)
    sparse = np.flatnonzero((words > 0) & (words <= FEW_TAGS) & (heard > 0) & (heard <= FEW_LISTENERS))
    cold = np.sort(rng.permutation(sparse)[: round(share * len(sparse))])
    hidden = np.isin(plays.item, cold)
    train = without_artists(snapshot, hidden)
    return Asked(train=train, known=train, held=_ones(snapshot, hidden), among=cold)


WAYS: dict[str, tuple[Callable[[GraphSnapshot, int], Asked], str]] = {
    "a tenth of all plays": (by_pair, "als"),
    "a fifth of the plays of listeners who taught nothing": (by_listener, "als"),
    f"artists of at most {FEW_TAGS} tags and {FEW_LISTENERS} listeners, without their plays": (
        by_sparse_artist,
        "tag_cosine",
    ),
}


def compare_ways(
    snapshot: GraphSnapshot, config: RecommenderConfig, *, seeds: Sequence[int], progress: Progress = silent
) -> dict[str, Any]:
    """Ours beside the best of its kind under each way of splitting, as JSON-able data."""
    torch.set_num_threads(1)
    rows = {}
    with threadpool_limits(1):
        for place, (name, (way, peer)) in enumerate(WAYS.items()):
            tally = Tally()
            for position, seed in enumerate(seeds):
                progress((place + position / len(seeds)) / len(WAYS), f"{name}, seed {seed}")
                asked = way(snapshot, seed)
                view, known = artist_view(asked.train), artist_view(asked.known)
                ours = model_scorer(known, index_of(fit(asked.train, config).artifact(), view))
                tally.add(OURS, {MAIN: _ndcg(ours, known, asked, seed)})
                tally.add(peer, {MAIN: _ndcg(_peer(peer, way, asked, seed), known, asked, seed)})
            rows[name] = {"peer": peer, "methods": tally.rows(), "ratio": tally.ratio(peer)}
    return {"seeds": list(seeds), "ways": rows}


def table(measured: dict[str, Any]) -> str:
    """One line a way of splitting; the spread is the ratio's over seeds."""
    lines = [
        f"Seeds: {', '.join(map(str, measured['seeds']))}.",
        "",
        f"| held out | earshot, NDCG@{K} | beside | | ratio | 95 % interval | by seed |",
        "|---|--:|---|--:|--:|--:|---|",
    ]
    for name, row in measured["ways"].items():
        ratio, methods = row["ratio"], row["methods"]
        low, high = ratio["interval"]
        lines.append(
            f"| {name} | {methods[OURS]['mean']:.4f} | {row['peer']} | {methods[row['peer']]['mean']:.4f} | "
            f"**{ratio['ratio']:.3f}** | {low:.3f}–{high:.3f} | {', '.join(f'{r:.3f}' for r in ratio['by_seed'])} |"
        )
    return "\n".join(lines)


def _peer(name: str, way: Callable[[GraphSnapshot, int], Asked], asked: Asked, seed: int) -> Scorer:
    if name == "tag_cosine":
        return peers.tag_cosine(artist_view(asked.known))
    inner = way(asked.train, seed + NESTED)
    inner_known = artist_view(inner.known)

    def quality(choice: dict[str, Any]) -> float:
        return float(_ndcg(_als(inner, choice, seed), inner_known, inner, seed).mean())

    return _als(asked, max(ALS_CHOICES, key=quality), seed)


def _als(asked: Asked, choice: dict[str, Any], seed: int) -> Scorer:
    """ALS fitted on the training part, each listener's factors folded in from what is known of them."""
    model = peers.als_fit(artist_view(asked.train), **choice, seed=seed)
    if asked.known is asked.train:
        return lambda users: np.asarray(model.user_factors[users] @ model.item_factors.T)
    told = peers.logged(artist_view(asked.known))
    return lambda users: np.asarray(model.recalculate_user(users, told[users]) @ model.item_factors.T)


def _ndcg(scorer: Scorer, known: View, asked: Asked, seed: int) -> Doubles:
    held, seen = asked.held, known.plays
    if asked.among is not None:
        held, seen, whole = held[:, asked.among].tocsr(), seen[:, asked.among].tocsr(), scorer
        scorer = partial(_columns, whole, asked.among)
    users = np.flatnonzero((np.diff(held.indptr) > 0) & (np.diff(known.plays.indptr) > 0)).astype(np.int64)
    top = rank(scorer, seen, users, seed=seed)
    return metrics.ndcg(hits_of(top, held, users), np.diff(held.indptr)[users])


def _columns(scorer: Scorer, columns: Rows, users: Rows) -> Any:
    return scorer(users)[:, columns]


def _ones(snapshot: GraphSnapshot, mask: Any) -> sp.csr_matrix:
    plays = snapshot.artist_plays
    shape = len(snapshot.users), len(snapshot.artists)
    return sp.csr_matrix(
        (np.ones(int(mask.sum()), np.float32), (plays.user[mask], plays.item[mask])), shape=shape
    )
