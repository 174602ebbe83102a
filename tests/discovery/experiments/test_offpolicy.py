"""Off-policy estimates, added up by hand."""

import numpy as np
import pytest

from discovery.experiments.offpolicy import Estimate, Log, doubly_robust, ips, snips

# Two choices of arm 0 (reward 1 and 0) and two of arm 1 (both 1), at probability 1/4 and 3/4.
LOG = Log(
    arm=np.array([0, 0, 1, 1]),
    reward=np.array([1.0, 0.0, 1.0, 1.0]),
    propensity=np.array([0.25, 0.25, 0.75, 0.75]),
    features=np.ones((4, 2, 1)),
)
TARGET = np.tile([0.5, 0.5], (4, 1))


def test_ips_by_hand():
    estimate = ips(LOG, TARGET)  # terms 2, 0, 2/3, 2/3
    assert estimate.value == pytest.approx((2 + 0 + 4 / 3) / 4)
    assert estimate.high - estimate.value == pytest.approx(
        1.96 * np.std([2, 0, 2 / 3, 2 / 3], ddof=1) / 2, abs=1e-4
    )


def test_snips_by_hand():
    assert snips(LOG, TARGET).value == pytest.approx((2 + 4 / 3) / (2 + 2 + 4 / 3))


def test_doubly_robust_by_hand():
    # Folds are rows {0, 2} and {1, 3}; ridge 1 halves the one reward it saw of each arm.
    predicted = np.array([[0.0, 0.5], [0.5, 0.5], [0.0, 0.5], [0.5, 0.5]])
    errors = [2 * (1 - 0), 2 * (0 - 0.5), 2 / 3 * (1 - 0.5), 2 / 3 * (1 - 0.5)]
    assert doubly_robust(LOG, TARGET).value == pytest.approx(np.mean(predicted.mean(axis=1) + errors))


def test_the_policy_that_logged_is_worth_what_it_earned():
    assert snips(LOG, np.array([[0.25, 0.75]] * 4)).value == pytest.approx(LOG.reward.mean())


def test_an_interval_covers_what_lies_in_it():
    assert Estimate(0.5, 0.4, 0.6).covers(0.4)
    assert not Estimate(0.5, 0.4, 0.6).covers(0.39)


def test_estimates_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(5)
    truth_of_arm, logging, target = np.array([0.2, 0.7]), np.array([0.8, 0.2]), np.array([0.3, 0.7])
    truth = float(truth_of_arm @ target)
    hits = np.zeros(3)
    for _ in range(200):
        arm = (rng.random(400) < logging[1]).astype(int)
        log = Log(
            arm=arm, reward=(rng.random(400) < truth_of_arm[arm]).astype(float),
            propensity=logging[arm], features=np.ones((400, 2, 1)),
        )  # fmt: skip
        wanted = np.tile(target, (400, 1))
        hits += [estimate(log, wanted).covers(truth) for estimate in (ips, snips, doubly_robust)]
    assert (hits >= 180).all()
