"""Friend suggestions from numpy: who is close through people who may be found, and by taste.

A suggestion's score is a weighted sum of features of the pair, plus what a small hidden layer makes
of them together. Topology is computed at call time from an adjacency the caller has cleared (only
people who are discoverable, as end and as bridge); taste is the cosine of folded-in evidence. Only people who granted CONTRIBUTE and DISCOVERABLE
have a vector here, and it goes when the model goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from graph.arrays import Floats, Ids, Rows

FEATURES = (
    "resource_allocation",
    "paths_of_three",
    "overlap_of_friends",
    "degree",
    "walks_from_home",
    "taste",
    "taste_of_my_friends",
    "taste_of_their_friends",
    "taste_of_both_circles",
    "shared_rarities",
    "shared_with_my_friends",
    "shared_with_their_friends",
    "shared_by_both_circles",
)
SHARED = FEATURES[-4:]
STEPS, ONWARD = 5, 0.7  # of the walks: how many, and how much of each goes on
ROWS = 256  # viewers whose hidden units are held at once


@dataclass(frozen=True, kw_only=True)
class PairScore:
    """Score of a pair: Σ weight · feature + Σ over hidden units out · tanh(features · into + bias)."""

    weights: dict[str, float]  # by name in FEATURES; absent is 0
    into: Floats | None = None  # [FEATURES, H]
    bias: Floats | None = None  # [H]
    out: Floats | None = None  # [H]

    def __call__(self, features: Mapping[str, Floats]) -> Floats:
        """[B, P] from every feature [B, P]."""
        table = [features[name] for name in FEATURES]
        total = np.zeros(table[0].shape, dtype=np.float32)
        for name, values in zip(FEATURES, table, strict=True):
            total += np.float32(self.weights.get(name, 0.0)) * values
        if self.into is not None and self.bias is not None and self.out is not None:
            for start in range(0, len(total), ROWS):
                part = np.stack([values[start : start + ROWS] for values in table], axis=-1)
                total[start : start + ROWS] += np.tanh(part @ self.into + self.bias) @ self.out
        return total


@dataclass(frozen=True, kw_only=True)
class Viewers:
    """The people to suggest to, one row each."""

    vectors: Floats  # [B, dim or dim + signature] ItemIndex.portrait, zero where nothing may be used
    neighbors: sp.csr_matrix  # [B, P] friends who are in the index


class PeopleIndex:
    """People who may be suggested, with vectors of their taste and the learned weights."""

    def __init__(
        self,
        *,
        ids: Ids,
        vectors: Floats,
        score: PairScore,
        columns: int | None = None,
        signatures: sp.csr_matrix | None = None,
    ) -> None:
        self.ids = ids  # [P] ascending
        self.vectors = unit_rows(vectors)  # [P, dim]
        self.signatures = signatures  # [P, buckets] hashed rare items, or None
        self.score = score
        self._columns = self.dim if columns is None else columns

    @cached_property
    def taste(self) -> Floats:
        """The leading columns, which suggestions compare, as unit rows [P, columns]."""
        return unit_rows(self.vectors[:, : self._columns])

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, ids: Ids) -> Rows:
        """Rows of person ids; -1 where the person is not in the index."""
        ids = np.asarray(ids, dtype=np.int64)
        if not len(self.ids):
            return np.full(ids.shape, -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[place] == ids, place, -1)

    def adjacency(self, pairs: Ids) -> sp.csr_matrix:
        """Symmetric [P, P] from pairs of person ids [F, 2]; pairs with an unknown end are left out."""
        low, high = self.rows(pairs[:, 0]), self.rows(pairs[:, 1])
        known = (low >= 0) & (high >= 0) & (low != high)
        return symmetric(low[known], high[known], len(self))

    def neighbors(self, friend_ids: Ids) -> sp.csr_matrix:
        """One viewer's friends as a row [1, P]."""
        rows = np.unique(self.rows(friend_ids))
        rows = rows[rows >= 0]
        return sp.csr_matrix((np.ones(len(rows), np.float32), rows, [0, len(rows)]), shape=(1, len(self)))

    def suggest(
        self,
        vector: Floats,
        friend_ids: Ids,
        adjacency: sp.csr_matrix,
        k: int,
        *,
        exclude: Ids | None = None,
    ) -> tuple[Ids, Floats]:
        """Up to ``k`` people for one viewer, best first: (ids, scores).

        ``exclude`` holds ids never to suggest: the viewer, blocked people, open requests. Friends
        are always left out.
        """
        viewers = Viewers(vectors=vector[None, :], neighbors=self.neighbors(friend_ids))
        scores = self.scores(viewers, adjacency)[0]
        hidden = np.concatenate([viewers.neighbors.indices, self.rows(_or_empty(exclude))])
        scores[hidden[hidden >= 0]] = -np.inf
        order = np.argsort(-scores, kind="stable")[:k]
        order = order[np.isfinite(scores[order])]
        return self.ids[order], scores[order]

    def scores(self, viewers: Viewers, adjacency: sp.csr_matrix) -> Floats:
        """Score of every person [B, P] for each viewer; friends and the viewer are not masked."""
        cosines = viewers.vectors[:, : self._columns]
        signed = viewers.vectors[:, self.dim :]
        return self.score(
            pair_features(
                Pairs(near=viewers.neighbors, taste=cosines, signed=signed),
                adjacency,
                self.taste,
                self.signatures,
            )
        )

    @cached_property
    def dim(self) -> int:
        return int(self.vectors.shape[1])


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """What is known of the viewers of some pairs."""

    near: sp.csr_matrix  # [B, P] friends
    taste: Floats  # [B, columns]
    signed: Floats  # [B, buckets], or [B, 0] where nobody has a signature


