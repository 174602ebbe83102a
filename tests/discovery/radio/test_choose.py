"""What the bandit sees of a session."""

import numpy as np
import pytest

from discovery.radio.choose import ARMS, AVERAGE, features
from discovery.radio.sources import Scores


def _scores(*, friends=None, session=None):
    return Scores(
        rows=np.arange(2),
        prior=np.zeros(2),
        own=None,
        friends=friends,
        session=session,
        refused=np.empty(0, np.int64),
    )


def test_a_session_that_just_began_says_nothing():
    found = features([], 0, _scores())
    assert found.tolist() == [[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]] * ARMS


def test_every_arm_sees_the_rewards_and_who_has_a_say():
    part = np.ones(2, dtype=np.float32)
    session, friends = (features([1.0, 0.0], 0, _scores(**{name: part})) for name in ("session", "friends"))
    mean = (1.0 + 2 * AVERAGE) / 4 - AVERAGE  # two rewards beside two average ones
    told = 0.85 / 3  # the first, one item ago, of three that tell a minute well
    assert session[0] == pytest.approx([1.0, mean, 0.0, told, 1.0, 0.0])
    assert friends[-1] == pytest.approx([1.0, mean, 0.0, told, 0.0, 1.0])
