"""Offline evaluation: fit on a leak-free part, rank everything, count what was held out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from accounts.held_links import held
from graph.arrays import Floats, Mask, Rows
from graph.ml import baselines, metrics
from graph.ml.baselines import Scorer
from graph.ml.config import BlendConfig, RecommenderConfig
from graph.ml.data import View, views
from graph.ml.pairs import candidates
from graph.ml.progress import Progress, silent
from graph.ml.social import taste_vectors
from graph.ml.sources import FitSources, fit_here
from graph.ml.split import Split, held_out, split_snapshot
from graph.ml.train import fit
from graph.ml.words import words_left_out
from graph.serving.artifact import Artifact
from graph.serving.channels import Channel, Evidence
from graph.serving.friend_index import UNTAUGHT, symmetric
from graph.serving.index import ItemIndex
from graph.snapshot import GraphSnapshot

K = 20
BLOCK = 256
ASKED = (
    3_000  # viewers at most: their mean is known to a hundredth, and each costs as much as there are items
)


@dataclass(frozen=True, kw_only=True)
class ItemMetrics:
    """Means over viewers with something held out, at 20, full ranking."""

    viewers: int
    ndcg: float
    own_ndcg: float  # from the viewer's own plays alone: what promotion asks of the learned vectors
    recall: float
    mrr: float
    coverage: float
    novelty: float
    diversity: float
    popularity_gap: float
    popularity_ndcg: float  # of the most popular items, on the same split
    above_popularity: tuple[float, float]  # 95 % interval of own_ndcg - popularity_ndcg, viewer by viewer
    ndcg_error: float  # standard errors
    recall_error: float


@dataclass(frozen=True, kw_only=True)
class FriendMetrics:
    """Means over people with a friendship held out, at 20."""

    viewers: int
    recall: float
    adamic_adar_recall: float


@dataclass(frozen=True, kw_only=True)
class WordMetrics:
    """How well a word is understood that did not teach: means over the tags that did, each left out once, at 20."""

    asked: int
    ndcg: float
    ndcg_error: float  # standard error


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """What promotion looks at; a part is None where the snapshot holds nothing to ask about."""

    items: dict[str, ItemMetrics]  # by view
    friends: FriendMetrics | None
    words: dict[str, WordMetrics] = field(default_factory=dict)  # by view; none where too few tags teach

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def evaluate(
    snapshot: GraphSnapshot,
    config: RecommenderConfig,
    *,
    seed: int = 0,
    sources: FitSources = fit_here,
    progress: Progress = silent,
) -> Metrics:
    """Split with ``seed``, fit on the training part only, and measure on what was held out."""
    return evaluate_blends(snapshot, config, seed=seed, sources=sources, progress=progress)[0]


def evaluate_blends(
    snapshot: GraphSnapshot,
    config: RecommenderConfig,
    *,
    seed: int = 0,
    sources: FitSources = fit_here,
    progress: Progress = silent,
) -> tuple[Metrics, dict[str, BlendConfig]]:
    """`evaluate`, and the weights that were learned within the training part, by view: good for the whole as well."""
    split = split_snapshot(snapshot, seed=seed)
    fitted = fit(split.train, config, sources=sources, progress=progress)
    blends = {kind: BlendConfig(**view["blend"]) for kind, view in fitted.description["views"].items()}
    return measure(split, fitted.artifact(), seed=seed), blends


def measure(split: Split, artifact: Artifact, *, seed: int = 0) -> Metrics:
    """The metrics of a model that was fitted on ``split.train``."""
    items, words = {}, {}
    for view in views(split.train):
        if artifact.index(view.kind) is None:
            continue  # a model that was imported may know of one kind alone
        found = words_left_out(view, index_of(artifact, view).queries)
        if len(found):
            error = float(found.std(ddof=1) / len(found) ** 0.5)
            words[view.kind] = WordMetrics(asked=len(found), ndcg=float(found.mean()), ndcg_error=error)
        held = held_out(view, split)
        if held.nnz:
            items[view.kind] = _item_metrics(view, held, index_of(artifact, view), seed)
    friends = _friend_metrics(split, artifact, seed) if len(split.friendships) else None
    return Metrics(items=items, friends=friends, words=words)


def rank(scorer: Scorer, seen: sp.csr_matrix, users: Rows, *, seed: int, k: int = K) -> Rows:
    """The first ``k`` items not seen in training [len(users), k]; ties are broken at random, row by row.

    Ids often follow popularity, so a tie that fell to the lowest id would flatter a weak model.
    """
    rng = np.random.default_rng(seed)
    tops = []
    for start in range(0, len(users), BLOCK):
        block = users[start : start + BLOCK]
        scores = np.array(scorer(block), dtype=np.float64)
        tie = rng.random(scores.shape, dtype=np.float32) * max(float(np.abs(scores).max(initial=0)), 1e-30)
        scores += 1e-8 * tie  # below what float32 scores resolve
        row, column = seen[block].nonzero()
        scores[row, column] = -np.inf
        part = np.argpartition(-scores, min(k, scores.shape[1] - 1), axis=1)[:, :k]
        best = np.argsort(-np.take_along_axis(scores, part, axis=1), axis=1)
        tops.append(np.take_along_axis(part, best, axis=1))
    return np.concatenate(tops)


def hits_of(top: Rows, held: sp.csr_matrix, users: Rows) -> Mask:
    """Which of the ranked columns were held out [B, k]."""
    width = held.shape[1]
    coo = held[users].tocoo()
    truth = np.sort(coo.row.astype(np.int64) * width + coo.col)
    asked = np.arange(len(users))[:, None] * width + top
    return np.isin(asked, truth)


def index_of(artifact: Artifact, view: View) -> ItemIndex:
    """The index of a view. Raises ValueError where the model has none."""
    index = artifact.index(view.kind)
    if index is None:
        raise ValueError(f"the model has no {view.kind} view")
    return index


def model_scorer(view: View, index: ItemIndex, *, friends: bool = True) -> Scorer:
    """The recommender's own scores, from each user's plays and, if asked, their friends'."""

    def scorer(users: Rows) -> Floats:
        return index.scores_batch([evidence_of(view, int(user), friends=friends) for user in users])

    return scorer


