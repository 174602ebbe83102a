"""Whether the world changed: since when, and that what came before says nothing any more."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.radio.change import BLOCK, BOUND, changed_at
from discovery.radio.choose import ARMS, FEATURES, prior_belief, taught
from discovery.radio.sources import Source


@pytest.mark.parametrize("step", [0.3, -0.3])
def test_a_change_is_noticed_and_dated(step):
    rng = np.random.default_rng(1)
    rewards = (rng.random(3_000) < np.where(np.arange(3_000) < 2_000, 0.5, 0.5 + step)).astype(float)
    assert changed_at(rewards - rewards.mean()) == pytest.approx(2_000, abs=4 * BLOCK)


def test_a_world_that_stays_as_it_is_is_left_alone():
    """A hundred logs, each looked at 20 times as it grows: what one session earns hangs together."""
    rng = np.random.default_rng(2)
    mood = np.repeat(rng.normal(0, 0.15, (100, 400)), 10, axis=1)
    rewards = (rng.random(mood.shape) < 0.5 + mood) - 0.5
    alarms = [any(changed_at(log[:seen]) for seen in range(200, 4_001, 200)) for log in rewards]
    assert sum(alarms) <= 2


@given(st.lists(st.floats(-1, 1), max_size=40 * BLOCK), st.floats(0.1, 10), st.floats(-5, 5))
def test_it_does_not_depend_on_the_unit_or_the_mean(residuals, unit, mean):
    found = np.round(np.array(residuals, dtype=np.float64), 3)
    assert changed_at(np.zeros(len(found))) == 0
    at = changed_at(found)
    assert at == 0 or 0 < at < len(found)
    if _distinct(found):
        assert changed_at(found * unit + mean) == at


def test_after_a_change_what_came_before_says_nothing():
    rng = np.random.default_rng(3)
    count = 2_000
    arm = np.full(2 * count, int(Source.SUM))
    x = np.ones((2 * count, FEATURES))
    reward = (rng.random(2 * count) < np.repeat([0.8, 0.3], count)).astype(float)
    steady = (rng.random(2 * count) < 0.55).astype(float)
    here = np.ones((1, ARMS, FEATURES))
    changed, same = (taught(arm, x, told) for told in (reward, steady))
    assert changed.expected(here)[0, Source.SUM] == pytest.approx(0.3 - 0.5, abs=0.05)
    seen = [np.trace(posterior.precision - prior_belief().precision) for posterior in (changed, same)]
    assert seen[0] == pytest.approx(seen[1] / 2, rel=0.15)


def _distinct(residuals) -> bool:
    """Whether no rounding decides: the excursion is not on the bound, nor two of them alike."""
    blocks = len(residuals) // BLOCK
    if blocks < 2:
        return True
    sums = residuals[len(residuals) - blocks * BLOCK :].reshape(blocks, BLOCK).sum(axis=1)
    spread = np.sqrt(np.mean(np.diff(sums) ** 2) / 2)
    bridge = np.sort(np.abs(np.cumsum(sums) - np.arange(1, blocks + 1) / blocks * sums.sum())[:-1])
    clear = abs(bridge[-1] - BOUND * spread * np.sqrt(blocks)) > 1e-6
    return bool(clear and spread > 1e-6 and (len(bridge) < 2 or bridge[-1] - bridge[-2] > 1e-6))
