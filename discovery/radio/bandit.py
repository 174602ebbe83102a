"""Which source the next item comes from: cautious linear Thompson sampling with exact propensities.

The reward of an arm is a linear reading of its features: one reading that all arms share, and what sets
each arm apart from it, believed to be small until seen otherwise (Bayesian linear regression; Agrawal and
Goyal 2013). So what one arm teaches of a session counts for all, and little is lost on finding that out
again. A plain Thompson step has a probability that nobody can write down, and a log without probabilities
cannot be evaluated. So a fixed number of posterior draws is made first, and the arm is then drawn from
their frequencies, mixed with a little of the uniform: the probability that is logged is the one that was used.

It is cautious in two ways. The first arm, the whole sum, stays unless another is better by ``MARGIN``: among arms that
are nearly as good as one another there is nothing to find out (satisficing; Russo and Van Roy 2022), and what is lost
against always playing the first is bounded (conservative bandits; Wu et al. 2016). And all arms but the leading one
together get ``EXPLORED`` of the choices at most, whatever the draws say. What is left of it ends by itself as the
posterior grows sure, but for the floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from graph.arrays import Doubles, Mask, Rows

DRAWS = 64  # posterior draws behind one choice
FLOOR = 0.02  # share of choices spread evenly: every arm is tried, and no weight of a log is too large to judge by
MARGIN = 0.05  # by which the mean reward of another arm has to pass the first's
EXPLORED = 0.04  # share of choices, beside the floor, for arms that do not lead
NOISE = 0.4  # standard deviation of a reward around its mean, as the draws see it; a coin's is 0.5
SHARED = 1.0  # prior precision of a shared coefficient, in units of the noise's: 0.4 either way
APART = 50.0  # of what sets an arm apart: 0.06 either way
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
        flat = self._of_one(arm, x)
        weighed = flat * np.broadcast_to(weight, len(x))[:, None]
        return Posterior(self.arms, self.precision + weighed.T @ flat, self.evidence + weighed.T @ reward)

    @property
    def mean(self) -> Doubles:
        """Coefficients [D] at the center of the posterior."""
        return np.asarray(np.linalg.solve(self.precision, self.evidence), dtype=np.float64)

    def foretold(self, arm: Rows, x: Doubles) -> Doubles:
        """Expected reward [N] of arms [N] at features [N, d]."""
        return np.asarray(self._of_one(arm, x) @ self.mean, dtype=np.float64)

    def expected(self, x: Doubles) -> Doubles:
        """Expected reward [B, A] at features [B, A, d]."""
        return np.asarray(_unfolded(x) @ self.mean, dtype=np.float64)

    def _of_one(self, arm: Rows, x: Doubles) -> Doubles:
        """Features [N, d] of arms [N] against all coefficients [N, D]."""
        count, dim = x.shape
        z = np.zeros((count, self.arms + 1, dim))
        z[:, 0], z[np.arange(count), arm + 1] = x, x
        return z.reshape(count, (self.arms + 1) * dim)

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
    batch, arms = open_arms.shape
    # The arms' values are jointly normal: drawn as mean + L · z, where L Lᵀ is their covariance.
    mean, covariance = posterior.believed(x)
    mean[:, 0] += MARGIN
    lower = np.linalg.cholesky(covariance + 1e-12 * np.eye(arms))
    z = rng.standard_normal((batch, DRAWS, arms))
    draws = mean[:, None] + z @ np.swapaxes(lower, 1, 2)
    value = np.where(open_arms[:, None], draws, -np.inf)
    wins = (value.argmax(axis=2)[:, :, None] == np.arange(arms)).mean(axis=1)
    return _with_floor(_cautious(wins, np.where(open_arms, mean, -np.inf).argmax(axis=1)), open_arms)


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


def _cautious(wins: Doubles, leads: Rows) -> Doubles:
    """``wins`` [B, A] with ``EXPLORED`` at most for all arms together that do not lead [B]."""
    batch = np.arange(len(wins))
    others = wins.copy()
    others[batch, leads] = 0
    others *= np.minimum(EXPLORED / np.maximum(others.sum(axis=1, keepdims=True), EXPLORED), 1)
    others[batch, leads] = 1 - others.sum(axis=1)
    return others


def _with_floor(wins: Doubles, open_arms: Mask) -> Doubles:
    probability: Doubles = (1 - FLOOR) * wins + FLOOR * open_arms / open_arms.sum(axis=1, keepdims=True)
    return probability
