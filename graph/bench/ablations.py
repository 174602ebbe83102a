"""What each source and choice brings: the same splits with one thing left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from threadpoolctl import threadpool_limits

from graph.bench.cold_start import add_cold
from graph.bench.tally import MAIN, OURS, Tally
from graph.ml import metrics
from graph.ml.config import RecommenderConfig
from graph.ml.evaluate import friend_matrices, friend_scorer, hits_of, index_of, model_scorer, rank
from graph.ml.progress import Progress, silent
from graph.ml.split import Split, asked_view, held_out, split_cold, split_snapshot
from graph.ml.train import fit
from graph.snapshot import GraphSnapshot, Taggings

WHOLE = "everything"
Variant = tuple[Callable[[RecommenderConfig], RecommenderConfig], Callable[[GraphSnapshot], GraphSnapshot]]


def _as_is(snapshot: GraphSnapshot) -> GraphSnapshot:
    return snapshot


def _untagged(snapshot: GraphSnapshot) -> GraphSnapshot:
    none = np.zeros(0, dtype=np.int32)
    nothing = Taggings(user=none, item=none, tag=none)
    return replace(snapshot, artist_tags=nothing, track_tags=nothing)


def _friendless(snapshot: GraphSnapshot) -> GraphSnapshot:
    return replace(snapshot, friendships=snapshot.friendships[:0])


def _blend(**changes: Any) -> Callable[[RecommenderConfig], RecommenderConfig]:
    return lambda config: replace(config, blend=replace(config.blend, **changes))


def _same(config: RecommenderConfig) -> RecommenderConfig:
    return config


VARIANTS: dict[str, Variant] = {
    WHOLE: (_same, _as_is),
    "without the memory": (_blend(memory=0.0), _as_is),
    "without the network": (_blend(network=0.0), _as_is),
    "without popularity": (_blend(popularity=0.0), _as_is),
    "without tags": (_same, _untagged),
    "without friendships": (_same, _friendless),
    "without vectors from tags for unplayed items": (
        lambda config: replace(config, content=replace(config.content, gain=0.0)),
        _as_is,
    ),
    "without learned weights": (_blend(learned=False), _as_is),
}


def ablate(
    snapshot: GraphSnapshot,
    config: RecommenderConfig,
    *,
    seeds: Sequence[int],
    progress: Progress = silent,
) -> dict[str, Any]:
    """Means over viewers and seeds of every variant, for artists, friends and what is cold."""
    torch.set_num_threads(1)
    rows = {}
    with threadpool_limits(1):
        for position, (name, (change, take_out)) in enumerate(VARIANTS.items()):
            progress(position / len(VARIANTS), name)
            tallies = {part: Tally() for part in ("items", "friends", "cold_listeners", "cold_artists")}
            for seed in seeds:
                _measure(snapshot, change(config), take_out, seed, tallies)
            rows[name] = {
                part: float(tally.all(OURS).mean()) for part, tally in tallies.items() if tally.values
            }
    return {"seeds": list(seeds), "variants": rows}


def _measure(
    snapshot: GraphSnapshot,
    config: RecommenderConfig,
    take_out: Callable[[GraphSnapshot], GraphSnapshot],
    seed: int,
    tallies: dict[str, Tally],
) -> None:
    split = _reduced(split_snapshot(snapshot, seed=seed), take_out)
    artifact = fit(split.train, config).artifact()
    view = asked_view(split)
    held = held_out(view, split)
    users = np.flatnonzero(np.diff(held.indptr)).astype(np.int64)
    top = rank(model_scorer(view, index_of(artifact, view)), view.plays, users, seed=seed)
    values = metrics.ndcg(hits_of(top, held, users), np.diff(held.indptr)[users])
    tallies["items"].add(OURS, {MAIN: values})
    asked, known = friend_matrices(split)
    if asked.nnz and known.nnz:
        people = np.flatnonzero(np.diff(asked.indptr)).astype(np.int64)
        hidden = known + sp.eye(known.shape[0], format="csr")
        top = rank(friend_scorer(split, artifact, known), hidden, people, seed=seed)
        values = metrics.recall(hits_of(top, asked, people), np.diff(asked.indptr)[people])
        tallies["friends"].add(OURS, {MAIN: values})
    if len(snapshot.artist_plays.user):
        nobody = np.zeros_like(snapshot.discoverable)  # nothing is asked of friend suggestions here
        cold = _reduced(split_cold(replace(snapshot, discoverable=nobody), seed=seed), take_out)
        if len(cold.train.friendships) and len(cold.train.artist_tags.user):
            model = fit(cold.train, config).artifact()
            add_cold(tallies["cold_listeners"], tallies["cold_artists"], cold, asked_view(cold), model, seed)


def _reduced(split: Split, take_out: Callable[[GraphSnapshot], GraphSnapshot]) -> Split:
    return replace(split, train=take_out(split.train))
