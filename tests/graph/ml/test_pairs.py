import numpy as np
import pytest
import scipy.sparse as sp

from graph.ml import pairs
from graph.serving.friend_index import FEATURES, Pairs, PairScore, pair_features, symmetric

SIZE = 60


@pytest.fixture(scope="module")
def circles():
    """Friendships [F, 2] inside six circles of ten."""
    rng = np.random.default_rng(1)
    return np.array(
        [(a, b) for a in range(SIZE) for b in range(a + 1, SIZE) if a % 6 == b % 6 and rng.random() < 0.6]
    )


NOTHING = sp.csr_matrix((SIZE, 4), dtype=np.float32)


def blank(_known):
    return np.zeros((SIZE, 3), dtype=np.float32)


def test_a_pair_s_score_is_its_weights_and_its_hidden_units():
    features = {name: np.array([[float(place)]], dtype=np.float32) for place, name in enumerate(FEATURES)}
    into = np.zeros((len(FEATURES), 1), dtype=np.float32)
    into[2, 0] = 0.5
    score = PairScore(
        weights={FEATURES[3]: 2.0},
        into=into,
        bias=np.array([-0.25], dtype=np.float32),
        out=np.array([4.0], dtype=np.float32),
    )
    assert score(features)[0, 0] == pytest.approx(2.0 * 3 + 4 * np.tanh(0.5 * 2 - 0.25))
    assert PairScore(weights={FEATURES[3]: 2.0})(features)[0, 0] == 6.0


def test_every_friendship_is_hidden_once_and_taste_never_knows_it(circles):
    known_by_taste, hidden = [], []

    def taste(known):
        known_by_taste.append(known)
        return blank(known)

    learned = pairs._folds(circles, SIZE, np.random.default_rng(0))
    for known, out in learned:
        taste(known)
        hidden.append(out)
        assert known.multiply(out).nnz == 0
    assert (sum(hidden) != symmetric(circles[:, 0], circles[:, 1], SIZE)).nnz == 0
    seen = []
    pairs.learn_pair_score(circles, SIZE, lambda known: seen.append(known) or blank(known), NOTHING, seed=0)
    assert [friendships.nnz for friendships in seen] == [
        len(circles) * 2 - friendships.nnz for friendships in _hidden(circles)
    ]


def _hidden(circles):
    return [out for _, out in pairs._folds(circles, SIZE, np.random.default_rng(0))]


def test_learned_scores_put_a_hidden_friend_before_strangers_and_repeat(circles):
    held, rest = circles[::7], np.delete(circles, np.s_[::7], axis=0)
    score = pairs.learn_pair_score(rest, SIZE, blank, NOTHING, seed=3)
    known = symmetric(rest[:, 0], rest[:, 1], SIZE)
    features = pair_features(
        Pairs(near=known, taste=blank(known), signed=np.zeros((SIZE, 4))), known, blank(known), NOTHING
    )
    scores = score(features)
    scores[known.nonzero()] = -np.inf
    np.fill_diagonal(scores, -np.inf)
    circle = scores.argmax(axis=1) % 6 == np.arange(SIZE) % 6
    assert circle[np.unique(held)].mean() > 0.9
    again = pairs.learn_pair_score(rest, SIZE, blank, NOTHING, seed=3)
    assert again.weights == score.weights
    assert (again.into == score.into).all()
