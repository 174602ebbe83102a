"""Choosing and putting in order, on arrays alone: lengths within half a minute, artists apart, and no word too much."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.plans.choose import APART, TOLERANCE, choose
from discovery.plans.flow import in_order, nearest_pair
from discovery.plans.plan import Arc

pools = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@given(pools, st.integers(600, 7_000))
@settings(max_examples=60, deadline=None)
def test_the_length_is_had_where_there_is_enough(rng, length):
    seconds, artists = rng.uniform(120, 360, 200), rng.integers(0, 40, 200)
    chosen = choose(seconds, artists, length=length, count=None, most=400)
    assert abs(chosen.seconds - length) <= TOLERANCE
    assert chosen.seconds == seconds[chosen.places].sum()
    assert len(set(chosen.places.tolist())) == len(chosen.places)


@given(pools, st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_the_count_is_the_count_and_no_two_of_an_artist_are_close(rng, count):
    seconds, artists = np.full(200, 200.0), rng.integers(0, 40, 200)
    chosen = choose(seconds, artists, length=None, count=count, most=400)
    assert len(chosen.places) == count
    nothing = np.full(count, np.nan)
    flow = in_order(artists[chosen.places], nothing, nothing, None)
    assert sorted(flow.order.tolist()) == list(range(count))
    assert flow.apart is None or flow.apart >= APART


def test_the_best_are_taken_first():
    seconds, artists = np.full(50, 200.0), np.arange(50)
    assert choose(seconds, artists, length=None, count=10, most=400).places.tolist() == list(range(10))
    assert choose(seconds, artists, length=2_000, count=None, most=400).places.tolist() == list(range(10))


def test_count_and_length_together_exchange_tracks_and_keep_the_count():
    rng = np.random.default_rng(3)
    seconds, artists = rng.uniform(120, 360, 200), np.arange(200)
    chosen = choose(seconds, artists, length=10 * 300, count=10, most=400)
    assert len(chosen.places) == 10
    assert abs(chosen.seconds - 3_000) <= TOLERANCE


def test_what_cannot_be_had_is_as_near_as_it_goes():
    seconds, artists = np.array([200.0, 210.0]), np.array([1, 1])
    chosen = choose(seconds, artists, length=3_600, count=None, most=400)
    assert chosen.places.tolist() == [0, 1]
    assert chosen.seconds == 410
    flow = in_order(artists, np.full(2, np.nan), np.full(2, np.nan), None)
    assert flow.apart == 1  # and says so


def test_one_artist_of_three_is_as_far_apart_as_it_goes():
    artists = np.array([1, 1, 1, 2, 3])
    nothing = np.full(5, np.nan)
    flow = in_order(artists, nothing, nothing, None)
    assert artists[flow.order].tolist() in ([1, 2, 1, 3, 1], [1, 3, 1, 2, 1])
    assert flow.apart == 2


def test_energy_rises_or_falls_as_asked():
    rng = np.random.default_rng(5)
    energy, artists, tempo = rng.uniform(0, 1, 40), np.arange(40), np.full(40, np.nan)
    rising = energy[in_order(artists, energy, tempo, Arc(0, 1)).order]
    falling = energy[in_order(artists, energy, tempo, Arc(1, 0)).order]
    assert rising[:10].mean() < rising[10:30].mean() < rising[30:].mean()
    assert falling[:10].mean() > falling[10:30].mean() > falling[30:].mean()
    as_chosen = in_order(artists, energy, tempo, None).order
    assert as_chosen.tolist() == list(range(40))


def test_without_energy_the_tempo_tells():
    tempo = np.array([170.0, 70.0, 120.0, 100.0, 150.0])
    nothing = np.full(5, np.nan)
    order = in_order(np.arange(5), nothing, tempo, Arc(0, 1)).order
    assert tempo[order].tolist() == sorted(tempo)


def test_nearest_pair():
    assert nearest_pair(np.array([1, 2, 1, 3, 2])) == 2
    assert nearest_pair(np.array([1, 2, 3])) is None
