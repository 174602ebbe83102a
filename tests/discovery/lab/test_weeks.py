"""Weeks of listening: who comes back, who leaves, what is counted, and that the placebo moves nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.lab.engagement import AFTERWARDS, PLACEBO, against, levels
from discovery.lab.habits import LAST, Habits
from discovery.lab.listener_model import LONGEST
from discovery.lab.simulate import MOST_POPULAR, RADIO
from discovery.lab.weeks import Trace, engagement, weeks
from tests.discovery.lab.test_simulate import listener_model, model  # noqa: F401 fixtures


def trace(items, heard):
    """``items`` and ``heard`` on the first day of each listener, nothing after."""
    days = np.zeros((2, len(items), LAST))
    days[:, :, 0] = items, heard
    return Trace(days[0], days[1], np.zeros((len(items), LAST, LONGEST)))


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_better_served_come_more_and_leave_less(one, other):
    habits, worse, better = Habits(), min(one, other), max(one, other)
    assert habits.comes_on(worse) <= habits.comes_on(better) <= 1
    assert habits.leaves_on(worse) >= habits.leaves_on(better) > 0


def test_the_factors_are_what_they_say():
    habits = Habits()
    assert habits.comes_on(1) / habits.comes_on(0) == pytest.approx(habits.comes_factor)
    assert habits.leaves_on(0) / habits.leaves_on(1) == pytest.approx(habits.leaves_factor)
    assert 1 - (1 - habits.leaves_on(habits.neutral)) ** 30 == pytest.approx(habits.leaves_a_month)


def test_who_hears_out_nothing_leaves_sooner_and_who_never_came_as_anybody():
    habits = Habits()
    left, _ = engagement(trace([10, 10, 0], [10, 0, 0]), habits).churn
    assert left[0] < left[2] < left[1]
    assert left[2] == pytest.approx(1 - (1 - habits.leaves_a_month) ** (LAST / 30))


def test_a_playlist_takes_as_many_kept_items_as_assumed():
    """All that is heard out is kept here: twelve make two playlists of five, and of four none is made."""
    found = engagement(trace([12, 4], [12, 4]), replace(Habits(), keeps=1.0, playlist=5))
    assert found.playlists[0] == pytest.approx([2.0, 0.0])
    assert engagement(trace([12], [12]), replace(Habits(), keeps=0.0)).playlists[0] == pytest.approx([0])


def test_days_on_which_nobody_came_count_for_plays_and_not_for_length():
    found = levels(engagement(trace([8], [4]), replace(Habits(), leaves_a_month=0.0)))
    assert found["session_length"] == pytest.approx(8)
    assert found["plays_a_day"] == pytest.approx(4 / LAST)


def test_the_same_seed_gives_the_same_weeks_and_the_placebo_others(model, listener_model):  # noqa: F811
    first, again, other = (
        weeks(model, listener_model, station, Habits(), 5, luck=luck)
        for station, luck in ((MOST_POPULAR, 0), (MOST_POPULAR, 0), (PLACEBO, 1))
    )
    assert first.heard.tolist() == again.heard.tolist() != other.heard.tolist()
    habits = replace(Habits(), keeps=1.0)
    gains = against(engagement(first, habits), engagement(again, habits), 5)
    assert {gain["gain"] for gain in gains.values()} == {0.0}


def test_what_was_heard_out_is_not_offered_again(model, listener_model):  # noqa: F811
    """Twenty items, of which two are known: nobody hears out more than the others in all the weeks."""
    habits = replace(Habits(), comes=1.0, comes_factor=1.0, spared=1)
    found = weeks(model, listener_model, RADIO, habits, 5)
    assert 5 < found.heard.sum(axis=1).max() <= 18


@pytest.mark.parametrize("constant", sorted(AFTERWARDS))
def test_what_is_read_off_afterwards_decides_nothing_of_what_is_played(model, listener_model, constant):  # noqa: F811
    habits = Habits()
    other = replace(habits, **{constant: type(getattr(habits, constant))(getattr(habits, constant) * 2)})
    one, two = (weeks(model, listener_model, MOST_POPULAR, assumed, 5) for assumed in (habits, other))
    assert one.heard.tolist() == two.heard.tolist()
