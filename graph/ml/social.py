"""Friend suggestions learned as link prediction: how much each feature of a pair says."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from graph.artifact import Artifact
from graph.index import SIGNATURE, Channel, Evidence
from graph.people import FEATURES, PeopleIndex, Viewers, pair_features, symmetric, unit_rows
from graph.snapshot import GraphSnapshot

HELD_OUT = 0.2  # share of friendships hidden while the weights are learned
NEGATIVES = 200  # people drawn per viewer who are not friends
VIEWERS = 1_000
MIN_PAIRS = 20


def fit_people(
    snapshot: GraphSnapshot, artifact: Artifact, *, seed: int, untrained: bool = False
) -> tuple[dict[str, NDArray[Any]], dict[str, float]]:
    """Vectors of the people who may be suggested, and the weight of each feature.

    Returns nothing ({}, {}) when nobody may be.
    """
    chosen = np.flatnonzero(snapshot.discoverable)
    if not len(chosen):
        return {}, {}
    portraits = taste_vectors(snapshot, artifact)[chosen]
    dim = portraits.shape[1] - SIGNATURE
    vectors, signatures = unit_rows(portraits[:, :dim]), sp.csr_matrix(portraits[:, dim:])
    arrays: dict[str, NDArray[Any]] = {
        "ids": snapshot.users[chosen].astype(np.int64),
        "vectors": vectors,
        "signature_indptr": signatures.indptr.astype(np.int32),
        "signature_indices": signatures.indices.astype(np.int32),
        "signature_data": signatures.data.astype(np.float32),
    }
    row = np.full(len(snapshot.users), -1)
    row[chosen] = np.arange(len(chosen))
    pairs = row[snapshot.friendships]
    pairs = pairs[(pairs >= 0).all(axis=1)]
    rng = np.random.default_rng(seed)
    if untrained:
        return arrays, dict(zip(FEATURES, rng.normal(size=len(FEATURES)).tolist(), strict=True))
    if len(pairs) < MIN_PAIRS:
        return arrays, dict.fromkeys(FEATURES, 1.0)
    return arrays, _learn_weights(
        pairs,
        portraits,
        PeopleIndex(ids=arrays["ids"], vectors=vectors, weights={}, signatures=signatures),
        rng,
    )


def taste_vectors(snapshot: GraphSnapshot, artifact: Artifact) -> NDArray[np.float32]:
    """Everyone's own plays as a portrait [U, .], from artists where there are any, else tracks."""
    kind = "ARTIST" if len(snapshot.artist_plays.user) else "TRACK"
    plays = snapshot.artist_plays if kind == "ARTIST" else snapshot.track_plays
    index = artifact.index(kind)
    if index is None:
        return np.zeros((len(snapshot.users), SIGNATURE + 1), dtype=np.float32)
    edges = np.searchsorted(plays.user, np.arange(len(snapshot.users) + 1))
    return index.portrait(
        [
            Evidence(
                key_row=plays.item[start:stop].astype(np.int64),
                amount=plays.count[start:stop],
                channel=np.full(stop - start, Channel.OWN, dtype=np.int8),
            )
            for start, stop in itertools.pairwise(edges)
        ]
    )


def _learn_weights(
    pairs: NDArray[np.integer[Any]],
    portraits: NDArray[np.float32],
    people: PeopleIndex,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Logistic regression of hidden friendships against strangers, on the features of the rest."""
    size = len(people)
    hidden = rng.random(len(pairs)) < HELD_OUT
    known = symmetric(pairs[~hidden, 0], pairs[~hidden, 1], size)
    asked = symmetric(pairs[hidden, 0], pairs[hidden, 1], size)
    viewers = np.flatnonzero(np.diff(asked.indptr))
    viewers = np.sort(rng.permutation(viewers)[: max(32, min(VIEWERS, 4_000_000 // size))])
    asking = Viewers(vectors=portraits[viewers], neighbors=known[viewers])
    features = pair_features(asking, known, people.vectors, people.signatures)
    row, column = asked[viewers].nonzero()
    strangers = rng.integers(size, size=(len(viewers), NEGATIVES))
    negative_row = np.repeat(np.arange(len(viewers)), NEGATIVES)
    negative_column = strangers.ravel()
    friends = np.asarray((known + asked)[viewers[negative_row], negative_column]).ravel() > 0
    kept = ~friends & (viewers[negative_row] != negative_column)
    row, column = np.append(row, negative_row[kept]), np.append(column, negative_column[kept])
    target = np.arange(len(row)) < len(row) - kept.sum()
    table = np.stack([features[name][row, column] for name in FEATURES], axis=1).astype(np.float64)
    spread = np.where(table.std(axis=0) > 0, table.std(axis=0), 1)
    model = LogisticRegression(C=1.0, max_iter=500).fit(table / spread, target)
    return {name: float(w) for name, w in zip(FEATURES, model.coef_[0] / spread, strict=True)}
