"""The recommender beside its peers: the same splits, the same ranking, one process, one thread.

Every number is a mean over viewers and seeds; ratios are of paired viewers, with a bootstrap
interval. CPU time is the process's own, so that a busy machine does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from threadpoolctl import threadpool_limits

from graph.bench import peers
from graph.bench.cold_start import add_cold, add_few_plays
from graph.bench.cost import peak_mebibytes, timed
from graph.bench.tally import MAIN, OURS, Tally, measured
from graph.bench.tuning import TuningCache, tune_als
from graph.ml import baselines, metrics
from graph.ml.baselines import Scorer
from graph.ml.config import RecommenderConfig
from graph.ml.data import View
from graph.ml.evaluate import (
    K,
    evidence_of,
    friend_matrices,
    friend_scorer,
    hits_of,
    index_of,
    model_scorer,
    rank,
)
from graph.ml.progress import Progress, silent
from graph.ml.split import Split, asked_view, held_out, split_cold, split_snapshot
from graph.ml.train import fit
from graph.serving.artifact import Artifact
from graph.serving.index import ItemIndex
from graph.snapshot import GraphSnapshot

REFERENCE = "als_reference"
PLAYS_ONLY = ("popularity", "item_knn", "ease", "als", REFERENCE, "bpr", "light_gcn")
# The best of a coarse grid on the held-out part of two other splits, which can only flatter ALS; `--tune` searches
# the whole grid on a validation split instead.
ALS_TUNED: dict[str, Any] = {"factors": 256, "alpha": 10.0, "regularization": 120.0}
ALS_REFERENCE: dict[str, Any] = {"factors": 256, "alpha": 20.0, "regularization": 70.0}
EXACT = 8  # of the best candidates of each listener, whose reasons are added up


def compare(
    snapshot: GraphSnapshot,
    config: RecommenderConfig,
    *,
    seeds: Sequence[int] = (0, 1, 2),
    tune: bool = False,
    tuned_before: Path | None = None,
    only: Collection[str] = (),
    progress: Progress = silent,
) -> dict[str, Any]:
    """Everything the tables show, as JSON-able data; ``only``: of items, these peers alone.

    ``tune`` searches ALS's parameters on a validation split of the first seed, remembering what was
    tried in the file ``tuned_before``.
    """
    torch.set_num_threads(1)
    with threadpool_limits(1):
        return _Comparison(snapshot, config, seeds, only, progress).run(
            TuningCache(tuned_before) if tune else None
        )


class _Comparison:
    def __init__(
        self,
        snapshot: GraphSnapshot,
        config: RecommenderConfig,
        seeds: Sequence[int],
        only: Collection[str],
        progress: Progress,
    ) -> None:
        self.snapshot, self.config, self.seeds, self.progress = snapshot, config, seeds, progress
        self.only = only
        self.items, self.friends, self.cold_listeners, self.cold_artists = Tally(), Tally(), Tally(), Tally()
        self.picks, self.one_play = Tally(), Tally()
        self.serving: list[dict[str, float]] = []
        self.weights: list[dict[str, float]] = []
        self.inexact = 0.0
        self.peak_mebibytes = 0.0

    def run(self, cache: TuningCache | None) -> dict[str, Any]:
        tuned = dict(ALS_TUNED)
        for position, seed in enumerate(self.seeds):
            split = split_snapshot(self.snapshot, seed=seed)
            if cache and not position:
                self.progress(0.0, "tuning ALS on a validation split")
                tuned = tune_als(split.train, seed=seed, cache=cache)
            self._say(seed, "fitting the recommender")
            artifact, seconds = timed(partial(self._fit, split))
            self.peak_mebibytes = self.peak_mebibytes or peak_mebibytes()
            view = asked_view(split)
            self._items(view, split, artifact, seconds, seed, tuned)
            self._friends(split, artifact, seed)
            self._cold(seed)
        return self._result(tuned)

    def _fit(self, split: Split) -> Artifact:
        return fit(split.train, self.config).artifact()

    def _items(
        self, view: View, split: Split, artifact: Artifact, seconds: float, seed: int, tuned: dict[str, Any]
    ) -> None:
        held, index = held_out(view, split), index_of(artifact, view)
        users = np.flatnonzero(np.diff(held.indptr)).astype(np.int64)

        def add(name: str, scorer: Scorer, spent: float) -> None:
            top = rank(scorer, view.plays, users, seed=seed)
            self.items.add(name, measured(top, held, users, view, index.queries), spent)

        add(OURS, model_scorer(view, index), seconds)
        add(f"{OURS} (own plays only)", model_scorer(view, index, friends=False), seconds)
        for name, fit_peer in _item_peers(view, tuned, seed).items():
            if self.only and name not in self.only:
                continue
            self._say(seed, name)
            add(name, *timed(fit_peer))
        self._say(seed, "few plays, serving, additivity")
        add_few_plays(self.picks, self.one_play, view, held, index, seed)
        self.serving.append(_serving(view, index, seed))
        self.inexact = max(self.inexact, largest_inexactness(view, index))
        blend = artifact.manifest["views"][view.kind]["blend"]
        self.weights.append({name: value for name, value in blend.items() if name in LEARNED})

    def _friends(self, split: Split, artifact: Artifact, seed: int) -> None:
        asked, known = friend_matrices(split)
        if not asked.nnz:
            return
        users = np.flatnonzero(np.diff(asked.indptr)).astype(np.int64)
        relevant = np.diff(asked.indptr)[users]
        hidden = known + sp.eye(known.shape[0], format="csr")
        scorers = {
            OURS: friend_scorer(split, artifact, known),
            "adamic_adar": baselines.adamic_adar(known),
            "resource_allocation": peers.resource_allocation(known),
            "personalized_pagerank": peers.personalized_pagerank(known),
        }
        for name, scorer in scorers.items():
            hits = hits_of(rank(scorer, hidden, users, seed=seed), asked, users)
            values = {MAIN: metrics.recall(hits, relevant), "mrr": metrics.reciprocal_rank(hits)}
            self.friends.add(name, values)

    def _cold(self, seed: int) -> None:
        if len(self.snapshot.artist_plays.user):
            self._say(seed, "cold listeners and artists")
            split = split_cold(self.snapshot, seed=seed)
            add_cold(self.cold_listeners, self.cold_artists, split, asked_view(split), self._fit(split), seed)

    def _say(self, seed: int, step: str) -> None:
        self.progress(list(self.seeds).index(seed) / len(self.seeds), f"seed {seed}: {step}")

    def _result(self, tuned: dict[str, Any]) -> dict[str, Any]:
        rows = self.items.rows()
        reference = rows[REFERENCE]["cpu_seconds"]
        best = self.items.best(PLAYS_ONLY)
        result: dict[str, Any] = {
            "seeds": list(self.seeds),
            "als_tuned": tuned,
            "items": _part(
                f"NDCG@{K}",
                self.items,
                [name for name in (REFERENCE, "als", best, "ease_with_kernels") if name in rows],
            ),
            "weights": self.weights,
            "additivity": {"listeners": self.snapshot.users.size, "largest_error": self.inexact},
            "cost": {
                "training_cpu_seconds": rows[OURS]["cpu_seconds"],
                "training_cpu_to_als": rows[OURS]["cpu_seconds"] / reference,
                "peak_mebibytes": self.peak_mebibytes,
                **{
                    name: float(np.mean([served[name] for served in self.serving]))
                    for name in self.serving[0]
                },
            },
        }
        for name, tally, measure_name, others in (
            ("friends", self.friends, f"Recall@{K}", ("adamic_adar", "personalized_pagerank")),
            ("cold_listeners", self.cold_listeners, f"NDCG@{K}", ("friends_mean",)),
            ("three_picks", self.picks, f"NDCG@{K}", ("item_knn", "popularity")),
            ("one_play", self.one_play, f"NDCG@{K}", ("item_knn", "popularity")),
            ("cold_artists", self.cold_artists, f"NDCG@{K}", ("tag_cosine",)),
        ):
            if tally.values:
                result[name] = _part(measure_name, tally, others)
        return result


LEARNED = ("memory", "network", "popularity", "friend_identity")


def _part(measure: str, tally: Tally, others: Sequence[str]) -> dict[str, Any]:
    return {"measure": measure, "methods": tally.rows(), "ratios": tally.ratios(others)}


def largest_inexactness(view: View, index: ItemIndex) -> float:
    """How far, at most, any listener's reasons are from adding up to a score they were shown."""
    largest = 0.0
    for user in range(view.plays.shape[0]):
        evidence = evidence_of(view, user)
        scores = index.scores(evidence)
        best = np.argsort(-scores)[:EXACT]
        added = index.prior[best] + index.contributions(evidence, best).sum(axis=0)
        largest = max(largest, float(np.abs(added - scores[best]).max()))
    return largest


