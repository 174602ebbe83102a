"""Whether experiments find what is there, and nothing else: many made-up communities, looked at all the time.

What is assumed. A session is one person's day with an interleaved list; they look at some of its items, one after the
other, and hear each out with a chance of their own that falls with its place. What lists hold makes no difference to it:
an item is heard out by whoever brought it, so that *a gain of 5 %* says that what B brought is heard out with 1.05 of the
chance. (Where arms bring the same items, an item says little, and a true gain of the whole list is found later.) How many
items a session has and how many are heard out is what the radio's simulated listeners do (docs/radio.md).

What is looked at after *every* session, or in an A/B test in every week, is what reports are made of.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from discovery.experiments.draft import A, B
from discovery.experiments.figures import between, outcomes
from discovery.experiments.sequential import ALPHA, log_capital_path
from graph.arrays import Doubles, Ints, Mask

NAIVE_Z = 1.959963984540054  # two-sided 5 %, for one look
NAIVE_FROM = 20  # sessions; the naive test is not asked before
LIMIT = -math.log(ALPHA)


@dataclass(frozen=True)
class Assumptions:
    """Of listeners; see above."""

    looked_at: float = 10.6  # items a session, on average (geometric)
    longest: int = 40
    heard: float = 0.43  # chance that an item is heard out, on average over people
    alike: float = 10.0  # of people in this: the sum of a beta distribution's parameters
    falls: float = 0.98  # with each place
    # Of plays a day, for A/B tests: people differ by a factor of 2.7 (lognormal), and weeks of one person by 1.5.
    people_differ: float = 1.0
    weeks_differ: float = 0.4


ASSUMED = Assumptions()


def sessions_drawn(
    people: int, sessions: int, gain: float, rng: np.random.Generator, assumed: Assumptions = ASSUMED
) -> Ints:
    """Credits of both teams [people · sessions, 2], a day of everybody after the other."""
    chance = rng.beta(assumed.heard * assumed.alike, (1 - assumed.heard) * assumed.alike, people)
    number = people * sessions
    length = np.minimum(rng.geometric(1 / assumed.looked_at, number), assumed.longest)
    rounds = (assumed.longest + 1) // 2
    first = rng.integers(0, 2, (number, rounds))
    team = np.stack([first, 1 - first], axis=2).reshape(number, -1)[:, : assumed.longest]
    place = np.arange(assumed.longest)
    heard_at = np.tile(chance, sessions)[:, None] * assumed.falls**place * (1 + gain * (team == B))
    heard = (rng.random(team.shape) < heard_at) & (place < length[:, None])
    return np.stack([(heard & (team == side)).sum(axis=1) for side in (A, B)], axis=1)


@dataclass(frozen=True)
class Looked:
    """One experiment looked at after each session: after how many it was decided (0: never), and for whom."""

    decided: int
    better: int
    naive: bool  # whether a test for one look would have called it, at any


def looked(credits_: Ints) -> tuple[Looked, Doubles]:
    """And the outcomes of the sessions that told something."""
    told = np.flatnonzero(credits_.sum(axis=1))
    values = outcomes(credits_[told])  # type: ignore[arg-type]
    crossed = np.flatnonzero(log_capital_path(values) >= LIMIT)
    if not len(crossed):
        return Looked(0, A, _naive(values)), values
    when = int(crossed[0])
    return Looked(int(told[when]) + 1, B if values[: when + 1].sum() > 0 else A, _naive(values)), values


def _naive(values: Doubles) -> bool:
    count = np.arange(1, len(values) + 1)
    total, squares = np.cumsum(values), np.cumsum(values**2)
    spread = np.sqrt(np.maximum(squares - total**2 / count, 0) / np.maximum(count - 1, 1) * count)
    called: Mask = np.abs(total) > NAIVE_Z * np.maximum(spread, 1e-9)
    return bool(called[NAIVE_FROM:].any())


def interleaving(people: int, sessions: int, *, gain: float, runs: int, seed: int) -> dict[str, Any]:
    """Experiments on such communities: false alarms, power, how long it takes, and how often intervals cover."""
    quiet = [looked(sessions_drawn(people, sessions, 0.0, _rng(seed, 0, run)))[0] for run in range(runs)]
    seeded = [looked(sessions_drawn(people, sessions, gain, _rng(seed, 1, run))) for run in range(runs)]
    truth = float(np.concatenate([values for _one, values in seeded]).mean())
    found = sorted(one.decided for one, _values in seeded if one.decided and one.better == B)
    enough = math.ceil(0.8 * runs)
    return {
        "people": people, "sessions_a_person": sessions, "gain": gain, "runs": runs,
        "false_alarms": sum(one.decided > 0 for one in quiet) / runs,
        "naive_false_alarms": sum(one.naive for one in quiet) / runs,
        "power": len(found) / runs,
        "wrong": sum(one.decided > 0 and one.better == A for one, _values in seeded) / runs,
        "sessions_for_80": found[enough - 1] / people if len(found) >= enough else None,
        "sessions_median": found[runs // 2 - 1] / people if len(found) >= runs // 2 else None,
        "covered": sum(covers_always(values, truth) for _one, values in seeded) / runs,
        "truth": truth,
    }  # fmt: skip


def covers_always(values: Doubles, truth: float) -> bool:
    """Whether the interval held the mean at every look."""
    return bool((log_capital_path(values, truth) < LIMIT).all())


def assigned(people: int, weeks: int, *, gain: float, runs: int, seed: int, least: int) -> dict[str, Any]:
    """A/B tests on plays a day, with people joining over the first half, looked at every week."""
    seen = [_assigned(people, weeks, gain, _rng(seed, 2, run), least) for run in range(runs)]
    quiet = [_assigned(people, weeks, 0.0, _rng(seed, 3, run), least) for run in range(runs)]
    return {
        "people": people, "weeks": weeks, "gain": gain, "runs": runs,
        "covered": sum(all(low <= truth <= high for low, high in looks) for looks, truth in seen) / runs,
        "false_alarms": sum(any(low > 0 or high < 0 for low, high in looks) for looks, _truth in quiet) / runs,
        "power": sum(any(low > 0 for low, _high in looks) for looks, _truth in seen) / runs,
        "half_width": float(np.median([(looks[-1][1] - looks[-1][0]) / 2 for looks, _truth in seen if looks])),
    }  # fmt: skip


def _assigned(
    people: int,
    weeks: int,
    gain: float,
    rng: np.random.Generator,
    least: int,
    assumed: Assumptions = ASSUMED,
) -> tuple[list[tuple[float, float]], float]:
    """The interval at each look, and what is true: the gain in plays a day of a person on average."""
    usual = np.exp(rng.normal(-(assumed.people_differ**2) / 2, assumed.people_differ, people))
    arm, joined = rng.integers(0, 2, people), rng.integers(0, max(weeks // 2, 1), people)
    noise = np.exp(rng.normal(-(assumed.weeks_differ**2) / 2, assumed.weeks_differ, (people, weeks + 4)))
    plays = usual[:, None] * noise
    before = plays[:, :4].mean(axis=1)
    since = plays[:, 4:] * np.where(arm == B, 1 + gain, 1.0)[:, None]
    looks = []
    for week in range(1, weeks + 1):
        told = joined < week
        if min((arm[told] == side).sum() for side in (A, B)) < least:
            continue
        after = [float(since[who, : week - joined[who]].mean()) for who in np.flatnonzero(told)]
        pairs = list(zip(before[told].tolist(), after, strict=True))
        looks.append(_interval(pairs, arm[told]))
    return looks, gain


def _interval(pairs: Sequence[tuple[float, float]], arm: Ints) -> tuple[float, float]:
    a, b = ([pair for pair, side in zip(pairs, arm, strict=True) if side == wanted] for wanted in (A, B))
    figure = between("plays a day", a, b, alpha=ALPHA)
    return (
        -math.inf if figure.low is None else figure.low,
        math.inf if figure.high is None else figure.high,
    )


def _rng(seed: int, part: int, run: int) -> np.random.Generator:
    return np.random.default_rng([seed, part, run])
