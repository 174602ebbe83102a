"""Arms, probabilities and what is learned from rewards."""

import numpy as np
import pytest

from discovery.radio.bandit import (
    APART,
    EXPLORED,
    FLOOR,
    HALF_LIFE,
    MARGIN,
    NOISE,
    Posterior,
    drawn,
    greedy,
    recency,
    thompson,
    uniform,
)

X = np.ones((1, 3, 1))
ALL = np.ones((1, 3), dtype=bool)


def learned(rewards):
    """A posterior over three arms with one constant feature; ``rewards``: (arm, reward, times)."""
    found = Posterior.prior(np.zeros((3, 1)))
    for arm, reward, times in rewards:
        found = found.learned(np.full(times, arm), np.ones((times, 1)), np.full(times, reward))
    return found


def test_the_mean_is_ridge_regression_on_what_is_shared_and_what_is_apart():
    found = learned([(0, 1.0, 3)])
    # By hand: shared s and apart a minimize 3 (1 - s - a)² + s² + APART · a², so a = s / APART.
    shared = 3 / (3 + 1 + 3 / APART)
    assert found.mean.tolist() == pytest.approx([shared, shared / APART, 0, 0])


def test_what_one_arm_teaches_counts_for_the_others_too():
    found = learned([(0, 1.0, 3)]).expected(X)[0]
    assert found[0] > found[1] == found[2] > 0


def test_arms_are_believed_alike_before_anything_is_seen():
    mean, covariance = Posterior.prior(np.zeros((3, 1))).believed(X)
    assert mean.tolist() == [[0, 0, 0]]
    assert covariance[0] == pytest.approx(NOISE**2 * (np.ones((3, 3)) + np.eye(3) / APART))


def test_the_order_of_what_is_seen_does_not_matter():
    one, other = learned([(0, 1.0, 2), (1, 0.0, 5)]), learned([(1, 0.0, 5), (0, 1.0, 2)])
    assert one.precision == pytest.approx(other.precision)
    assert one.evidence == pytest.approx(other.evidence)


def test_a_choice_counts_half_after_its_half_life():
    found = recency(2 * HALF_LIFE + 1)
    assert found[[0, HALF_LIFE, -1]].tolist() == pytest.approx([0.25, 0.5, 1])


def test_a_weight_counts_a_choice_so_many_times():
    prior, ones = Posterior.prior(np.zeros((3, 1))), np.ones((2, 1))
    twice = prior.learned(np.array([1, 1]), ones, np.ones(2))
    weighed = prior.learned(np.array([1, 0]), ones, np.array([1.0, 5.0]), np.array([2.0, 0.0]))
    assert weighed.precision == pytest.approx(twice.precision)
    assert weighed.evidence == pytest.approx(twice.evidence)


def test_the_better_arm_wins_once_it_is_known_and_no_arm_dies():
    found = thompson(
        learned([(0, 0.9, 400), (1, 0.1, 400), (2, 0.1, 400)]), X, ALL, np.random.default_rng(1)
    )[0]
    assert found[0] == pytest.approx(1 - FLOOR * 2 / 3)
    assert found[1] == pytest.approx(FLOOR / 3)


def test_a_closed_arm_is_never_chosen():
    open_arms = np.array([[False, True, True]])
    for policy in (thompson, greedy, uniform):
        found = policy(learned([(0, 1.0, 50)]), X, open_arms, np.random.default_rng(1))[0]
        assert found[0] == 0
        assert found.sum() == pytest.approx(1)


def test_draws_follow_the_probabilities_that_are_logged():
    rng = np.random.default_rng(2)
    counts = np.bincount(drawn(np.tile([0.7, 0.0, 0.3], (20_000, 1)), rng), minlength=3)
    assert counts[1] == 0
    assert counts[0] / 20_000 == pytest.approx(0.7, abs=0.01)


def test_what_does_not_lead_is_tried_little_and_never_not_at_all():
    """Nothing is known yet: two in three draws would go to the other arms, were the first not to be passed by a margin."""
    found = thompson(learned([]), X, ALL, np.random.default_rng(1))[0]
    assert found[1:].sum() == pytest.approx((1 - FLOOR) * EXPLORED + FLOOR * 2 / 3)
    assert (found >= FLOOR / 3).all()


@pytest.mark.parametrize(("ahead", "leads"), [(0.5 * MARGIN, 0), (4 * MARGIN, 2)])
def test_another_arm_leads_once_it_is_surely_better_by_the_margin(ahead, leads):
    known, both = learned([(0, 0.5, 20_000), (2, 0.5 + ahead, 20_000)]), np.array([[True, False, True]])
    found = thompson(known, X, both, np.random.default_rng(1))[0]
    assert found[leads] == pytest.approx(1 - FLOOR / 2)


def test_exploring_ends_as_the_posterior_grows_sure():
    shares = [
        1 - thompson(learned([(arm, 0.5, times) for arm in range(3)]), X, ALL, np.random.default_rng(1))[0, 0]
        for times in (0, 10_000)
    ]
    assert shares[0] > shares[1] == pytest.approx(FLOOR * 2 / 3)
