"""The best of many values are those that sorting all of them would find."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from graph.serving.places import BLOCK, top_places, top_rows

# Few different values, so that most are equal, as those of items that nothing is known of are.
VALUES = st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 0.5000001, 3.0])
TABLES = arrays.arrays(
    np.float32, st.tuples(st.integers(1, 3), st.integers(1, 12 * BLOCK)), elements=VALUES, fill=st.just(0.0)
)


@given(scores=TABLES, k=st.integers(0, 20))
def test_the_highest_come_first_and_of_equal_ones_the_lowest_place(scores, k):
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    assert top_rows(scores, k).tolist() == expected.tolist()
    assert top_places(scores[0], k).tolist() == expected[0].tolist()