def _item_peers(view: View, tuned: dict[str, Any], seed: int) -> dict[str, Callable[[], Scorer]]:
    return {
        "popularity": lambda: baselines.popularity(view),
        "item_knn": lambda: peers.item_knn(view),
        "ease": lambda: peers.ease(view),
        REFERENCE: lambda: peers.als(view, **ALS_REFERENCE, seed=seed),
        "als": lambda: peers.als(view, **tuned, seed=seed),
        "bpr": lambda: peers.bpr(view, seed=seed),
        "light_gcn": lambda: peers.light_gcn(view, seed=seed),
        "ease_with_kernels": lambda: peers.ease_with_kernels(view),
    }


def _serving(view: View, index: ItemIndex, seed: int) -> dict[str, float]:
    """CPU seconds to score everyone and keep the top 20, ours and ALS's own."""
    users = np.arange(view.plays.shape[0])
    evidence = [evidence_of(view, int(user)) for user in users]
    _, ours = timed(lambda: index.top_batch(evidence, K, seen=view.plays))
    model = peers.als_fit(view, **ALS_REFERENCE, seed=seed)
    _, theirs = timed(lambda: model.recommend(users, view.plays, N=K))
    return {
        "export_cpu_seconds": ours,
        "als_recommend_cpu_seconds": theirs,
        "export_cpu_to_als": ours / theirs,
    }
