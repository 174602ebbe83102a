"""How sure a ratio of sums over people is. People are what is drawn: one person's sessions are like one another."""

from __future__ import annotations

import math
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, stdtrit

from discovery.engagement.metrics import Interval
from graph.arrays import Doubles

DRAWS = 2_000  # of people, with replacement
FEW = 10  # people, below whom drawn ratios would end at what single ones did
COARSE = 1.5  # from one half width of theirs to the next
MANY = 1_000  # people, beyond whom the ratio is as good as normal
Z = 1.959964  # of 95 %


class Estimate(NamedTuple):
    value: float
    low: float
    high: float


def estimate(part: Doubles, whole: Doubles, interval: Interval, *, of: str) -> Estimate:
    """Σ part [U] by Σ whole [U], all above 0, with its 95 % interval. What is drawn depends on the figures and on the word ``of``."""
    value = float(part.sum() / whole.sum())
    if interval is Interval.SHARE:
        low, high = _wilson(value, len(part))
    elif len(part) < FEW:
        low, high = _coarse(part, whole, value)
    else:
        low, high = _normal(part, whole, value) if len(part) > MANY else _drawn(part, whole, of)
    return Estimate(value, min(low, value), max(high, value))  # rounding may part them where nobody differs


def _drawn(part: Doubles, whole: Doubles, of: str) -> tuple[float, float]:
    """Percentiles of the ratio where people are drawn anew; further out the fewer they are, or it would be too narrow (Hesterberg 2015)."""
    people = len(part)
    few = max(people, 2)
    tail = 100 * float(ndtr(-math.sqrt(few / (few - 1)) * stdtrit(few - 1, 0.975)))
    random = np.random.default_rng(int.from_bytes(sha256(of.encode()).digest()[:8]))
    times = random.multinomial(people, np.full(people, 1 / people), size=DRAWS)
    ratios = (times @ part) / (times @ whole)
    low, high = np.percentile(ratios, [tail, 100 - tail])
    return float(low), float(high)


def _coarse(part: Doubles, whole: Doubles, value: float) -> tuple[float, float]:
    """By Student's t, the half width rounded up to a step: value and width together are nobody's own figure."""
    degrees = max(len(part) - 1, 1)
    spread = math.sqrt(len(part) / degrees * float(np.square(part - value * whole).sum())) / whole.sum()
    half = float(stdtrit(degrees, 0.975)) * spread
    if half > 0:
        half = COARSE ** math.ceil(math.log(half, COARSE))
    return max(0.0, value - half), value + half


def _normal(part: Doubles, whole: Doubles, value: float) -> tuple[float, float]:
    """By the delta method."""
    people = len(part)
    spread = math.sqrt(people / (people - 1) * float(np.square(part - value * whole).sum())) / whole.sum()
    return value - Z * spread, value + Z * spread


def _wilson(share: float, people: int) -> tuple[float, float]:
    """Wilson's score interval: also where everybody says the same, it is no point."""
    middle = (share + Z**2 / (2 * people)) / (1 + Z**2 / people)
    half = Z / (1 + Z**2 / people) * math.sqrt(share * (1 - share) / people + Z**2 / (4 * people**2))
    return max(0.0, middle - half), min(1.0, middle + half)
