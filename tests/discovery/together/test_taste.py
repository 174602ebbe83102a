import numpy as np
import pytest

from discovery.platform.errors import NotFound
from discovery.recommend.serving import DegradedReason
from discovery.together.taste import overlap, taste_match
from graph.models import ItemKind
from tests import factories
from tests.discovery.together.test_blend import LEAVING

pytestmark = pytest.mark.django_db
TRACK = ItemKind.TRACK


def test_shares_and_differences(triangle):
    match = taste_match(triangle.ada, triangle.ben.pk, TRACK).answer
    assert [(one.item, one.yours, one.theirs) for one in match.shared] == [
        (triangle.common, pytest.approx(2 / 7), pytest.approx(2 / 7))
    ]
    assert match.only_you == (triangle.favorites["ada"],)
    assert match.only_them == (triangle.favorites["ben"],)
    assert match.degraded is None


def test_likeness_is_the_correlation_of_what_both_would_be_shown(triangle):
    """By hand: ada's vector is (3, 2, 2), ben's (2, 3, 2), over three favorites and the common track."""
    for person in (triangle.ada, triangle.ben):
        person.listens.all().delete()
        factories.listens(person, triangle.favorites[person.username], 1)
        factories.listens(person, triangle.common, 4)
    queries = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0.5]])
    expected = np.corrcoef(queries @ [3, 2, 2], queries @ [2, 3, 2])[0, 1]
    assert expected > 0.3
    match = taste_match(triangle.ada, triangle.ben.pk, TRACK).answer
    assert match.likeness == pytest.approx(expected, abs=1e-6)
    triangle.ben.listens.all().delete()
    factories.listens(triangle.ben, triangle.favorites["ada"], 1)
    factories.listens(triangle.ben, triangle.common, 4)
    assert taste_match(triangle.ada, triangle.ben.pk, TRACK).answer.percent == 100


def test_it_is_the_same_from_both_sides(triangle):
    here, there = (
        taste_match(triangle.ada, triangle.ben.pk, TRACK).answer,
        taste_match(triangle.ben, triangle.ada.pk, TRACK).answer,
    )
    assert here.likeness == pytest.approx(there.likeness)
    assert here.only_you == there.only_them


@pytest.mark.parametrize("leave", LEAVING)
def test_it_takes_both_to_share(triangle, leave):
    leave(triangle, triangle.cleo)
    with pytest.raises(NotFound) as hidden:
        taste_match(triangle.ada, triangle.cleo.pk, TRACK)
    with pytest.raises(NotFound) as absent:
        taste_match(triangle.ada, 10**9, TRACK)
    assert hidden.value.message == absent.value.message


def test_without_a_model_the_overlap_counts(triangle):
    match = taste_match(triangle.ada, triangle.ben.pk).answer
    assert match.degraded is DegradedReason.NO_MODEL
    assert match.likeness == pytest.approx((2 / 7) / (12 / 7))


def test_overlap():
    assert overlap({1: 0.5, 2: 0.5}, {1: 0.5, 3: 0.5}) == pytest.approx(0.5 / 1.5)
    assert overlap({1: 1.0}, {1: 1.0}) == 1.0
    assert overlap({}, {}) == 0.0
