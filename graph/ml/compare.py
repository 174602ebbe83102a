"""The recommender beside its peers: the same splits, the same ranking, one process, one thread.

Every number is a mean over viewers and seeds; ratios are of paired viewers, with a bootstrap
interval. CPU time is the process's own, so that a busy machine does not count.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from graph.artifact import Artifact
from graph.index import ItemIndex
from graph.ml import baselines, metrics, peers
from graph.ml.baselines import Scorer
from graph.ml.config import RecommenderConfig
from graph.ml.data import View, views
from graph.ml.evaluate import (
    K,
    evidence_of,
    friend_matrices,
    friend_scorer,
    held_out,
    hits_of,
    measure,
    model_scorer,
    rank,
)
from graph.ml.split import Split, split_cold, split_snapshot
from graph.ml.train import Progress, fit
from graph.snapshot import GraphSnapshot

Floats = NDArray[np.float64]
OURS = "earshot"
REFERENCE = "als_reference"
PLAYS_ONLY = ("popularity", "item_knn", "ease", "als", REFERENCE, "bpr", "light_gcn")
# The best of a coarse grid on the held-out part of two other splits, which can only flatter ALS; `--tune` searches
# the whole grid on a validation split instead.
ALS_TUNED: dict[str, Any] = {"factors": 256, "alpha": 10.0, "regularization": 120.0}
ALS_REFERENCE: dict[str, Any] = {"factors": 256, "alpha": 20.0, "regularization": 70.0}
ALS_GRID: list[dict[str, Any]] = [
    {"factors": f, "alpha": a, "regularization": r}
    for f in (128, 256)
    for a in (10.0, 20.0, 40.0)
    for r in (30.0, 70.0, 120.0, 200.0)
]


@dataclass
class Tally:
    """Per-viewer values of one measure by method, over all seeds, and the CPU seconds of each fit."""

    values: dict[str, list[Floats]]
    seconds: dict[str, list[float]]

    @classmethod
    def empty(cls) -> Tally:
        return cls({}, {})

    def add(self, name: str, values: Floats, seconds: float) -> None:
        self.values.setdefault(name, []).append(values)
        self.seconds.setdefault(name, []).append(seconds)

    def all(self, name: str) -> Floats:
        return np.concatenate(self.values[name])

    def rows(self) -> dict[str, dict[str, Any]]:
        """Mean, interval and CPU seconds by method, best first."""
        found: dict[str, dict[str, Any]] = {
            name: {
                "mean": float(self.all(name).mean()),
                "interval": metrics.interval(self.all(name)),
                "by_seed": [float(part.mean()) for part in self.values[name]],
                "cpu_seconds": float(np.mean(self.seconds[name])),
            }
            for name in self.values
        }
        return dict(sorted(found.items(), key=lambda row: -row[1]["mean"]))

    def ratio(self, other: str, ours: str = OURS) -> dict[str, Any]:
        mine, theirs = self.all(ours), self.all(other)
        return {
            "to": other,
            "ratio": float(mine.mean() / theirs.mean()),
            "interval": metrics.ratio_interval(mine, theirs),
        }

    def best(self, names: Sequence[str]) -> str:
        return max((name for name in names if name in self.values), key=lambda name: self.all(name).mean())


def compare(
    snapshot: GraphSnapshot,
    config: RecommenderConfig,
    *,
    seeds: Sequence[int] = (0, 1, 2),
    tune: bool = False,
    progress: Progress = lambda _fraction, _message: None,
) -> dict[str, Any]:
    """Everything the table shows, as JSON-able data."""
    torch.set_num_threads(1)
    with threadpool_limits(1):
        return _Comparison(snapshot, config, seeds, tune=tune, progress=progress).run()


class _Comparison:
    def __init__(
        self,
        snapshot: GraphSnapshot,
        config: RecommenderConfig,
        seeds: Sequence[int],
        *,
        tune: bool,
        progress: Progress,
    ) -> None:
        self.snapshot, self.config, self.seeds, self.progress = snapshot, config, seeds, progress
        self.tune = tune
        self.items, self.friends = Tally.empty(), Tally.empty()
        self.cold_listeners, self.cold_items = Tally.empty(), Tally.empty()
        self.serving: list[dict[str, float]] = []
        self.details: list[dict[str, Any]] = []
        self.peak_mebibytes = 0.0

    def run(self) -> dict[str, Any]:
        tuned = dict(ALS_TUNED)
        for position, seed in enumerate(self.seeds):
            self.progress(position / len(self.seeds), f"seed {seed}: fitting the recommender")
            split = split_snapshot(self.snapshot, seed=seed)
            artifact, seconds = _timed(partial(self._fit, split))
            self.peak_mebibytes = self.peak_mebibytes or _peak_mebibytes()
            view = _view(split)
            if self.tune and position == 0:
                self.progress(0.0, "tuning ALS on a validation split")
                tuned = tune_als(split.train, seed=seed)
            self._items(view, split, artifact, seconds, seed, tuned)
            self._friends(split, artifact, seed)
            self._cold(seed)
        return self._result(tuned)

    def _fit(self, split: Split) -> Artifact:
        return fit(split.train, self.config).artifact()

    def _items(
        self, view: View, split: Split, artifact: Artifact, seconds: float, seed: int, tuned: dict[str, Any]
    ) -> None:
        held = held_out(view, split)
        index = _index(artifact, view)
        self.items.add(OURS, ndcg_of(model_scorer(view, index), view, held, seed), seconds)
        own = model_scorer(view, index, friends=False)
        self.items.add(f"{OURS} (own plays only)", ndcg_of(own, view, held, seed), seconds)
        self.details.append(asdict(measure(split, artifact, seed=seed).items[view.kind]))
        for name, fit_peer in _item_peers(view, tuned, seed).items():
            self.progress(self._done(seed), f"seed {seed}: {name}")
            scorer, spent = _timed(fit_peer)
            self.items.add(name, ndcg_of(scorer, view, held, seed), spent)
        self.serving.append(_serving(view, index, seed))

    def _friends(self, split: Split, artifact: Artifact, seed: int) -> None:
        asked, known = friend_matrices(split)
        if artifact.people is None or not asked.nnz:
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
            top = rank(scorer, hidden, users, seed=seed)
            self.friends.add(name, metrics.recall(hits_of(top, asked, users), relevant), 0.0)

    def _cold(self, seed: int) -> None:
        if not len(self.snapshot.artist_plays.user):
            return
        self.progress(self._done(seed), f"seed {seed}: cold listeners and artists")
        split = split_cold(self.snapshot, seed=seed)
        view = _view(split)
        held = held_out(view, split)
        artifact, seconds = _timed(partial(self._fit, split))
        ours = model_scorer(view, _index(artifact, view))
        cold_user = (np.diff(view.plays.indptr) == 0) & (np.diff(held.indptr) > 0)
        heard = np.asarray(view.friends @ np.diff(view.plays.indptr)) > 0
        for name, scorer in {OURS: ours, "friends_mean": peers.friends_mean(view)}.items():
            found = ndcg_of(scorer, view, held, seed, users=np.flatnonzero(cold_user & heard))
            self.cold_listeners.add(name, found, seconds)
        cold_item = np.flatnonzero(
            (view.listeners == 0) & (np.bincount(held.indices, minlength=held.shape[1]) > 0)
        )
        among = held[:, cold_item].tocsr()
        warm = np.flatnonzero((np.diff(among.indptr) > 0) & ~cold_user)
        for name, scorer in {OURS: ours, "tag_cosine": peers.tag_cosine(view)}.items():
            top = rank(_columns(scorer, cold_item), sp.csr_matrix(among.shape), warm, seed=seed)
            self.cold_items.add(
                name, metrics.ndcg(hits_of(top, among, warm), np.diff(among.indptr)[warm]), seconds
            )

    def _done(self, seed: int) -> float:
        return (list(self.seeds).index(seed) + 0.5) / len(self.seeds)

    def _result(self, tuned: dict[str, Any]) -> dict[str, Any]:
        ours, reference = self.items.rows()[OURS], self.items.rows()[REFERENCE]
        found: dict[str, Any] = {
            "seeds": list(self.seeds),
            "als_tuned": tuned,
            "items": {
                "measure": f"NDCG@{K}",
                "methods": self.items.rows(),
                "ratios": [
                    self.items.ratio(REFERENCE),
                    self.items.ratio("als"),
                    self.items.ratio(self.items.best(PLAYS_ONLY)),
                    self.items.ratio("ease_with_kernels"),
                ],
                "details": self.details,
            },
            "cost": {
                "training_cpu_seconds": ours["cpu_seconds"],
                "training_cpu_to_als": ours["cpu_seconds"] / reference["cpu_seconds"],
                "peak_mebibytes": self.peak_mebibytes,
                **{name: float(np.mean([one[name] for one in self.serving])) for name in self.serving[0]},
            },
        }
        for name, tally, measure_name, other in (
            ("friends", self.friends, f"Recall@{K}", "adamic_adar"),
            ("cold_listeners", self.cold_listeners, f"NDCG@{K}", "friends_mean"),
            ("cold_artists", self.cold_items, f"NDCG@{K}", "tag_cosine"),
        ):
            if tally.values:
                found[name] = {
                    "measure": measure_name,
                    "methods": tally.rows(),
                    "ratios": [tally.ratio(other)],
                }
        return found


def ndcg_of(
    scorer: Scorer, view: View, held: sp.csr_matrix, seed: int, *, users: NDArray[np.int64] | None = None
) -> Floats:
    """NDCG@20 of each user with something held out, over all items they did not play in training."""
    if users is None:
        users = np.flatnonzero(np.diff(held.indptr)).astype(np.int64)
    top = rank(scorer, view.plays, users, seed=seed)
    return metrics.ndcg(hits_of(top, held, users), np.diff(held.indptr)[users])


def tune_als(train: GraphSnapshot, *, seed: int) -> dict[str, Any]:
    """The grid's best ALS on a validation split inside the training part."""
    split = split_snapshot(train, seed=seed + 1000)
    view = _view(split)
    held = held_out(view, split)
    return max(
        ALS_GRID, key=lambda choice: ndcg_of(peers.als(view, **choice, seed=seed), view, held, seed).mean()
    )


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
    _, ours = _timed(lambda: index.top_batch(evidence, K, seen=view.plays))
    model = peers.als_fit(view, **ALS_REFERENCE, seed=seed)
    _, theirs = _timed(lambda: model.recommend(users, view.plays, N=K))
    return {
        "export_cpu_seconds": ours,
        "als_recommend_cpu_seconds": theirs,
        "export_cpu_to_als": ours / theirs,
    }


def _view(split: Split) -> View:
    """Artists where anything is held out among them, else tracks."""
    found = {view.kind: view for view in views(split.train)}
    return found["ARTIST"] if len(split.artists) else found["TRACK"]


def _index(artifact: Artifact, view: View) -> ItemIndex:
    index = artifact.index(view.kind)
    if index is None:
        raise ValueError(f"the model has no {view.kind} view")
    return index


def _columns(scorer: Scorer, columns: NDArray[np.int64]) -> Scorer:
    return lambda users: scorer(users)[:, columns]


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    found = work()
    return found, time.process_time() - start


def _peak_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
