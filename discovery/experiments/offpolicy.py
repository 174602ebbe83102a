"""What another policy would have earned, from choices that were logged with their probabilities.

IPS (Horvitz and Thompson 1952), SNIPS (Swaminathan and Joachims 2015) and doubly robust (Dudík et al.
2011), each with a normal 95 % interval. The one library for it, Open Bandit Pipeline, has had no release
for Python 3.11 and pins an old scikit-learn; these are a few lines each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graph.arrays import Doubles, Ints

Z = 1.959963984540054  # two-sided 95 %
FOLDS = 2  # the reward model never predicts what it was fitted on
RIDGE = 1.0


@dataclass(frozen=True, kw_only=True)
class Log:
    """Choices as they were logged, one row a choice."""

    arm: Ints  # [N]
    reward: Doubles  # [N]
    propensity: Doubles  # [N] of the arm, under the policy that chose
    features: Doubles  # [N, A, d] what was known of each arm

    def __len__(self) -> int:
        return len(self.arm)


@dataclass(frozen=True)
class Estimate:
    """Mean reward a choice with its 95 % interval."""

    value: float
    low: float
    high: float

    def covers(self, truth: float) -> bool:
        return bool(self.low <= truth <= self.high)


def ips(log: Log, target: Doubles) -> Estimate:
    """Inverse propensity scoring of the policy with arm probabilities ``target`` [N, A]."""
    return _interval(_weights(log, target) * log.reward)


def snips(log: Log, target: Doubles) -> Estimate:
    """Self-normalized IPS; its interval is the delta method's."""
    weight = _weights(log, target)
    value = float((weight * log.reward).sum() / weight.sum())
    spread = weight * (log.reward - value) / weight.mean()
    half = Z * float(spread.std(ddof=1)) / np.sqrt(len(log))
    return Estimate(value, value - half, value + half)


def doubly_robust(log: Log, target: Doubles) -> Estimate:
    """A reward model's answer, corrected by IPS of its errors; cross-fitted ridge regression an arm."""
    predicted = _predicted(log)
    own = predicted[np.arange(len(log)), log.arm]
    return _interval((target * predicted).sum(axis=1) + _weights(log, target) * (log.reward - own))


def _weights(log: Log, target: Doubles) -> Doubles:
    weights: Doubles = target[np.arange(len(log)), log.arm] / log.propensity
    return weights


def _predicted(log: Log) -> Doubles:
    """Expected reward of each arm [N, A], by a model that did not see the row's fold."""
    arms, dim = log.features.shape[1:]
    predicted = np.zeros(log.features.shape[:2])
    fold = np.arange(len(log)) % FOLDS
    for held in range(FOLDS):
        for arm in range(arms):
            seen = (fold != held) & (log.arm == arm)
            x = log.features[seen, arm]
            weights = np.linalg.solve(x.T @ x + RIDGE * np.eye(dim), x.T @ log.reward[seen])
            predicted[fold == held, arm] = log.features[fold == held, arm] @ weights
    return predicted


def _interval(terms: Doubles) -> Estimate:
    value = float(terms.mean())
    half = Z * float(terms.std(ddof=1)) / np.sqrt(len(terms))
    return Estimate(value, value - half, value + half)
