"""What few people play teaches nothing, and counts of people leave a model in steps that one person does not move."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.ml.coarse import STEP, Steps, coarse_steps, people_of
from graph.ml.data import LEAST_LISTENERS, artist_view
from graph.ml.train import fit
from graph.training import drawn as drawing
from tests.graph.conftest import small_config  # noqa: F401  a fixture
from tests.graph.ml.worlds import clusters, snapshot_of

FLOOR = 10


def world(insiders, tags=()):
    """Thirty people who play ten artists; of the eleventh, so many ``insiders`` play all that they play."""
    plays = np.zeros((30, 11))
    plays[:15, :5] = plays[15:, 5:10] = 4
    plays[:insiders, 10] = 9
    return snapshot_of(plays, tags=[(-1, item, int(item >= 5)) for item in range(10)] + list(tags))


def test_below_the_floor_nothing_is_learned(small_config):  # noqa: F811
    few = fit(world(LEAST_LISTENERS - 1), small_config).artifact().index("ARTIST")
    none = fit(world(0), small_config).artifact().index("ARTIST")
    enough = fit(world(LEAST_LISTENERS), small_config).artifact().index("ARTIST")
    assert few.queries.tolist() == none.queries.tolist()
    assert few.keys.tolist() == none.keys.tolist()
    assert np.abs(enough.queries[10]).sum() > 0 == np.abs(few.queries[10]).sum()


def test_below_the_floor_only_the_catalogs_words_speak():
    said = [(user, 10, 1) for user in range(4)] + [(-1, 10, 0)] + [(user, 3, 1) for user in range(5)]
    assert artist_view(world(4, said)).tags[:, [10]].toarray().ravel().tolist() == [1, 0]
    assert artist_view(world(5, said)).tags[:, [10]].toarray().ravel().tolist() == [1, 4]
    assert artist_view(world(4, [*said, (4, 10, 1)])).tags[:, [10]].toarray().ravel().tolist() == [1, 5]


def test_a_word_that_few_use_says_nothing():
    said = [(user, 3, 2) for user in range(4)]
    assert artist_view(world(0, said)).tags[2].nnz == 0
    assert artist_view(world(0, [*said, (4, 4, 2)])).tags[2].nnz == 2


def steps(counts, before=None):
    ids = np.arange(len(counts))
    known = None if before is None else Steps(ids, np.array(before))
    return coarse_steps(ids, np.array(counts), FLOOR, known).tolist()


def test_steps_without_a_model_before():
    assert steps([0, 9, 10, 14, 15, 22, 23]) == [-1, -1, 0, 0, 1, 1, 2]
    assert people_of(np.array([-1, 0]), FLOOR).tolist() == pytest.approx([0, FLOOR * STEP**0.5])


def test_the_nine_accounts_made_for_it_see_nothing():
    """With the tenth, a person, the artist is as absent as without: it takes two more to come in, and none to stay."""
    assert steps([9, 10, 11, 12], before=[-1, -1, -1, -1]) == [-1, -1, -1, 0]
    assert steps([12, 11, 10, 9], before=[0, 0, 0, 0]) == [0, 0, 0, -1]


@given(st.integers(0, 400), st.integers(0, 400))
def test_one_person_more_and_less_again_is_not_seen(count, start):
    (before,) = steps([start])
    (there,) = steps([count], before=[before])
    (one_more,) = steps([count + 1], before=[there])
    if count >= FLOOR:  # beneath it everything is gone at once
        assert steps([count], before=[one_more]) == [one_more]


class TestDrawn:
    def test_the_same_snapshot_leaves_out_the_same_people_and_another_one_others(self, settings):
        first, second = clusters(users=300), clusters(users=300, seed=6)
        once, again, other = drawing.drawn(first), drawing.drawn(first), drawing.drawn(second)
        gone = left_out(first, once)
        assert gone == left_out(first, again) != left_out(second, other)
        assert 10 < len(gone) < 60
        settings.SIGNING_KEY = "f" * 64
        assert left_out(first, drawing.drawn(first)) != gone

    def test_of_those_left_out_there_is_nothing(self):
        whole = clusters(users=300)
        kept = drawing.drawn(whole)
        gone = np.array(sorted(left_out(whole, kept)))
        assert not np.isin(kept.track_plays.user, gone).any()
        assert not np.isin(kept.friendships, gone).any()
        assert not np.isin(kept.track_tags.user, gone).any()

    def test_of_few_nobody_is_left_out(self):
        few = clusters(users=drawing.FEWEST - 10)
        assert drawing.drawn(few) is few


def left_out(whole, kept):
    return set(whole.artist_plays.user.tolist()) - set(kept.artist_plays.user.tolist())
