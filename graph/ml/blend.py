"""How much each source, popularity and friends weigh, learned on a validation split inside training.

The sources are fitted without a tenth of everyone's items, their scores are kept apart, and one
weight at a time is moved while that finds more of what was hidden: from plays and friends, and from
friends alone, as of a listener who has not played anything yet. Where a community is too small to
tell, the weights stay as configured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import numpy as np
import scipy.sparse as sp
import torch

from graph.arrays import Floats, Rows
from graph.ml import metrics
from graph.ml.config import BlendConfig
from graph.ml.data import View
from graph.serving.channels import Channel
from graph.serving.index import ItemIndex

MIN_VIEWERS = 200  # with something hidden; fewer teach nothing but noise
VIEWERS, CELLS = 1_000, 16_000_000  # how many are asked, and entries of one score table
STEPS = {  # multiples of the configured weight that are tried
    "network": (0.5, 0.7, 1.0, 1.4, 2.0),
    "popularity": (0.25, 0.5, 1.0, 1.5, 2.0),
    "friend_identity": (0.25, 0.5, 1.0, 1.5, 2.0),
}
LEAST_GAIN = 1.005  # a move must raise quality by this factor: smaller gains are chance between splits
K = 20


def learn_blend(view: View, held: sp.csr_matrix, index: ItemIndex, blend: BlendConfig) -> BlendConfig:
    """The weights that rank ``held`` [U, N], hidden from ``view``, best.

    ``index`` was fitted on ``view`` with ``blend``.
    """
    asked = np.flatnonzero((np.diff(held.indptr) > 0) & (np.diff(view.plays.indptr) > 0))
    if len(asked) < MIN_VIEWERS:
        return blend
    rng = np.random.default_rng(0)
    users = np.sort(rng.permutation(asked)[: max(MIN_VIEWERS, min(VIEWERS, CELLS // len(view.ids)))])
    parts = _parts(view, index, users, blend)
    whole = _quality(view.plays[users], held[users], parts)
    friends_only = _friends_only(view, held, users, parts)

    def quality(weights: dict[str, float]) -> float:
        return whole(weights) * friends_only(weights)

    weights = {name: float(getattr(blend, name)) for name in parts}
    best = quality(weights)
    for name, steps in STEPS.items():
        for step in steps if name in parts else ():
            tried = {**weights, name: step * float(getattr(blend, name))}
            tried_quality = quality(tried)
            if tried_quality > best * LEAST_GAIN:
                best, weights = tried_quality, tried
    return replace(blend, **cast("dict[str, Any]", weights))


def _parts(view: View, index: ItemIndex, users: Rows, blend: BlendConfig) -> dict[str, Floats]:
    """What each weight multiplies [B, N], by the weight's name."""
    counts = np.maximum(np.diff(view.plays.indptr), 1)
    own = view.plays.copy()
    own.data = index.rules[Channel.OWN].strength(own.data, np.repeat(counts, np.diff(own.indptr)))
    folded = own[users] @ index.keys[: len(index)]
    parts = {
        source.name: np.asarray(
            folded[:, source.start : source.stop] @ index.queries[:, source.start : source.stop].T
        )
        for source in index.sources
    }
    popular = index.prior / (blend.popularity or 1)
    parts["popularity"] = np.broadcast_to(popular, (len(users), len(index)))
    if view.friends.nnz:
        near = view.friends[users]
        rule = index.rules[Channel.FRIEND]
        plain = view.plays.copy()
        plain.data = rule.strength(plain.data, 1) / rule.gain
        entries = np.maximum(near @ np.diff(view.plays.indptr), 1) ** -blend.count_power
        parts["friend_identity"] = np.asarray((sp.diags(entries) @ near @ plain).todense(), dtype=np.float32)
    return parts


def _friends_only(
    view: View, held: sp.csr_matrix, users: Rows, parts: dict[str, Floats]
) -> Callable[[dict[str, float]], float]:
    """Quality of what friends and popularity say; 1 where nobody has friends."""
    befriended = np.flatnonzero(np.diff(view.friends.indptr)[users])
    if not len(befriended):
        return lambda _weights: 1.0
    said = {name: parts[name][befriended] for name in ("popularity", "friend_identity")}
    asked = users[befriended]
    quality = _quality(view.plays[asked], held[asked], said)
    return lambda weights: quality({name: weights[name] for name in said})


def _quality(
    seen: sp.csr_matrix, held: sp.csr_matrix, parts: dict[str, Floats]
) -> Callable[[dict[str, float]], float]:
    row, column = seen.nonzero()
    wanted, relevant = held.toarray() > 0, np.diff(held.indptr)

    def quality(weights: dict[str, float]) -> float:
        """NDCG of the parts added up with these weights."""
        total = np.zeros(seen.shape, dtype=np.float32)
        for name, weight in weights.items():
            total += np.float32(weight) * parts[name]
        total[row, column] = -np.inf
        # Not argpartition: among thousands of equal scores it takes many times as long.
        top = torch.from_numpy(total).topk(min(K, total.shape[1]), dim=1).indices.numpy()
        return float(metrics.ndcg(np.take_along_axis(wanted, top, axis=1), relevant).mean())

    return quality
