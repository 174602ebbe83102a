import numpy as np
import pytest

from accounts import held_links
from graph.ml import pairs
from graph.ml.pairs import candidates, learn_pair_score
from graph.serving.friend_index import FEATURES, PairScore, symmetric

SIZE = 60


@pytest.fixture(scope="module")
def circles():
    """Friendships [F, 2] inside six circles of ten."""
    rng = np.random.default_rng(1)
    return np.array(
        [(a, b) for a in range(SIZE) for b in range(a + 1, SIZE) if a % 6 == b % 6 and rng.random() < 0.6]
    )


BLANK = np.zeros((SIZE, 3), dtype=np.float32)


def test_a_pair_s_score_is_its_weights_and_its_hidden_units():
    features = np.arange(len(FEATURES), dtype=np.float32)[None, :]
    into = np.zeros((len(FEATURES), 1), dtype=np.float32)
    into[2, 0] = 0.5
    score = PairScore(
        weights={FEATURES[3]: 2.0},
        into=into,
        bias=np.array([-0.25], dtype=np.float32),
        out=np.array([4.0], dtype=np.float32),
    )
    assert score(features)[0] == pytest.approx(2.0 * 3 + 4 * np.tanh(0.5 * 2 - 0.25))
    assert PairScore(weights={FEATURES[3]: 2.0})(features)[0] == 6.0


def test_every_friendship_is_hidden_once_and_is_not_among_the_known(circles):
    *folds, newcomers = list(pairs._folds(circles, SIZE, np.random.default_rng(0)))
    assert all(out[*known.T].sum() == 0 for known, out in [*folds, newcomers])
    assert (sum(out for _, out in folds) != symmetric(circles[:, 0], circles[:, 1], SIZE)).nnz == 0


def test_learned_scores_put_a_hidden_friend_before_strangers_and_repeat(circles):
    strangers = np.array([(a, a + 1) for a in range(0, SIZE, 5)])  # ways from one circle to the next
    held, rest = circles[::7], np.concatenate([np.delete(circles, np.s_[::7], axis=0), strangers])
    score = learn_pair_score(rest, BLANK, seed=3)
    links = held_links.held(np.arange(SIZE), *rest.T)
    in_circle = []
    for viewer in np.unique(held).tolist():
        near, features = candidates(viewer, links, BLANK)
        in_circle.append(near.people[score(features).argmax()] % 6 == viewer % 6)
    assert np.mean(in_circle) > 0.9
    again = learn_pair_score(rest, BLANK, seed=3)
    assert again.weights == score.weights
    assert (again.into == score.into).all()


def test_nothing_is_learned_where_no_way_leads_to_anybody():
    apart = np.array([(a, a + 1) for a in range(0, SIZE, 2)])
    assert learn_pair_score(apart, BLANK, seed=0) is None
