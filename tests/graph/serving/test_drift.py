"""What comparisons say: an honest model is let through, each kind of fault is named, and chance stops nobody."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.serving import drift
from graph.serving.drift import CANARY, CONTROL, Counted, Shares, breach, due, is_clean, stability, unpaired

PAIRS = 100
FINE = Counted(pairs=PAIRS, overlap=0.8 * PAIRS, timed=PAIRS, seconds_before=0.3, seconds_now=0.4)


def family(before, now):
    """Sums over pairs of answers [pairs, buckets] by each model."""
    before, now = np.asarray(before), np.asarray(now)
    sums = zip(before.sum(0), now.sum(0), ((now - before) ** 2).sum(0), strict=True)
    return {str(bucket): Shares(*map(float, each)) for bucket, each in enumerate(sums)}


def constant(shares, pairs=PAIRS):
    return np.tile(shares, (pairs, 1))


def drifted(before, now, pairs=PAIRS):
    return replace(
        FINE,
        pairs=pairs,
        overlap=float(pairs),
        families={"reasons": family(constant(before, pairs), constant(now, pairs))},
    )


def test_nothing_is_said_of_what_is_alike_and_of_too_few():
    assert breach(drifted([0.5, 0.5], [0.5, 0.5])) == ""
    assert is_clean(drifted([0.5, 0.5], [0.52, 0.48]))
    few = drifted([0.9, 0.1], [0.1, 0.9], pairs=drift.FIRST - 1)
    assert (breach(few), is_clean(few)) == ("", False)
    assert not is_clean(drifted([0.5, 0.5], [0.5, 0.5], pairs=drift.ENOUGH - 1))


def test_it_is_time_to_look_from_forty_on_and_every_twenty():
    assert [pairs for pairs in range(101) if due(pairs)] == [40, 60, 80, 100]


def test_the_index_is_the_usual_one_and_has_the_usual_bounds():
    index, chance = stability(drifted([0.5, 0.5], [0.7, 0.3]).families["reasons"])
    assert index == pytest.approx(0.2 * math.log(0.7 / 0.5) - 0.2 * math.log(0.3 / 0.5))
    assert chance == pytest.approx(0)
    moderate, large = ([0.5, 0.5], [0.7, 0.3]), ([0.5, 0.5], [0.75, 0.25])
    assert breach(drifted(*moderate, pairs=40)) == "", "0.17, of few pairs"
    assert "reasons drifted by 0.17 (chance: 0.00), at most 0.1" in breach(drifted(*moderate))
    assert "reasons drifted by 0.27" in breach(drifted(*large, pairs=40))


@given(
    st.integers(0, 2**32 - 1),
    st.integers(drift.FIRST, 300),
    st.floats(0.2, 5.0),
    st.integers(2, 12),
    st.floats(
        0.5, 0.95
    ),  # both answer the same evidence; of answers that share nothing, one in some hundred runs would be stopped
)
@settings(max_examples=150, deadline=None)
def test_chance_alone_stops_nobody(seed, pairs, evenness, buckets, agreed):
    """Both draw each answer from the same: some of it the same in both, the rest by chance."""
    random = np.random.default_rng(seed)
    alpha = np.full(buckets, evenness)
    common, one, other = (random.dirichlet(alpha, pairs) for _ in range(3))
    counted = replace(
        FINE, pairs=pairs, overlap=float(pairs),
        families={"tags": family(agreed * common + (1 - agreed) * one, agreed * common + (1 - agreed) * other)},
    )  # fmt: skip
    assert breach(counted) == ""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"overlap": 0.1 * PAIRS}, "of the first items in common"),
        ({"poorer": 12}, "more answers lack something"),
        ({"seconds_now": 0.5}, "ms of CPU"),
        ({"outcomes": {CONTROL: (2000, 1600.0), CANARY: (2000, 1000.0)}}, "worth 0.30 less to listeners"),
    ],
    ids=["overlap", "degraded", "latency", "outcomes"],
)
def test_each_fault_is_named(change, told):
    assert told in breach(replace(FINE, **change))


@pytest.mark.parametrize(
    "change",
    [
        {"poorer": 12, "richer": 11}, {"poorer": 4}, {"seconds_now": 0.44}, {"seconds_before": 0.001, "seconds_now": 0.01},
        {"timed": 10, "seconds_now": 9.0}, {"outcomes": {CONTROL: (30, 30.0), CANARY: (30, 10.0)}},
        {"outcomes": {CONTROL: (2000, 1000.0), CANARY: (2000, 1600.0)}}, {"outcomes": {CONTROL: (2000, 1600.0)}},
    ],
    ids=str,
)  # fmt: skip
def test_and_what_is_none_is_not(change):
    assert breach(replace(FINE, **change)) == ""


def test_outcomes_may_be_looked_at_all_the_time():
    """Of 300 trials without any difference, each looked at after every ten outcomes, few are ever stopped."""
    random, stopped = np.random.default_rng(7), 0
    for _trial in range(300):
        heard = (random.random((2, 1500)) < 0.7).cumsum(axis=1)
        looks = (
            {CONTROL: (n, float(heard[0, n - 1])), CANARY: (n, float(heard[1, n - 1]))}
            for n in range(10, 1500, 10)
        )
        stopped += any(breach(replace(FINE, outcomes=look)) for look in looks)
    assert stopped / 300 <= drift.ALPHA


def test_two_periods_of_one_model():
    random = np.random.default_rng(7)
    days = [random.dirichlet(alpha, 300) for alpha in ([5, 5, 5], [5, 5, 5], [9, 1, 5])]
    first, same, other = (
        {str(b): Shares(now=float(d[:, b].sum()), squared=float((d[:, b] ** 2).sum())) for b in range(3)}
        for d in days
    )
    assert unpaired(first, same) < drift.MODERATE
    assert unpaired(first, other) > drift.LARGE
    assert unpaired(first, {}) == 0