def pair_features(
    viewers: Pairs, adjacency: sp.csr_matrix, taste: Floats, signatures: sp.csr_matrix | None
) -> dict[str, Floats]:
    """Every feature of FEATURES as [B, P], on scales that a linear score can add.

    ``taste`` holds unit rows [P, columns]. Counts enter as log1p, so that hubs do not drown the rest.
    """
    degree = np.asarray(adjacency.sum(axis=1)).ravel()
    safe = np.maximum(degree, 1)
    spread, root = sp.diags(1 / safe), sp.diags(safe**-0.5)
    near = viewers.near
    mine = np.maximum(np.asarray(near.sum(axis=1)), 1)
    steps = near @ spread @ adjacency
    cosine = unit_rows(viewers.taste) @ taste.T
    circle = unit_rows(np.asarray(near @ taste))
    features = {
        "resource_allocation": np.log1p(20 * _dense(steps)),
        "paths_of_three": np.log1p(100 * _dense(steps @ spread @ adjacency)),
        "overlap_of_friends": _dense(near @ adjacency @ root) / np.sqrt(mine),
        "degree": np.broadcast_to(np.log1p(degree), near.shape),
        "walks_from_home": np.log1p(300 * _walks(near, (spread @ adjacency).tocsr(), mine)),
        "taste": cosine,
        "taste_of_my_friends": circle @ taste.T,
        "taste_of_their_friends": np.asarray((adjacency @ cosine.T).T) / safe,
        "taste_of_both_circles": circle @ unit_rows(np.asarray(adjacency @ taste)).T,
    }
    linked = (root @ adjacency @ root).tocsr()
    features |= _shared(viewers, near @ root / np.sqrt(mine), linked, signatures)
    return {name: np.asarray(features[name], dtype=np.float32) for name in FEATURES}


def _walks(near: sp.csr_matrix, step: sp.csr_matrix, mine: Floats) -> Floats:
    """Where walks that start at the viewer's friends and may stop at each step are found [B, P]."""
    at = _dense(near) / mine
    onward = step.T.tocsr()
    seen = at.copy()
    for number in range(1, STEPS + 1):
        at = np.asarray((onward @ at.T).T)
        seen += ONWARD**number * at
    return np.asarray((1 - ONWARD) * seen, dtype=np.float32)


def _shared(
    viewers: Pairs, near: sp.csr_matrix, linked: sp.csr_matrix, signatures: sp.csr_matrix | None
) -> dict[str, Floats]:
    """Rare items in common: of both, of one and the other's friends, of the friends of both."""
    if signatures is None or not viewers.signed.shape[1]:
        nothing = np.zeros(near.shape, dtype=np.float32)
        return dict.fromkeys(SHARED, nothing)
    direct = _dense(sp.csr_matrix(viewers.signed) @ signatures.T)
    through = _dense(sp.csr_matrix(near) @ signatures @ signatures.T)
    around = np.asarray((linked @ direct.T).T)
    circles = np.asarray((linked @ through.T).T)
    shared = zip(SHARED, (direct, through, around, circles), strict=True)
    return {name: np.log1p(np.maximum(value, 0)) for name, value in shared}


def unit_rows(vectors: Floats) -> Floats:
    """Rows scaled to length one; zero rows stay zero."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1), dtype=np.float32)


def symmetric(low: Rows, high: Rows, size: int) -> sp.csr_matrix:
    """Undirected adjacency [size, size] of ones from pairs."""
    half = sp.csr_matrix((np.ones(len(low), np.float32), (low, high)), shape=(size, size))
    whole = (half + half.T).tocsr()
    whole.data[:] = 1
    return whole


def _dense(matrix: sp.csr_matrix) -> Floats:
    return np.asarray(matrix.todense(), dtype=np.float32)


def _or_empty(ids: Ids | None) -> Ids:
    return np.zeros(0, dtype=np.int64) if ids is None else np.asarray(ids, dtype=np.int64)
