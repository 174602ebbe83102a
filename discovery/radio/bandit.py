"""Which source the next item comes from: linear Thompson sampling with exact propensities.

The reward of an arm is a linear reading of its features: one reading that all arms share, and what sets
each arm apart from it, believed to be small until seen otherwise (Bayesian linear regression; Agrawal and
Goyal 2013). So what one arm teaches of a session counts for all, and little is lost on finding that out
again. A plain Thompson step has a probability that nobody can write down, and a log without probabilities
cannot be evaluated. So a fixed number of posterior draws is made first, and the arm is then drawn from
their frequencies, mixed with a little of the uniform: the probability that is logged is the one that was used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from graph.arrays import Doubles, Mask, Rows

DRAWS = 64  # posterior draws behind one choice
FLOOR = 0.02  # share of choices spread evenly: every arm is tried, and no weight of a log is too large to judge by
# Standard deviation of a reward around its mean, as the draws see it. A coin's is 0.5; with it, on data where
# the sources are nearly as good as one another, twice as much is spent on finding out which.
NOISE = 0.3
SHARED = 1.0  # prior precision of a shared coefficient, in units of the noise's: 0.3 either way
APART = 150.0  # of what sets an arm apart: 0.02 either way
HALF_LIFE = 10_000  # choices after which one counts half: a source's worth changes as models do


@dataclass(frozen=True)
class Posterior:
    """What is believed of rewards, for ``arms`` arms with d features.

    Coefficients are the shared ones and then each arm's own, D = (1 + arms) · d; ``precision`` [D, D]
    and ``evidence`` [D] = Σ reward · z in units of the noise's.
    """

    arms: int
    precision: Doubles
    evidence: Doubles

    @classmethod
    def prior(cls, apart: Doubles) -> Self:
        """Around ``apart`` [A, d], what is expected to set each arm apart; 0 for what is shared."""
        arms, features = apart.shape
        ridge = np.repeat([SHARED, *[APART] * arms], features)
        return cls(arms, np.diag(ridge), ridge * np.concatenate([np.zeros(features), apart.ravel()]))

    def learned(self, arm: Rows, x: Doubles, reward: Doubles, weight: float | Doubles = 1.0) -> Posterior:
        """After seeing rewards [N] of arms [N] at features [N, d], each counting ``weight`` (one, or [N]) times."""
        count, dim = x.shape
        z = np.zeros((count, self.arms + 1, dim))
        z[:, 0], z[np.arange(count), arm + 1] = x, x
        flat = z.reshape(count, (self.arms + 1) * dim)
        weighed = flat * np.broadcast_to(weight, count)[:, None]
        return Posterior(self.arms, self.precision + weighed.T @ flat, self.evidence + weighed.T @ reward)

    @property
    def mean(self) -> Doubles:
        """Coefficients [D] at the center of the posterior."""
        return np.asarray(np.linalg.solve(self.precision, self.evidence), dtype=np.float64)

    def expected(self, x: Doubles) -> Doubles:
        """Expected reward [B, A] at features [B, A, d]."""
        return np.asarray(_unfolded(x) @ self.mean, dtype=np.float64)

    def believed(self, x: Doubles) -> tuple[Doubles, Doubles]:
        """Expected rewards [B, A] at features [B, A, d], and how sure that is, for all arms together [B, A, A]."""
        z = _unfolded(x)
        solved = np.linalg.solve(
            self.precision, np.column_stack([self.evidence, z.reshape(-1, z.shape[2]).T])
        )
        spread = solved[:, 1:].T.reshape(z.shape)
        return z @ solved[:, 0], NOISE**2 * (z @ np.swapaxes(spread, 1, 2))


def recency(count: int) -> Doubles:
    """How much each of ``count`` choices still counts, the oldest first [count]."""
    return np.asarray(0.5 ** (np.arange(count - 1, -1, -1) / HALF_LIFE), dtype=np.float64)


def thompson(posterior: Posterior, x: Doubles, open_arms: Mask, rng: np.random.Generator) -> Doubles:
    """Probability of each arm [B, A] at features [B, A, d]; 0 where ``open_arms`` [B, A] is not set."""
    arms = open_arms.shape[1]
    # The arms' values are jointly normal: drawn as mean + L · z, where L Lᵀ is their covariance.
    mean, covariance = posterior.believed(x)
    lower = np.linalg.cholesky(covariance + 1e-12 * np.eye(arms))
    z = rng.standard_normal((len(x), DRAWS, arms))
    draws = mean[:, None] + z @ np.swapaxes(lower, 1, 2)
    value = np.where(open_arms[:, None], draws, -np.inf)
    wins = (value.argmax(axis=2)[:, :, None] == np.arange(arms)).mean(axis=1)
    return _with_floor(wins, open_arms)


def greedy(posterior: Posterior, x: Doubles, open_arms: Mask, rng: np.random.Generator) -> Doubles:
    """The arm that is best by the mean alone; ties go to the first. What exploring is compared with."""
    value = np.where(open_arms, posterior.expected(x), -np.inf)
    probability: Doubles = np.eye(open_arms.shape[1])[value.argmax(axis=1)]
    return probability


def uniform(posterior: Posterior, x: Doubles, open_arms: Mask, rng: np.random.Generator) -> Doubles:
    """Every open arm alike: the radio that does not learn."""
    probability: Doubles = open_arms / open_arms.sum(axis=1, keepdims=True)
    return probability


def drawn(probability: Doubles, rng: np.random.Generator) -> Rows:
    """One column for each row of ``probability`` [B, A]."""
    above = probability.cumsum(axis=1) > rng.random((len(probability), 1))
    above[:, -1] |= ~above.any(axis=1)  # a sum a hair below 1
    columns: Rows = above.argmax(axis=1)
    return columns


def _unfolded(x: Doubles) -> Doubles:
    """Features [B, A, d] against all coefficients [B, A, D]: the shared ones and the arm's own."""
    batch, arms, dim = x.shape
    z = np.zeros((batch, arms, arms + 1, dim))
    z[:, :, 0] = x
    z[:, np.arange(arms), np.arange(arms) + 1] = x
    return z.reshape(batch, arms, -1)


def _with_floor(wins: Doubles, open_arms: Mask) -> Doubles:
    probability: Doubles = (1 - FLOOR) * wins + FLOOR * open_arms / open_arms.sum(axis=1, keepdims=True)
    return probability
