"""What a comparison comes to: each figure of both arms with an interval that holds at every look. Pure.

Interleaving compares within a session, so its outcomes are differences of sessions; an A/B test compares people, each
set against what they did before (CUPED: Deng, Xu, Kohavi and Walker 2013).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import chisquare

from discovery.experiments.draft import A, B
from discovery.experiments.sequential import (
    EVERYTHING,
    Interval,
    asymptotic_half_width,
    betting_interval,
    log_capital,
)
from discovery.experiments.sessions import Effort, Session
from graph.arrays import Doubles

CREDITS, SKIPS = "credits a session", "skips a session"
MOST = 5.0  # a session in which the arms differ by more counts as this: no single person decides
EXPECTED = 200  # people around whom an A/B test's intervals are tightest
UNLIKELY = 0.001  # a sample ratio that chance makes less often is no chance
# How much worse than A's B's may be, relatively.
SKIPS_BOUND, DEGRADED_BOUND, SECONDS_BOUND = 0.10, 0.05, 0.50
NOTICED = 0.05  # seconds more, below which nobody notices: variety alone takes three times as long to rank, which is milliseconds
LEAST_ANSWERS = 200  # below, neither latency nor degraded answers are judged


@dataclass(frozen=True)
class Figure:
    """``name`` of both arms, and B less A with its interval (none: null)."""

    name: str
    a: float
    b: float
    difference: float
    low: float | None
    high: float | None

    def record(self) -> dict[str, Any]:
        return asdict(self)


def interleaved(
    sessions: Sequence[Session], *, alpha: float, least: int, since: Mapping[str, str]
) -> tuple[list[Figure], float | None]:
    """Credits and skips a session, by team, and the evidence (e-value) against "no difference in credits".

    Told sessions are those in which either team earned a credit, or was skipped. Where they are of fewer than ``least``
    people there is no such figure: it would tell what these few did, however many were shown something. Nor is there one
    where fewer are new ``since`` the day up to which an earlier report told it: the two beside one another would tell
    what somebody did who left in between.
    """
    credited = [session for session in sessions if sum(session.credits)]
    skipped = [session for session in sessions if sum(session.skips)]
    figures, evidence = [], None
    if _people(credited, since.get(CREDITS)) >= least:
        figures.append(_within(CREDITS, [session.credits for session in credited], alpha))
        evidence = math.exp(min(log_capital(outcomes([session.credits for session in credited])), 700.0))
    if _people(skipped, since.get(SKIPS)) >= least:
        figures.append(_within(SKIPS, [session.skips for session in skipped], alpha))
    return figures, evidence


def _people(sessions: Sequence[Session], since: str | None) -> int:
    return len({session.user for session in sessions if session.day >= (since or "")})


def outcomes(pairs: Sequence[tuple[int, int]]) -> Doubles:
    """B less A of each session, within ±1."""
    counts = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return np.clip((counts[:, B] - counts[:, A]) / MOST, -1.0, 1.0)


def _within(name: str, pairs: Sequence[tuple[int, int]], alpha: float) -> Figure:
    interval = betting_interval(outcomes(pairs), alpha).scaled(MOST)
    told = max(len(pairs), 1)
    a, b = (sum(pair[team] for pair in pairs) / told for team in (A, B))
    return Figure(name, a, b, b - a, interval.low, interval.high)


def efforts(effort: Effort) -> list[Figure]:
    """Seconds an answer and the share of degraded ones, without intervals."""
    figures = []
    for name, of in (("seconds an answer", effort.seconds), ("degraded answers", effort.degraded)):
        a, b = (of[team] / max(effort.answers[team], 1) for team in (A, B))
        figures.append(Figure(name, a, b, b - a, None, None))
    return figures


def between(
    name: str, a: Sequence[tuple[float, float]], b: Sequence[tuple[float, float]], *, alpha: float
) -> Figure:
    """A figure of people in either arm, each as (before, after): the difference after, less what before foretold."""
    arms = [np.array(people, dtype=np.float64).reshape(-1, 2) for people in (a, b)]
    slope = _slope(np.concatenate(arms))
    middle = float(np.concatenate(arms)[:, 0].mean()) if len(a) + len(b) else 0.0
    adjusted = [people[:, 1] - slope * (people[:, 0] - middle) for people in arms]
    means = [float(values.mean()) if len(values) else 0.0 for values in adjusted]
    difference = means[B] - means[A]
    interval = EVERYTHING
    if min(len(a), len(b)) > 1:
        variance = sum(float(values.var(ddof=1)) / len(values) for values in adjusted)
        half = asymptotic_half_width(variance, len(a) + len(b), expected=EXPECTED, alpha=alpha)
        interval = Interval(difference - half, difference + half)
    low, high = (value if math.isfinite(value) else None for value in (interval.low, interval.high))
    return Figure(name, means[A], means[B], difference, low, high)


def _slope(people: Doubles) -> float:
    """How much of a difference before is one after; 0 where nobody differed before."""
    if len(people) < 3 or float(people[:, 0].var()) == 0.0:
        return 0.0
    covariance = np.cov(people.T)
    return float(covariance[0, 1] / covariance[0, 0])


def sample_ratio(a: int, b: int) -> float:
    """How often chance alone puts people into two equal arms as unevenly as this."""
    return float(chisquare([a, b]).pvalue) if a + b else 1.0


def breached(figures: Sequence[Figure], effort: Effort, *, skips: str) -> str | None:
    """The name of a guardrail that B went over; None where all hold. ``skips``: which figure tells of them."""
    by_name = {figure.name: figure for figure in figures}
    skipped = by_name.get(skips)
    if skipped is not None and skipped.low is not None and skipped.low > SKIPS_BOUND * skipped.a:
        return skips
    if min(effort.answers) < LEAST_ANSWERS:
        return None
    seconds, degraded = by_name["seconds an answer"], by_name["degraded answers"]
    if seconds.b > (1 + SECONDS_BOUND) * seconds.a and seconds.difference > NOTICED:
        return seconds.name
    # Relative to the answers that are whole: where A never fails, any failure would be infinitely worse.
    return degraded.name if degraded.difference > DEGRADED_BOUND * (1 - degraded.a) else None
