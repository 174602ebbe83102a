"""What a person is shown on each surface, with a model small enough to add up by hand."""

import pytest

from accounts import policies, presentation
from accounts.models import PersonalizationLevel, Purpose, User
from accounts.presentation import Kind
from discovery.platform.errors import ModelUnavailable
from discovery.recommend import feed
from discovery.recommend.explain import ReasonKind
from discovery.recommend.serving import DegradedReason
from graph.models import ItemKind
from graph.serving import active_model
from tests import factories
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(serve):
    """A triangle of friends; the common track is popular, the favorites are alike."""
    triangle = factories.triangle_of_friends()
    tracks = sorted([triangle.common, *triangle.favorites.values()], key=lambda track: track.pk)
    prior = [1.0 if track == triangle.common else 0.25 for track in tracks]
    vectors = [[0.0, 1.0] if track == triangle.common else [1.0, 0.0] for track in tracks]
    serve(ItemKind.TRACK, small_index(vectors, ids=[track.pk for track in tracks], prior=prior))
    return triangle


def shown(answer):
    return [recommendation.item for recommendation in answer.items]


def test_for_you_adds_own_and_friends_plays_and_says_so(world):
    answer = feed.for_you(world.ada, ItemKind.TRACK).answer
    assert set(shown(answer)) == {world.favorites["ben"], world.favorites["cleo"]}
    assert answer.level == PersonalizationLevel.SOCIAL
    assert answer.degraded is None
    best = answer.items[0]
    assert {reason.cited.kind for reason in best.reasons} >= {ReasonKind.OWN_PLAY, ReasonKind.FRIEND}
    assert sum(reason.cited.contribution for reason in best.reasons) + best.remainder == pytest.approx(
        best.score
    )


def test_from_friends_shows_what_they_play_and_names_them(world):
    answer = feed.from_friends(world.ada, ItemKind.TRACK).answer
    assert set(shown(answer)) == {world.favorites["ben"], world.favorites["cleo"]}
    texts = {r.item: [reason.text for reason in r.reasons] for r in answer.items}
    assert "Your friend Ben plays this" in texts[world.favorites["ben"]]
    assert {reason.cited.kind for r in answer.items for reason in r.reasons} == {ReasonKind.FRIEND}


def test_a_withdrawn_social_out_is_gone_with_the_next_request(world):
    factories.revoke(world.ben, Purpose.SOCIAL_OUT)
    assert shown(feed.from_friends(world.ada, ItemKind.TRACK).answer) == [world.favorites["cleo"]]


def test_nothing_of_a_friend_without_social_out_shapes_any_answer(world):
    factories.revoke(world.ben, Purpose.SOCIAL_OUT)
    with_plays = feed.for_you(world.ada, ItemKind.TRACK).answer
    world.ben.listens.all().delete()
    without = feed.for_you(world.ada, ItemKind.TRACK).answer
    assert [(r.item, r.score, r.remainder) for r in with_plays.items] == [
        (r.item, r.score, r.remainder) for r in without.items
    ]


def test_off_is_the_same_for_everyone(world):
    for person in (world.ada, world.ben):
        person.level = PersonalizationLevel.OFF
        person.save()
    answers = [feed.for_you(person, ItemKind.TRACK).answer for person in (world.ada, world.ben)]
    popular = feed.popular(None, ItemKind.TRACK).answer
    for answer in answers:
        assert [(r.item, r.score) for r in answer.items] == [(r.item, r.score) for r in popular.items]
        assert answer.level == PersonalizationLevel.OFF
    assert shown(popular)[0] == world.common
    assert [reason.cited.kind for reason in popular.items[0].reasons] == [ReasonKind.POPULARITY]


def test_a_reason_whose_friend_went_out_of_sight_meanwhile_is_dropped_into_the_remainder(world, monkeypatch):
    hidden = Kind("Listener", User, lambda _viewer, _now=None: policies.NOBODY)
    monkeypatch.setitem(presentation._kinds, "Listener", hidden)
    answer = feed.from_friends(world.ada, ItemKind.TRACK).answer
    assert all(r.reasons == () and r.remainder == pytest.approx(r.score) for r in answer.items)


def test_a_listener_without_evidence_gets_the_popular_and_is_told(world):
    newcomer = factories.sharer("newcomer")
    answer = feed.for_you(newcomer, ItemKind.TRACK).answer
    assert shown(answer)[0] == world.common
    assert answer.degraded is DegradedReason.NO_EVIDENCE


@pytest.mark.parametrize("kind", [ItemKind.ARTIST])
def test_without_a_model_of_the_kind_the_answer_is_empty_and_says_why(world, kind):
    answer = feed.for_you(world.ada, kind).answer
    assert answer.items == ()
    assert answer.degraded is DegradedReason.NO_MODEL


def test_an_unreadable_model_degrades_the_answer(world, monkeypatch):
    def broken():
        raise ModelUnavailable("damaged")

    monkeypatch.setattr(active_model, "active", broken)
    answer = feed.for_you(world.ada, ItemKind.TRACK).answer
    assert (answer.items, answer.degraded) == ((), DegradedReason.MODEL_UNAVAILABLE)


def test_an_item_deleted_since_training_is_left_out(world):
    gone = world.favorites["ben"]
    gone.listens.all().delete()
    gone.delete()
    assert shown(feed.for_you(world.ada, ItemKind.TRACK).answer) == [world.favorites["cleo"]]
