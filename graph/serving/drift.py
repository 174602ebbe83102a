"""What comparisons of two models say: whether the one that is tried differs from the active one by more than it may.

Goes in: sums over pairs of answers, each pair made of the same evidence by both models, so that different people are never
compared. Comes out: a sentence that says what is over its bound, or nothing. Pure functions.

A family of shares (by source, by tag, …) is compared by the population stability index, Σ (now - before) · ln(now / before), less what
chance alone makes of it: as both answers of a pair are of one person's evidence, that is told by how much pairs differ from one another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

FIRST, EVERY = 40, 20  # pairs from which on there is a look, and after how many the next
ENOUGH = 100  # pairs after which moderate differences count, and a trial that has none may go on
LARGE, MODERATE = 0.25, 0.1  # of the index: the usual bounds
RARE = 0.005  # a share below this counts as this: what hardly occurs moves nothing
CHANCE = 2.0  # times what chance alone is expected to make
OVERLAP = 0.2  # of the first items in common, at least
DEGRADED, SIGNS = (
    0.05,
    3.0,
)  # more answers that lack something: by this share, and so many standard errors of a sign test
SLOWER, SLOWER_BY = 1.5, 0.001  # times the CPU time, and seconds, both
# Outcomes of different people: an always-valid bound on the difference of means (mixture sequential probability ratio test).
ALPHA, EFFECT = 0.05, 0.1  # false alarms at any time, and the size of difference that it is sharpest for
CLUSTERED = 8.0  # outcomes of one listener resemble each other: so many count as one


@dataclass(frozen=True)
class Shares:
    """One bucket of a family: sums of its share in the active model's answers, in those of the tried one, and of the squared difference."""

    before: float = 0.0
    now: float = 0.0
    squared: float = 0.0


@dataclass(frozen=True)
class Counted:
    """Sums over the pairs that were compared."""

    pairs: int = 0
    overlap: float = 0.0
    poorer: int = 0  # pairs in which the tried model's answer alone lacked something
    richer: int = 0  # and the active one's alone
    timed: int = 0
    seconds_before: float = 0.0
    seconds_now: float = 0.0
    families: Mapping[str, Mapping[str, Shares]] = field(default_factory=dict)
    outcomes: Mapping[str, tuple[int, float]] = field(
        default_factory=dict
    )  # by group: how many, and the sum of rewards


CONTROL, CANARY = "control", "canary"


def due(pairs: int) -> bool:
    """Whether it is time to look, this being the number of pairs."""
    return pairs >= FIRST and (pairs - FIRST) % EVERY == 0


def breach(counted: Counted) -> str:
    """What is over its bound; empty where nothing is, or too few pairs tell."""
    if counted.pairs < FIRST:
        return ""
    told = [*_drifted(counted), *_poorer(counted), *_slower(counted), *_heard_less(counted)]
    if counted.overlap / counted.pairs < OVERLAP:
        told.append(f"{counted.overlap / counted.pairs:.2f} of the first items in common, at least {OVERLAP}")
    return f"after {counted.pairs} comparisons: {'; '.join(told)}" if told else ""


def is_clean(counted: Counted) -> bool:
    """Whether enough pairs were compared, and nothing is over a bound."""
    return counted.pairs >= ENOUGH and not breach(counted)


def stability(family: Mapping[str, Shares]) -> tuple[float, float]:
    """The population stability index of a family, and what chance alone is expected to make of it."""
    before, now = sum(s.before for s in family.values()), sum(s.now for s in family.values())
    if before <= 0 or now <= 0:
        return 0.0, 0.0
    index = chance = 0.0
    for shares in family.values():
        p, q = max(shares.before / before, RARE), max(shares.now / now, RARE)
        index += (q - p) * math.log(q / p)
        # The mean of `before` differences, each squared about their mean, over the number of them: a variance of the mean.
        mean = (shares.now - shares.before) / before
        spread = max(shares.squared / before - mean**2, 0.0)
        chance += spread / before / ((p + q) / 2)
    return index, chance


def unpaired(first: Mapping[str, Shares], then: Mapping[str, Shares]) -> float:
    """The index between two periods of one model, less what chance is expected to make of it; of each period `now` counts, and its squares."""
    sizes = [sum(shares.now for shares in each.values()) for each in (first, then)]
    if not all(sizes):
        return 0.0
    index = chance = 0.0
    for bucket in {*first, *then}:
        parts = [(each.get(bucket, Shares()), size) for each, size in zip((first, then), sizes, strict=True)]
        p, q = (max(shares.now / size, RARE) for shares, size in parts)
        index += (q - p) * math.log(q / p)
        spread = sum(max(s.squared / size - (s.now / size) ** 2, 0.0) / size for s, size in parts)
        chance += spread / ((p + q) / 2)
    return index - CHANCE * chance


def _drifted(counted: Counted) -> list[str]:
    bound = MODERATE if counted.pairs >= ENOUGH else LARGE
    told = []
    for name, family in sorted(counted.families.items()):
        index, chance = stability(family)
        if index - CHANCE * chance > bound:
            told.append(f"{name} drifted by {index:.2f} (chance: {chance:.2f}), at most {bound}")
    return told


def _poorer(counted: Counted) -> list[str]:
    more, both = counted.poorer - counted.richer, counted.poorer + counted.richer
    if more > DEGRADED * counted.pairs and more > SIGNS * math.sqrt(both):
        return [f"{more / counted.pairs:.2f} more answers lack something, at most {DEGRADED}"]
    return []


def _slower(counted: Counted) -> list[str]:
    if counted.timed < FIRST:
        return []
    before, now = counted.seconds_before / counted.timed, counted.seconds_now / counted.timed
    if now > SLOWER * before and now - before > SLOWER_BY:
        return [
            f"an answer takes {1000 * now:.1f} ms of CPU instead of {1000 * before:.1f}, at most {SLOWER} times"
        ]
    return []


def _heard_less(counted: Counted) -> list[str]:
    """Whether what the canary's listeners heard was worth less to them, at any time one looks."""
    (many, sums), (few, heard) = (counted.outcomes.get(group, (0, 0.0)) for group in (CONTROL, CANARY))
    if not many or not few:
        return []
    worse = sums / many - heard / few
    variance = CLUSTERED / 4 * (1 / many + 1 / few)  # rewards lie between 0 and 1
    ratio = (variance + EFFECT**2) / variance
    bound = math.sqrt(2 * variance * (variance + EFFECT**2) / EFFECT**2 * math.log(math.sqrt(ratio) / ALPHA))
    if worse > bound:
        return [f"what it plays is worth {worse:.2f} less to listeners, at most {bound:.2f}"]
    return []
