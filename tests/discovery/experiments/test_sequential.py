"""Intervals that hold at every look, and a plain test that does not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from discovery.experiments import sequential
from discovery.experiments.figures import between, sample_ratio
from discovery.experiments.sequential import (
    asymptotic_half_width,
    betting_interval,
    log_capital,
    log_capital_path,
)
from discovery.lab.experiments_simulated import assigned, interleaving

within = st.lists(st.sampled_from([-1.0, -0.4, -0.2, 0.0, 0.2, 0.6, 1.0]), min_size=1, max_size=40)


@given(within, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_evidence_is_the_same_whatever_order_it_is_read_in(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    assert log_capital(np.array(values)) == log_capital(np.array(shuffled))  # to the last bit
    assert log_capital(np.array(values)) == pytest.approx(log_capital_path(np.array(values))[-1])


@given(within)
@settings(max_examples=60, deadline=None)
def test_an_interval_holds_what_nobody_got_rich_against_and_nothing_else(values):
    outcomes, interval = np.array(values), betting_interval(np.array(values))
    assert interval.covers(outcomes.mean())
    assert (log_capital(outcomes) < np.log(20)) == interval.covers(0.0) or min(
        abs(interval.low), abs(interval.high)
    ) <= 2 * sequential.STEP
    for mean in (interval.low - 2 * sequential.STEP, interval.high + 2 * sequential.STEP):
        if -1 < mean < 1:
            assert log_capital(outcomes, mean) >= np.log(20) - 1e-9


def test_betting_is_fair_where_nothing_differs():
    """The average capital over all outcomes of ten fair coins is 1, and what a gain makes of it is more."""
    coins = np.array(np.meshgrid(*[[-1.0, 1.0]] * 10)).reshape(10, -1).T
    assert np.mean([np.exp(log_capital(each)) for each in coins]) == pytest.approx(1.0)
    skewed = [np.exp(log_capital(each)) * np.prod(np.where(each > 0, 1.2, 0.8)) for each in coins]
    assert np.mean(skewed) > 1.05


def test_the_asymptotic_sequence_is_the_papers_and_wider_than_an_interval_for_one_look():
    """Equation 7 for 100 outcomes of variance 1, tightest at 100."""
    rho2 = (-2 * np.log(0.05) + np.log(-2 * np.log(0.05)) + 1) / 100
    told = np.sqrt(2 * (100 * rho2 + 1) / (100**2 * rho2) * np.log(np.sqrt(100 * rho2 + 1) / 0.05))
    assert asymptotic_half_width(0.01, 100, expected=100) == pytest.approx(told)
    assert asymptotic_half_width(0.01, 100, expected=100) > norm.ppf(0.975) * 0.1
    assert asymptotic_half_width(0.01, 100, expected=100) < asymptotic_half_width(0.01, 100, expected=10_000)
    assert asymptotic_half_width(1.0, 0, expected=100) == np.inf


def test_what_people_did_before_takes_away_how_they_differ():
    rng = np.random.default_rng(5)
    usual = rng.gamma(2, 2, 80)
    pairs = list(zip(usual, usual + rng.normal(0, 0.1, 80), strict=True))
    untold = [(0.0, after) for _before, after in pairs]
    adjusted = between("plays", pairs[:40], pairs[40:], alpha=0.05)
    plain = between("plays", untold[:40], untold[40:], alpha=0.05)
    assert adjusted.high - adjusted.low < (plain.high - plain.low) / 5
    assert adjusted.low < 0 < adjusted.high


def test_an_uneven_division_is_noticed_and_an_even_one_is_not():
    assert sample_ratio(500, 500) == 1.0
    assert sample_ratio(520, 480) > 0.1
    assert sample_ratio(600, 400) < 0.001


class TestSimulated:
    """The same as `simulate_experiments`, smaller."""

    def test_a_gain_is_found_and_nothing_is_seldom_found_where_there_is_none(self):
        told = interleaving(60, 60, gain=0.10, runs=60, seed=11)
        assert told["power"] >= 0.8
        assert told["wrong"] == 0.0
        assert told["false_alarms"] <= 0.05
        assert told["covered"] >= 0.95

    def test_a_test_for_one_look_would_fail_it(self):
        """The control: looked at all the time, it calls what is not there."""
        told = interleaving(60, 60, gain=0.10, runs=60, seed=11)
        assert told["naive_false_alarms"] > 0.15

    def test_an_interval_for_one_look_does_not_cover_at_all_looks(self, monkeypatch):
        told = assigned(60, 12, gain=0.1, runs=60, seed=11, least=10)
        assert told["covered"] >= 0.95
        assert told["false_alarms"] <= 0.05
        monkeypatch.setattr(
            "discovery.experiments.figures.asymptotic_half_width",
            lambda variance, _count, **_: norm.ppf(0.975) * variance**0.5,
        )
        assert assigned(60, 12, gain=0.1, runs=60, seed=11, least=10)["covered"] < 0.92
