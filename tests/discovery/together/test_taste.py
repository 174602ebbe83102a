import numpy as np
import pytest

from accounts.models import Block, PersonalizationLevel, Purpose
from discovery.platform.errors import NotFound
from discovery.recommend.serving import DegradedReason
from discovery.together.taste import overlap, similar_listeners, taste_match
from graph.models import ItemKind
from graph.serving import active_model
from graph.serving.friend_index import PairScore, PeopleIndex
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


@pytest.fixture
def crowd(triangle, monkeypatch):
    """Four strangers with vectors in the model: two near Ada's taste, one across it, one behind."""
    strangers = [factories.sharer(f"stranger{number}") for number in range(4)]
    people = PeopleIndex(
        ids=np.array([person.pk for person in strangers]),
        vectors=np.array([[0, 0, 1], [1, 0.2, 0.2], [1, 0.4, 0.1], [-1, 0, 0]], dtype=np.float32),
        score=PairScore(weights={}),
    )
    monkeypatch.setattr(active_model.active().artifact, "people", people, raising=False)
    return strangers


def test_similar_listeners_in_order_of_likeness(triangle, crowd):
    assert similar_listeners(triangle.ada).answer == [crowd[1], crowd[2], crowd[0], crowd[3]]
    assert similar_listeners(triangle.ada, count=2).answer == [crowd[1], crowd[2]]


@pytest.mark.parametrize("purpose", [Purpose.DISCOVERABLE, Purpose.CONTRIBUTE])
def test_who_withdraws_is_gone_whatever_the_model_holds(triangle, crowd, purpose):
    factories.revoke(crowd[1], purpose)
    assert similar_listeners(triangle.ada).answer == [crowd[2], crowd[0], crowd[3]]


def test_neither_friends_nor_blocked_people(triangle, crowd):
    factories.befriended(triangle.ada, crowd[1])
    Block.objects.create(blocker=crowd[2], blocked=triangle.ada)
    assert similar_listeners(triangle.ada).answer == [crowd[0], crowd[3]]


def test_nobody_for_who_does_not_let_their_own_plays_be_used(triangle, crowd):
    triangle.ada.level = PersonalizationLevel.BASIC
    triangle.ada.save()
    assert similar_listeners(triangle.ada).answer == []
