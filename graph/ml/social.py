"""Friend suggestions learned as link prediction. What leaves is how features of a pair add up, and nothing of anybody."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from graph.arrays import Floats
from graph.ml.config import RecommenderConfig
from graph.ml.data import View
from graph.ml.item_item import fit_item_item
from graph.ml.pairs import learn_pair_score
from graph.serving.artifact import Artifact
from graph.serving.channels import Channel
from graph.serving.friend_index import FEATURES, UNTAUGHT, PairScore, unit_rows
from graph.serving.index import ItemIndex, turned
from graph.snapshot import GraphSnapshot

MIN_PAIRS = 20
EVENNESS = 0.2  # of the directions of taste: 0 leaves them, ½ makes people differ alike in all


def fit_pair_score(
    snapshot: GraphSnapshot, views: list[View], artifact: Artifact, config: RecommenderConfig
) -> PairScore:
    """How features of a pair add up among those who may be found; untaught where too few friendships could teach.

    Taste is of vectors that were fitted without any friendship, once: with the hidden ones, it would seem to say
    more than it does.
    """
    if config.untrained:
        drawn = np.random.default_rng(config.seed).normal(size=len(FEATURES))
        return PairScore(weights=dict(zip(FEATURES, drawn.tolist(), strict=True)))
    chosen = np.flatnonzero(snapshot.discoverable)
    row = np.full(len(snapshot.users), -1)
    row[chosen] = np.arange(len(chosen))
    pairs = row[snapshot.friendships]
    pairs = pairs[(pairs >= 0).all(axis=1)]
    kind = taste_kind(snapshot)
    view, index = next((view for view in views if view.kind == kind), None), artifact.index(kind)
    if len(pairs) < MIN_PAIRS or view is None or index is None:
        return UNTAUGHT
    friendless = replace(view, friends=sp.csr_matrix(view.friends.shape, dtype=np.float32))
    keys = fit_item_item(friendless, config.memory, seed=config.seed).keys
    folded = unit_rows(np.asarray(_strength(view, index) @ keys))
    taste = turned(folded, **what_is_common(folded))[chosen]
    return learn_pair_score(pairs, taste, seed=config.seed) or UNTAUGHT


def taste_vectors(snapshot: GraphSnapshot, views: list[View], artifact: Artifact) -> Floats:
    """Everyone's plays as `ItemIndex.tastes` would fold them in for a request [U, d]."""
    kind = taste_kind(snapshot)
    view, index = next((view for view in views if view.kind == kind), None), artifact.index(kind)
    if view is None or index is None:
        return np.zeros((len(snapshot.users), 1), dtype=np.float32)
    return index.tastes(view.plays)


def what_is_common(folded: Floats) -> dict[str, Floats]:
    """The mean of people's folded plays [P, d], and what evens out the directions in which they differ [d, d]."""
    known = folded[folded.any(axis=1)].astype(np.float64)
    mean = known.mean(axis=0) if len(known) else np.zeros(folded.shape[1])
    size, direction = np.linalg.eigh((known - mean).T @ (known - mean))
    evened = np.maximum(size, max(size.max(initial=0), 1e-12) * 1e-6) ** -EVENNESS
    return {
        "mean": mean.astype(np.float32),
        "turn": ((direction * evened) @ direction.T).astype(np.float32),
    }


def taste_kind(snapshot: GraphSnapshot) -> str:
    """What people are compared by: artists where there are any, else tracks."""
    return "ARTIST" if len(snapshot.artist_plays.user) else "TRACK"


def _strength(view: View, index: ItemIndex) -> sp.csr_matrix:
    """Plays as serving weighs them [U, N]."""
    plays = view.plays.copy()
    counts = np.diff(plays.indptr)
    plays.data = index.rules[Channel.OWN].strength(plays.data, np.repeat(counts, counts))
    return plays
