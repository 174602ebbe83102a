"""The order of the best is the model's: whatever floats make of it, and however the sum is added up."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from discovery.recommend.ranking import rank
from graph.serving import exact
from graph.serving.channels import Channel, ChannelRule, Evidence, Source
from graph.serving.index import ItemIndex
from tests.discovery.permitted import permitted

SOURCES = [Source(name="memory", start=0, stop=12), Source(name="network", start=12, stop=20)]
RULES = {
    channel: ChannelRule(
        gain=-1.0 if channel is Channel.NEGATIVE else 1.0, logarithmic=channel is Channel.OWN, unit=1.6,
        count_power=0.5, identity=0.5, weights=(1.0, 0.7), power=1.5,
    )
    for channel in Channel
}  # fmt: skip


def index_of(seed, size, *, near):
    """Items that are nearly alike: a few vectors, each many times, with scales that differ in the last bits."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(-127, 128, (4, 20))
    scale = np.float32(0.01) + rng.integers(0, 3, (size, 2)) * np.float32(near)
    return ItemIndex(
        {
            "ids": np.arange(1, size + 1), "prior": rng.integers(0, 2, size).astype(np.float32) * np.float32(near),
            "codes": kinds[rng.integers(0, 4, size)].astype(np.int8),
            "key_scale": np.full((size, 2), 0.01, np.float32), "query_scale": scale.astype(np.float32),
            "tag_ids": np.zeros(0, np.int64), "tag_keys": np.zeros((0, 20), np.float32),
            "artist_ids": np.zeros(0, np.int64), "artist_keys": np.zeros((0, 20), np.float32),
        },
        SOURCES,
        RULES,
    )  # fmt: skip


def by_fractions(index, entries, rows):
    """The sum without any rounding but that of the strengths."""
    strong = exact.strengths(index, entries)
    weights = [Fraction(weight) for weight in RULES[Channel.OWN].weights]
    codes, scale = index.key_codes(entries)
    totals = []
    for row in rows.tolist():
        (mine,), (query,) = index.query_codes(np.array([row]))
        total = Fraction(float(index.prior[row]))
        for entry, key_row in enumerate(entries.key_row.tolist()):
            product = sum(
                weights[place] * Fraction(float(scale[entry, place])) * Fraction(float(query[place]))
                * int(codes[entry, s.start : s.stop].astype(int) @ mine[s.start : s.stop].astype(int))
                for place, s in enumerate(SOURCES)
            )  # fmt: skip
            total += Fraction(float(strong[entry])) * (product + Fraction(0.5) * (key_row == row))
        totals.append(total)
    return totals


ENTRIES = st.lists(
    st.tuples(
        st.integers(0, 59), st.floats(0.5, 1000, width=32), st.sampled_from([Channel.OWN, Channel.NEGATIVE])
    ),
    min_size=1,
    max_size=5,
)


# What cancels out leaves a rest of rounding, which is another one for each kind of item.
CANCELLED = [
    (0, 4.0, Channel.NEGATIVE),
    (0, 4.0, Channel.NEGATIVE),
    (0, 56.0, Channel.OWN),
    (0, 56.0, Channel.OWN),
]


@settings(max_examples=30, deadline=None)
@example(seed=0, entries=CANCELLED)
@given(seed=st.integers(0, 1000), entries=ENTRIES)
def test_the_order_is_that_of_the_unrounded_sum(seed, entries):
    index = index_of(seed, 60, near=1e-8)
    evidence = permitted([(channel, key + 1, amount, 0) for key, amount, channel in entries])
    _, told = evidence.in_index(index)
    ranking = rank(index, evidence, count=60)
    totals = by_fractions(index, told, ranking.rows)
    for place in range(len(totals) - 1):
        first, second = totals[place], totals[place + 1]
        assert first > second or float(first) == pytest.approx(float(second), rel=1e-13, abs=exact.GRAIN)
        if first == second:
            assert ranking.rows[place] < ranking.rows[place + 1]


@settings(max_examples=30, deadline=None)
@example(
    seed=0,
    entries=[
        (0, 4.0, Channel.NEGATIVE),
        (0, 56.0, Channel.OWN),
        (34, 4.0, Channel.NEGATIVE),
        (23, 56.0, Channel.OWN),
    ],
)
@given(seed=st.integers(0, 1000), entries=ENTRIES)
def test_a_page_begins_as_the_whole_list_does_and_scores_are_the_sums_of_the_terms(seed, entries):
    index = index_of(seed, 300, near=1e-8)
    evidence = permitted([(channel, key + 1, amount, 0) for key, amount, channel in entries])
    _, told = evidence.in_index(index)
    page, whole = (rank(index, evidence, count=count) for count in (7, 300))
    assert page.ids.tolist() == whole.ids.tolist()[:7]
    scores = exact.scores_of(index, told, whole.rows)
    assert whole.scores == pytest.approx(scores, rel=1e-12, abs=1e-14)
    assert index.scores(told)[whole.rows] == pytest.approx(scores, abs=1e-3)


def test_rows_that_hold_the_same_score_the_same_to_the_last_bit():
    index = index_of(3, 60, near=0)
    told = Evidence(
        key_row=np.array([1, 2, 3]), amount=np.array([3, 5, 7], np.float32), channel=np.zeros(3, np.int8)
    )
    codes, _ = index.query_codes(np.arange(60))
    scores = exact.scores_of(index, told, np.arange(60))
    for kind in np.unique(codes, axis=0):
        alike = (codes == kind).all(axis=1)
        own = np.isin(np.arange(60), told.key_row)
        assert len(set(scores[alike & ~own].tolist())) == 1
