import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import Block, ConsentState, Friendship, Purpose
from discovery.platform.errors import InvalidInput
from discovery.recommend.serving import DegradedReason
from discovery.together.blend import blend
from graph.models import Feedback, FeedbackKind, ItemKind
from graph.serving import active_model
from tests import factories
from tests.discovery.small_index import small_index
from tests.serving import OneIndex

pytestmark = pytest.mark.django_db
TRACK = ItemKind.TRACK


def names(answer):
    return [member.listener.username for member in answer.members]


def meant(answer):
    """By title: for whom an item is."""
    return {item.item.title: {one.listener.username for one in item.people} for item in answer.items}


def test_says_who_each_item_is_for_and_what_speaks_for_it(triangle):
    answer = blend(triangle.ada, [triangle.ben.pk, triangle.cleo.pk], TRACK, count=4).answer
    assert names(answer) == ["ada", "ben", "cleo"]
    assert answer.items[0].item == triangle.common
    assert meant(answer) == {
        "Common Ground": {"ada", "ben", "cleo"},
        "Ada's Favorite": {"ada"}, "Ben's Favorite": {"ben"}, "Cleo's Favorite": {"cleo"},
    }  # fmt: skip
    of_ben = next(item for item in answer.items if item.item == triangle.favorites["ben"])
    assert of_ben.people[0].because == (triangle.favorites["ben"], triangle.common)
    assert [member.satisfaction for member in answer.members] == pytest.approx([1.0] * 3)
    assert answer.match == 0.0  # what they share is no preference of any of them
    assert answer.degraded is None


def test_the_answer_does_not_depend_on_the_order_of_asking_nor_on_naming_oneself(triangle):
    ada, ben, cleo = triangle.ada, triangle.ben, triangle.cleo
    assert (
        blend(ada, [cleo.pk, ada.pk, ben.pk, cleo.pk], TRACK).answer
        == blend(ada, [ben.pk, cleo.pk], TRACK).answer
    )


def test_only_what_the_viewer_turned_away_is_left_out(triangle):
    for person, title in ((triangle.ada, "ben"), (triangle.ben, "cleo")):
        Feedback.objects.create(
            user=person, track=triangle.favorites[title], kind=FeedbackKind.HIDE, given_at=factories.NOON
        )
    answer = blend(triangle.ada, [triangle.ben.pk], TRACK).answer
    titles = {item.item.title for item in answer.items}
    assert "Ben's Favorite" not in titles
    assert "Cleo's Favorite" in titles


def test_a_friends_refusals_do_not_show(triangle):
    before = blend(triangle.ada, [triangle.ben.pk], TRACK).answer
    Feedback.objects.create(
        user=triangle.ben, track=triangle.common, kind=FeedbackKind.DISLIKE, given_at=factories.NOON
    )
    factories.listens(triangle.ben, factories.track("Skipped"), 3, ms_played=4_000)
    assert blend(triangle.ada, [triangle.ben.pk], TRACK).answer == before


def test_what_somebody_outside_shares_with_a_member_stays_out(triangle):
    """Dora shares with Ben, not with Ada: Ben's side in Ada's blend is the same with and without her."""
    dora = factories.sharer("dora")
    factories.befriended(triangle.ben, dora)
    before = blend(triangle.ada, [triangle.ben.pk], TRACK).answer
    factories.listens(dora, triangle.favorites["cleo"], 50)
    assert blend(triangle.ada, [triangle.ben.pk], TRACK).answer == before


def leave_social_out(world, person):
    factories.revoke(person, Purpose.SOCIAL_OUT)


def leave_for_ada(world, person):
    factories.answered(person, Purpose.SOCIAL_OUT, friend=world.ada, state=ConsentState.DENIED)


def leave_named(world, person):
    factories.revoke(person, Purpose.NAMED)


def leave_self(world, person):
    factories.revoke(person, Purpose.SELF)


def leave_social_in(world, person):
    factories.revoke(person, Purpose.SOCIAL_IN)


def leave_by_ada(world, person):
    factories.answered(world.ada, Purpose.SOCIAL_OUT, friend=person, state=ConsentState.DENIED)