def evidence_of(view: View, user: int, *, friends: bool = True) -> Evidence:
    """A training user's evidence as a request would gather it with everything permitted."""
    own = view.plays[user]
    keys, amounts, channels = [own.indices], [own.data], [np.full(own.nnz, Channel.OWN)]
    near = view.friends[user].indices if friends else []
    if len(near):
        theirs = view.plays[near]
        keys.append(theirs.indices)
        amounts.append(theirs.data)
        channels.append(np.full(theirs.nnz, Channel.FRIEND))
    return Evidence(
        key_row=np.concatenate(keys).astype(np.int64),
        amount=np.concatenate(amounts).astype(np.float32),
        channel=np.concatenate(channels).astype(np.int8),
    )


def _item_metrics(view: View, held: sp.csr_matrix, index: ItemIndex, seed: int) -> ItemMetrics:
    users = _sample(np.flatnonzero(np.diff(held.indptr)).astype(np.int64), seed)
    relevant = np.diff(held.indptr)[users]
    top = rank(model_scorer(view, index), view.plays, users, seed=seed)
    hits = hits_of(top, held, users)
    alone = rank(model_scorer(view, index, friends=False), view.plays, users, seed=seed)
    popular = rank(baselines.popularity(view), view.plays, users, seed=seed)
    plays = view.plays[users]
    history = [plays.indices[a:b] for a, b in zip(plays.indptr, plays.indptr[1:], strict=False)]
    known = [position for position, own in enumerate(history) if len(own)]
    gap = metrics.popularity_gap(top[known], [history[position] for position in known], view.players)
    ndcg = metrics.ndcg(hits, relevant)
    own_ndcg = metrics.ndcg(hits_of(alone, held, users), relevant)
    popularity_ndcg = metrics.ndcg(hits_of(popular, held, users), relevant)
    recall = metrics.recall(hits, relevant)
    return ItemMetrics(
        viewers=len(users),
        ndcg=float(ndcg.mean()),
        own_ndcg=float(own_ndcg.mean()),
        recall=float(recall.mean()),
        mrr=float(metrics.reciprocal_rank(hits).mean()),
        coverage=metrics.coverage(top, len(view.ids)),
        novelty=float(metrics.novelty(top, view.players, view.plays.shape[0]).mean()),
        diversity=float(metrics.diversity(top, index.queries).mean()),
        popularity_gap=float(gap.mean()) if len(gap) else 0.0,
        popularity_ndcg=float(popularity_ndcg.mean()),
        above_popularity=metrics.interval(own_ndcg - popularity_ndcg, seed=seed),
        ndcg_error=float(ndcg.std() / np.sqrt(len(users))),
        recall_error=float(recall.std() / np.sqrt(len(users))),
    )


def _sample(users: Rows, seed: int) -> Rows:
    """Of very many, as many as tell."""
    if len(users) <= ASKED:
        return users
    return np.sort(np.random.default_rng(seed).permutation(users)[:ASKED])


def _friend_metrics(split: Split, artifact: Artifact, seed: int) -> FriendMetrics | None:
    asked, known = friend_matrices(split)
    users = _sample(np.flatnonzero(np.diff(asked.indptr)).astype(np.int64), seed)
    if not len(users):
        return None
    relevant = np.diff(asked.indptr)[users]

    def recall(scorer: Scorer) -> float:
        top = rank(scorer, known + sp.eye(known.shape[0], format="csr"), users, seed=seed)
        return float(metrics.recall(hits_of(top, asked, users), relevant).mean())

    return FriendMetrics(
        viewers=len(users),
        recall=recall(friend_scorer(split, artifact, known)),
        adamic_adar_recall=recall(baselines.adamic_adar(known)),
    )


def friend_matrices(split: Split) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Held-out and known friendships among discoverable people, [P, P] each."""
    row = np.full(len(split.train.users), -1, dtype=np.int64)
    chosen = np.flatnonzero(split.train.discoverable)
    row[chosen] = np.arange(len(chosen))

    def matrix(pairs: NDArray[np.integer[Any]]) -> sp.csr_matrix:
        ends = row[pairs]
        ends = ends[(ends >= 0).all(axis=1)]
        return symmetric(ends[:, 0], ends[:, 1], len(chosen))

    return matrix(split.friendships), matrix(split.train.friendships)


def friend_scorer(split: Split, artifact: Artifact, known: sp.csr_matrix) -> Scorer:
    """The recommender's friend suggestions for rows of discoverable people."""
    taste = taste_vectors(split.train, views(split.train), artifact)[np.flatnonzero(split.train.discoverable)]
    links = held(np.arange(known.shape[0]), *(ends.astype(np.int64) for ends in known.nonzero()))
    score = artifact.pair_score or UNTAUGHT

    def scorer(users: Rows) -> Floats:
        scores = np.zeros((len(users), known.shape[0]), dtype=np.float32)
        for row, user in zip(scores, users.tolist(), strict=True):
            if (found := candidates(user, links, taste)) is not None:
                near, features = found
                reached = score(features)
                row[near.people] = reached - reached.min() + 1  # above who is not reached at all
        return scores

    return scorer
