"""How likely two people are friends: a learned sum over features of the pair, from numpy.

How they are reached over friendships comes from `nearby`; what the viewer's friends listen to beside what a
candidate does is added here. The viewer's own plays are in no feature: whoever adds or takes away one of theirs
changes nothing in the order. A model holds the weights alone; of people it holds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from graph.arrays import Floats, Mask, Rows
from graph.serving.nearby import REACHED, Nearby

CIRCLE = (
    "taste_of_my_friends",  # of all of them together
    "taste_of_nearest_friends",  # of the three of them that come nearest
    "taste_across_bridges",  # of those who know the candidate, on average
    "taste_through_bridges",  # of the same, added up as resource allocation is
    "taste_over_paths_of_three",  # of those before the candidate on such a path, as far as they are candidates
    "taste_of_their_friends",  # of the candidate's friends among all these, beside the viewer's friends
)
FEATURES = (*REACHED, *CIRCLE)
STEP = 0.05  # cosines enter in steps of this size
NEAREST = 3


@dataclass(frozen=True, kw_only=True)
class PairScore:
    """Score of a pair: Σ weight · feature + Σ over hidden units out · tanh(features · into + bias)."""

    weights: Mapping[str, float]  # by name in FEATURES; absent is 0
    into: Floats | None = None  # [FEATURES, H]
    bias: Floats | None = None  # [H]
    out: Floats | None = None  # [H]

    def __call__(self, features: Floats) -> Floats:
        """[n] from features [n, FEATURES]."""
        weights = np.array([self.weights.get(name, 0.0) for name in FEATURES], dtype=np.float32)
        total = features @ weights
        if self.into is not None and self.bias is not None and self.out is not None:
            total += np.tanh(features @ self.into + self.bias) @ self.out
        return np.asarray(total, dtype=np.float32)


# Where nobody's friendships taught anything: friends in common first, then friends' friends' friends.
UNTAUGHT = PairScore(weights={"resource_allocation": 1.0, "paths_of_three": 0.5})


@dataclass(frozen=True, kw_only=True)
class Tastes:
    """What people listen to, as unit rows; made for one answer, zero where it may not be used."""

    bridges: Floats  # [B, d] of those of the viewer's friends whose plays may shape the answer
    people: Floats  # [P, d]


def pair_features(near: Nearby, tastes: Tastes | None) -> Floats:
    """Every feature of FEATURES [P, FEATURES]."""
    circle = np.zeros((len(near.people), len(CIRCLE)), dtype=np.float32)
    if tastes is not None:
        circle = _circle(near, tastes)
    return np.concatenate([near.features, circle], axis=1)


def _circle(near: Nearby, tastes: Tastes) -> Floats:
    heard: Mask = np.asarray(tastes.bridges.any(axis=1))
    alike = _in_steps(tastes.people @ tastes.bridges.T)  # [P, B]
    whole = unit_rows(tastes.bridges[heard].sum(axis=0, keepdims=True))[0]
    nearest = np.sort(alike[:, heard], axis=1)[:, -NEAREST:]
    known = heard[near.bridge]
    whom = np.concatenate([tastes.bridges, tastes.people])
    before = _in_steps(np.einsum("ld,ld->l", whom[near.step], tastes.people[near.end]))
    theirs = _in_steps(whom @ whole)[near.step]
    friends = np.maximum(np.bincount(near.end, minlength=len(near.people)), 1)
    place, bridge, weight = near.candidate[known], near.bridge[known], near.weight[known]
    cosine, size = alike[place, bridge], len(near.people)
    number = np.bincount(place, minlength=size)
    return np.stack(
        [
            _in_steps(tastes.people @ whole),
            nearest.mean(axis=1) if nearest.shape[1] else np.zeros(size),
            np.bincount(place, cosine, minlength=size) / np.maximum(number, 1),
            np.log1p(20 * np.bincount(place, weight * np.maximum(cosine, 0), minlength=size)),
            np.log1p(100 * np.bincount(near.end, near.carried * np.maximum(before, 0), minlength=size)),
            np.bincount(near.end, theirs, minlength=size) / friends,
        ],
        axis=1,
    ).astype(np.float32)


def _in_steps(cosines: Floats) -> Floats:
    return np.asarray(np.rint(cosines / STEP) * STEP, dtype=np.float32)


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
