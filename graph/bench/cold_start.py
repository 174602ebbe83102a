"""Comparisons where little is known: of a listener, or of an artist."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from graph.arrays import Rows
from graph.bench import peers
from graph.bench.tally import MAIN, OURS, Measured, Tally
from graph.ml import baselines, metrics
from graph.ml.baselines import Scorer
from graph.ml.data import View
from graph.ml.evaluate import K, hits_of, index_of, model_scorer, rank
from graph.ml.split import Split, held_out
from graph.serving.artifact import Artifact
from graph.serving.channels import Channel, Evidence
from graph.serving.index import ItemIndex

PICKS = 3


def add_few_plays(
    picks: Tally, one_play: Tally, view: View, held: sp.csr_matrix, index: ItemIndex, seed: int
) -> None:
    """Listeners of whom only three favorites, or one play, are told.

    The model has seen their other plays in training, as it has everyone's; those are neither
    evidence nor candidates, and what is asked for is what was held out.
    """
    known = np.diff(view.plays.indptr)
    users = np.flatnonzero((np.diff(held.indptr) > 0) & (known >= PICKS)).astype(np.int64)
    rng = np.random.default_rng(seed)
    favorites = np.array([_favorites(view, int(user), PICKS) for user in users])
    single = np.array([[rng.choice(view.plays[int(user)].indices)] for user in users])
    for tally, rows, channel in ((picks, favorites, Channel.PICK), (one_play, single, Channel.OWN)):
        evidence = dict(
            zip(users.tolist(), (_evidence(view, int(u), r, channel) for u, r in zip(users, rows, strict=True)), strict=True)
        )  # fmt: skip
        told = _told(view, users, rows)
        scorers: dict[str, Scorer] = {
            OURS: lambda asked, e=evidence: index.scores_batch([e[int(user)] for user in asked]),  # type: ignore[misc]
            "item_knn": peers.item_knn(view, told=told),
            "popularity": baselines.popularity(view),
        }
        for name, scorer in scorers.items():
            tally.add(name, _ndcg(scorer, view.plays, held, users, seed))


def add_cold(
    listeners: Tally, artists: Tally, split: Split, view: View, artifact: Artifact, seed: int
) -> None:
    """Listeners known by their friends only, and artists known by their tags only."""
    held, ours = held_out(view, split), model_scorer(view, index_of(artifact, view))
    cold = (np.diff(view.plays.indptr) == 0) & (np.diff(held.indptr) > 0)
    heard = np.asarray(view.friends @ np.diff(view.plays.indptr)) > 0
    for name, scorer in {
        OURS: ours,
        "friends_mean": peers.friends_mean(view),
        "popularity": baselines.popularity(view),
    }.items():
        listeners.add(name, _ndcg(scorer, view.plays, held, np.flatnonzero(cold & heard), seed))
    unplayed = np.flatnonzero((view.players == 0) & (np.bincount(held.indices, minlength=held.shape[1]) > 0))
    among = held[:, unplayed].tocsr()
    warm = np.flatnonzero((np.diff(among.indptr) > 0) & ~cold)
    nothing = sp.csr_matrix(among.shape)
    for name, scorer in {OURS: ours, "tag_cosine": peers.tag_cosine(view)}.items():
        artists.add(name, _ndcg(_columns(scorer, unplayed), nothing, among, warm, seed))


def _ndcg(scorer: Scorer, seen: sp.csr_matrix, held: sp.csr_matrix, users: Rows, seed: int) -> Measured:
    top = rank(scorer, seen, users, seed=seed)
    hits, relevant = hits_of(top, held, users), np.diff(held.indptr)[users]
    return {MAIN: metrics.ndcg(hits, relevant), f"recall@{K}": metrics.recall(hits, relevant)}


def _favorites(view: View, user: int, count: int) -> Rows:
    own = view.plays[user]
    return np.asarray(own.indices[np.argsort(-own.data, kind="stable")[:count]], dtype=np.int64)


def _evidence(view: View, user: int, rows: Rows, channel: Channel) -> Evidence:
    told = np.ones(len(rows)) if channel is Channel.PICK else view.plays[user, rows].toarray().ravel()
    return Evidence(
        key_row=rows.astype(np.int64),
        amount=np.asarray(told, dtype=np.float32),
        channel=np.full(len(rows), channel, dtype=np.int8),
    )


def _told(view: View, users: Rows, rows: Rows) -> sp.csr_matrix:
    """What is told of each listener [U, N], as ones."""
    width = rows.shape[1]
    ones = np.ones(rows.size, dtype=np.float32)
    return sp.csr_matrix((ones, (np.repeat(users, width), rows.ravel())), shape=view.plays.shape)


def _columns(scorer: Scorer, columns: Rows) -> Scorer:
    return lambda users: scorer(users)[:, columns]
