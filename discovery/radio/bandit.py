"""Which source the next item comes from: linear Thompson sampling with exact propensities.

Each arm has a Bayesian linear regression of the reward on features (Agrawal and Goyal 2013). A plain
Thompson step has a probability that nobody can write down, and a log without probabilities cannot be
evaluated. So a fixed number of posterior draws is made first, and the arm is then drawn from their
frequencies, mixed with a little of the uniform: the probability that is logged is the one that was used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DRAWS = 64  # posterior draws behind one choice
FLOOR = 0.05  # share of choices spread evenly, so that every arm is tried and every weight is bounded
NOISE = 0.4  # standard deviation of a reward around its mean; rewards lie in 0 to 1
RIDGE = 1.0  # prior precision of each coefficient


@dataclass(frozen=True)
class Posterior:
    """What is believed of each arm's reward: ``precision`` [A, d, d] and ``evidence`` [A, d] = Σ reward · x."""

    precision: Floats
    evidence: Floats

    @classmethod
    def prior(cls, arms: int, features: int) -> Self:
        return cls(np.tile(RIDGE * np.eye(features), (arms, 1, 1)), np.zeros((arms, features)))

    def learned(self, arm: NDArray[np.int64], x: Floats, reward: Floats, weight: float = 1.0) -> Posterior:
        """After seeing rewards [N] of arms [N] at features [N, d]."""
        precision, evidence = self.precision.copy(), self.evidence.copy()
        np.add.at(precision, arm, weight * x[:, :, None] * x[:, None, :])
        np.add.at(evidence, arm, weight * reward[:, None] * x)
        return Posterior(precision, evidence)

    @property
    def mean(self) -> Floats:
        """Coefficients [A, d] at the center of the posterior."""
        return np.asarray(
            np.linalg.solve(self.precision, self.evidence[:, :, None])[:, :, 0], dtype=np.float64
        )

    def expected(self, x: Floats) -> Floats:
        """Expected reward [..., A] at features [..., A, d]."""
        found: Floats = np.einsum("...ad,ad->...a", x, self.mean)
        return found

    def to_json(self) -> dict[str, Any]:
        return {"precision": self.precision.tolist(), "evidence": self.evidence.tolist()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        return cls(
            np.array(values["precision"], dtype=np.float64), np.array(values["evidence"], dtype=np.float64)
        )


def thompson(posterior: Posterior, x: Floats, open_arms: Bools, rng: np.random.Generator) -> Floats:
    """Probability of each arm [B, A] at features [B, A, d]; 0 where ``open_arms`` [B, A] is not set."""
    # w = mean + noise · L⁻ᵀ z has the posterior's covariance, where L Lᵀ is the precision.
    lower = np.linalg.cholesky(posterior.precision)
    z = rng.standard_normal((len(x), DRAWS, *posterior.evidence.shape))
    spread = np.linalg.solve(
        np.swapaxes(lower, 1, 2), np.moveaxis(z, (2, 3), (0, 1)).reshape(*z.shape[2:], -1)
    )
    draws = posterior.mean[:, :, None] + NOISE * spread  # [A, d, B · DRAWS]
    draws = np.moveaxis(draws.reshape(*z.shape[2:], len(x), DRAWS), (2, 3), (0, 1))  # [B, DRAWS, A, d]
    value = np.where(open_arms[:, None], np.einsum("bmad,bad->bma", draws, x), -np.inf)
    wins = (value.argmax(axis=2)[:, :, None] == np.arange(open_arms.shape[1])).mean(axis=1)
    return _with_floor(wins, open_arms)


def greedy(posterior: Posterior, x: Floats, open_arms: Bools, rng: np.random.Generator) -> Floats:
    """The arm that is best by the mean alone; ties go to the first. What exploring is compared with."""
    value = np.where(open_arms, posterior.expected(x), -np.inf)
    found: Floats = np.eye(open_arms.shape[1])[value.argmax(axis=1)]
    return found


def uniform(posterior: Posterior, x: Floats, open_arms: Bools, rng: np.random.Generator) -> Floats:
    """Every open arm alike: the radio that does not learn."""
    found: Floats = open_arms / open_arms.sum(axis=1, keepdims=True)
    return found


def drawn(probability: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """One column for each row of ``probability`` [B, A]."""
    above = probability.cumsum(axis=1) > rng.random((len(probability), 1))
    above[:, -1] |= ~above.any(axis=1)  # a sum a hair below 1
    found: NDArray[np.int64] = above.argmax(axis=1)
    return found


def _with_floor(wins: Floats, open_arms: Bools) -> Floats:
    found: Floats = (1 - FLOOR) * wins + FLOOR * open_arms / open_arms.sum(axis=1, keepdims=True)
    return found
