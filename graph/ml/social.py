"""Friend suggestions learned as link prediction, with vectors of those who may be suggested."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.arrays import Floats, Rows
from graph.ml.config import RecommenderConfig
from graph.ml.data import View
from graph.ml.item_item import fit_item_item
from graph.ml.pairs import learn_pair_score
from graph.serving.artifact import Artifact
from graph.serving.friend_index import FEATURES, PairScore, symmetric, unit_rows
from graph.serving.index import SIGNATURE, Channel, Evidence, ItemIndex
from graph.snapshot import GraphSnapshot

MIN_PAIRS = 20


@dataclass(frozen=True, kw_only=True)
class FriendIndexPart:
    """The friend index as it stands in the artifact, under the name "people"."""

    arrays: dict[str, NDArray[Any]]
    description: dict[str, Any] | None  # the manifest's "people"; None when nobody may be suggested


def fit_friend_index(
    snapshot: GraphSnapshot, views: list[View], artifact: Artifact, config: RecommenderConfig
) -> FriendIndexPart:
    """Vectors of the people who may be suggested, and how features of a pair add up."""
    chosen = np.flatnonzero(snapshot.discoverable)
    if not len(chosen):
        return FriendIndexPart(arrays={}, description=None)
    portraits = taste_vectors(snapshot, artifact)[chosen]
    dim = portraits.shape[1] - SIGNATURE
    signatures = sp.csr_matrix(portraits[:, dim:])
    kind = _kind(snapshot)
    view, index = next((view for view in views if view.kind == kind), None), artifact.index(kind)
    score = _score(snapshot, chosen, signatures, view, index, config)
    arrays: dict[str, NDArray[Any]] = {
        "ids": snapshot.users[chosen].astype(np.int64),
        "vectors": unit_rows(portraits[:, :dim]),
        "signature_indptr": signatures.indptr.astype(np.int32),
        "signature_indices": signatures.indices.astype(np.int32),
        "signature_data": signatures.data.astype(np.float32),
    }
    for name, array in (("into", score.into), ("bias", score.bias), ("out", score.out)):
        if array is not None:
            arrays[f"hidden_{name}"] = array
    columns = index.sources[0].stop if index else dim
    return FriendIndexPart(arrays=arrays, description={"weights": score.weights, "columns": columns})


def taste_vectors(snapshot: GraphSnapshot, artifact: Artifact) -> Floats:
    """Everyone's own plays as a portrait [U, .], from artists where there are any, else tracks."""
    kind = _kind(snapshot)
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


def _score(
    snapshot: GraphSnapshot,
    chosen: Rows,
    signatures: sp.csr_matrix,
    view: View | None,
    index: ItemIndex | None,
    config: RecommenderConfig,
) -> PairScore:
    """Learned, or every feature alike where too few friendships could teach."""
    row = np.full(len(snapshot.users), -1)
    row[chosen] = np.arange(len(chosen))
    pairs = row[snapshot.friendships]
    pairs = pairs[(pairs >= 0).all(axis=1)]
    if config.untrained:
        drawn = np.random.default_rng(config.seed).normal(size=len(FEATURES))
        return PairScore(weights=dict(zip(FEATURES, drawn.tolist(), strict=True)))
    if len(pairs) < MIN_PAIRS or view is None or index is None:
        return PairScore(weights=dict.fromkeys(FEATURES, 1.0))
    strength = _strength(view, index)

    def taste(known: sp.csr_matrix) -> Floats:
        ends = chosen[np.stack(known.nonzero())]
        friends = symmetric(ends[0], ends[1], len(snapshot.users))
        item_item = fit_item_item(replace(view, friends=friends), config.memory, seed=config.seed)
        return unit_rows(np.asarray(strength @ item_item.keys)[chosen])

    return learn_pair_score(pairs, len(chosen), taste, signatures, seed=config.seed)


def _kind(snapshot: GraphSnapshot) -> str:
    return "ARTIST" if len(snapshot.artist_plays.user) else "TRACK"


def _strength(view: View, index: ItemIndex) -> sp.csr_matrix:
    """Plays as serving weighs them [U, N]."""
    plays = view.plays.copy()
    counts = np.diff(plays.indptr)
    plays.data = index.rules[Channel.OWN].strength(plays.data, np.repeat(counts, counts))
    return plays