def leave_friendship(world, person):
    Friendship.objects.filter(low__in=[world.ada, person], high__in=[world.ada, person]).delete()


def leave_block(world, person):
    Block.objects.create(blocker=person, blocked=world.ada)


LEAVING = (
    leave_social_out, leave_for_ada, leave_named, leave_self, leave_social_in, leave_by_ada,
    leave_friendship, leave_block,
)  # fmt: skip


@pytest.mark.parametrize("leave", LEAVING)
def test_whoever_does_not_share_both_ways_changes_nothing(triangle, leave):
    without = blend(triangle.ada, [triangle.ben.pk], TRACK).answer
    assert blend(triangle.ada, [triangle.ben.pk, triangle.cleo.pk], TRACK).answer != without
    leave(triangle, triangle.cleo)
    assert blend(triangle.ada, [triangle.ben.pk, triangle.cleo.pk], TRACK).answer == without


def test_with_nobody_who_shares_there_is_no_blend_and_strangers_look_like_nobody(triangle):
    factories.revoke(triangle.ben, Purpose.SOCIAL_OUT)
    stranger = factories.sharer("stranger")
    answers = [blend(triangle.ada, [other], TRACK).answer for other in (triangle.ben.pk, stranger.pk, 10**9)]
    assert answers[0].degraded is DegradedReason.NOT_SHARED
    assert answers[0].items == answers[0].members == ()
    assert answers[0] == answers[1] == answers[2]


def test_two_to_ten_people(triangle):
    ada = triangle.ada
    for others in ([], [ada.pk], list(range(10**6, 10**6 + 10))):
        with pytest.raises(InvalidInput):
            blend(ada, others, TRACK)
    with pytest.raises(InvalidInput):
        blend(ada, [triangle.ben.pk], TRACK, count=101)


def test_without_a_model_it_says_so(triangle):
    answer = blend(triangle.ada, [triangle.ben.pk], ItemKind.ARTIST).answer
    assert (answer.items, answer.degraded) == ((), DegradedReason.NO_MODEL)


def test_query_count_does_not_grow_with_the_members(triangle):
    others = [triangle.ben, triangle.cleo, *(factories.sharer(f"friend{number}") for number in range(6))]
    factories.befriended(triangle.ada, *others[2:])
    for friend in others[2:]:
        factories.listens(friend, triangle.common, 2)
    counts = []
    for size in (1, 3, 8):
        with CaptureQueriesContext(connection) as asked:
            answer = blend(triangle.ada, [other.pk for other in others[:size]], TRACK).answer
        assert len(answer.members) == size + 1
        counts.append(len(asked))
    assert counts[0] == counts[1] == counts[2] <= 11


class NobodyLeaks(TestCase):
    """A member who does not share with the viewer changes nothing, whatever they and the others play."""

    @settings(max_examples=15, deadline=None)
    @given(
        plays=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(1, 9)), max_size=12),
        silent=st.integers(1, 3),
    )
    def test_removing_them_from_the_blend_and_their_plays_from_the_world(self, plays, silent):
        people = [factories.sharer(f"person{number}") for number in range(4)]
        tracks = [factories.track(f"Song {number}") for number in range(6)]
        factories.befriended(people[0], *people[1:])
        for person, song, times in plays:
            factories.listens(people[person], tracks[song], times)
        factories.revoke(people[silent], Purpose.SOCIAL_OUT)
        vectors = [[1.0, float(number), float(number % 2)] for number in range(6)]
        index = small_index(vectors, ids=[track.pk for track in tracks])
        version = object()
        with pytest.MonkeyPatch.context() as patch:
            served = active_model.ServedModel(version, OneIndex(TRACK, index))
            patch.setattr(active_model, "active", lambda: served)
            others = [person.pk for person in people[1:]]
            everybody = blend(people[0], others, TRACK).answer
            without = blend(people[0], [pk for pk in others if pk != people[silent].pk], TRACK).answer
            people[silent].listens.all().delete()
            unplayed = blend(people[0], others, TRACK).answer
        assert everybody == without == unplayed
        assert people[silent] not in [member.listener for member in everybody.members]
