"""Intervals and evidence that hold at every look, however often and for whatever reason one looks.

*Bounded outcomes, one after the other* (what a session tells of two arms): testing by betting (Waudby-Smith and Ramdas,
"Estimating means of bounded random variables by betting", JRSS B 2024). Whoever bets against "the mean is m" multiplies
their capital by 1 + λ (x − m) with each outcome x; where m is the mean, the capital is a martingale for any λ, and so is
the average over several λ fixed beforehand. By Ville's inequality it ever reaches 1/α with probability α at most. The
mean's confidence sequence is every m against which nobody got so rich. Fixed bets make it a function of the outcomes,
whatever order they are read in: who is taken out leaves no trace.

*Differences of means over people*: the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas
("Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics 2024, equation 7).

No kept library does both here: `confseq` does not build, `savvi` knows counts and regressions and brings a solver along,
`avinf` and `spotify-confidence` are not for this. Pure: numpy alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graph.arrays import Doubles

ALPHA = 0.05
# Bets, each way, on outcomes within ±1. The largest stays solvent: 1 − 0.45 · 2 > 0.
BETS = np.array([0.03, 0.06, 0.12, 0.24, 0.45])
STEP = 0.001  # of the means that are tried


@dataclass(frozen=True)
class Interval:
    low: float
    high: float

    def covers(self, value: float) -> bool:
        return self.low <= value <= self.high

    def scaled(self, factor: float) -> Interval:
        return Interval(self.low * factor, self.high * factor)


EVERYTHING = Interval(-math.inf, math.inf)


def log_capital(outcomes: Doubles, mean: float = 0.0) -> float:
    """The logarithm of what betting against ``mean`` made of 1, by outcomes within ±1; no order matters."""
    if not len(outcomes):
        return 0.0
    # Equal outcomes are counted: so few values differ that no order of adding up shows.
    values, counts = np.unique(outcomes, return_counts=True)
    return float(_mixed(_growth(values, mean) @ counts.astype(np.float64)))


def log_capital_path(outcomes: Doubles, mean: float = 0.0) -> Doubles:
    """The same after each outcome [t], in their order."""
    return np.asarray(_mixed(np.cumsum(_growth(outcomes, mean), axis=1)))


def _growth(outcomes: Doubles, mean: float) -> Doubles:
    """What each bet gains by each outcome [bets, t], as a logarithm."""
    bets = np.concatenate([-BETS, BETS])
    return np.asarray(np.log1p(bets[:, None] * (outcomes[None, :] - mean)))


def _mixed(logs: Doubles) -> Doubles:
    """The logarithm of the average over bets, the first axis."""
    most = logs.max(axis=0)
    return np.asarray(most + np.log(np.exp(logs - most).mean(axis=0)))


def betting_interval(outcomes: Doubles, alpha: float = ALPHA) -> Interval:
    """Where the mean of outcomes within ±1 is, at this look as at every other."""
    if not len(outcomes):
        return Interval(-1.0, 1.0)
    center = float(np.clip(np.round(outcomes.mean() / STEP), 1 - 1 / STEP, 1 / STEP - 1))
    limit = -math.log(alpha)

    def end(way: int) -> float:
        """The furthest mean that way which is not ruled out; the capital rises from the middle outward."""
        near, far = 0, round(1 / STEP - way * center)
        while near < far:
            middle = (near + far + 1) // 2
            if log_capital(outcomes, (center + way * middle) * STEP) < limit:
                near = middle
            else:
                far = middle - 1
        return (center + way * near) * STEP

    # What lies between two means that are tried is ruled out by neither.
    return Interval(max(end(-1) - STEP, -1.0), min(end(1) + STEP, 1.0))


def asymptotic_half_width(variance: float, count: float, *, expected: float, alpha: float = ALPHA) -> float:
    """Half the width of a mean's confidence sequence: ``variance`` of the mean, of ``count`` outcomes so far.

    Tightest around ``expected`` outcomes, and valid at any number of them that is not small.
    """
    if count <= 0:
        return math.inf
    rho2 = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha)) + 1) / expected
    spread = count * rho2 + 1
    return math.sqrt(variance * 2 * spread / (count * rho2) * math.log(math.sqrt(spread) / alpha))
