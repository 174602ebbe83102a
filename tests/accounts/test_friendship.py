"""Whom people know: requests and answers, ends and blocks, and who may find out."""

import pytest

from accounts import policies
from accounts.models import Block, Friendship, Purpose, pair
from accounts.services.friendship import (
    block_create,
    block_remove,
    friendship_answer,
    friendship_end,
    friendship_request,
)
from discovery.platform.errors import Conflict, InvalidInput, NotFound
from tests.factories import answered, befriended, blocked, listener, requested

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
State = Friendship.State


@pytest.fixture
def ada():
    return listener("ada")


@pytest.fixture
def ben():
    return answered(listener("ben"), Purpose.DISCOVERABLE)


def epochs(*people):
    return [type(person).objects.get(pk=person.pk).consent_epoch for person in people]


class TestRequest:
    def test_it_waits_for_the_other(self, ada, ben):
        row = friendship_request(user=ada, other=ben)
        assert (row.state, row.requested_by, row.accepted_at) == (State.REQUESTED, ada, None)
        assert not policies.friends_of(ada).exists()
        assert friendship_request(user=ada, other=ben) == row
        assert Friendship.objects.count() == 1

    def test_asking_who_asked_is_a_yes(self, ada, ben):
        friendship_request(user=ada, other=ben)
        row = friendship_request(user=ben, other=ada)
        assert row.state == State.ACCEPTED
        assert row.accepted_at is not None
        assert epochs(ada, ben) == [1, 1]

    def test_friends_cannot_be_asked(self, ada, ben):
        befriended(ada, ben)
        with pytest.raises(Conflict) as refused:
            friendship_request(user=ada, other=ben)
        assert refused.value.specific_code == "ALREADY_FRIENDS"

    def test_not_oneself(self, ada):
        with pytest.raises(InvalidInput):
            friendship_request(user=ada, other=ada)

    @pytest.mark.parametrize("direction", ["hidden", "blocked by", "blocks", "inactive"])
    def test_who_cannot_be_seen_is_not_there(self, ada, ben, direction):
        if direction == "hidden":
            ben = listener()
        elif direction == "inactive":
            type(ben).objects.filter(pk=ben.pk).update(is_active=False)
        else:
            blocked(*((ben, ada) if direction == "blocked by" else (ada, ben)))
        with pytest.raises(NotFound, match="no such listener"):
            friendship_request(user=ada, other=ben)
        assert not Friendship.objects.exists()


class TestAnswer:
    def test_yes(self, ada, ben):
        row = friendship_answer(user=ben, request=requested(ada, ben), accept=True)
        assert row is not None
        assert row.state == State.ACCEPTED
        assert list(policies.friends_of(ada)) == [ben]

    def test_no_leaves_nothing(self, ada, ben):
        assert friendship_answer(user=ben, request=requested(ada, ben), accept=False) is None
        assert not Friendship.objects.exists()

    @pytest.mark.parametrize("accept", [True, False])
    def test_only_who_was_asked_answers(self, ada, ben, accept):
        row = requested(ada, ben)
        for other in (ada, listener()):
            with pytest.raises(NotFound):
                friendship_answer(user=other, request=row, accept=accept)
        assert Friendship.objects.get().state == State.REQUESTED

    def test_a_friendship_is_no_request(self, ada, ben):
        befriended(ada, ben)
        for user in (ada, ben):
            with pytest.raises(NotFound):
                friendship_answer(user=user, request=Friendship.objects.get(), accept=False)
        assert Friendship.objects.get().state == State.ACCEPTED


class TestEnd:
    def test_friendship_and_request_alike(self, ada, ben):
        befriended(ada, ben)
        friendship_end(user=ben, other=ada)
        assert not Friendship.objects.exists()
        assert epochs(ada, ben) == [1, 1]
        requested(ada, ben)
        friendship_end(user=ada, other=ben)
        assert not Friendship.objects.exists()

    def test_what_is_not_cannot_end(self, ada, ben):
        befriended(ada, listener())
        with pytest.raises(NotFound):
            friendship_end(user=ada, other=ben)
        assert Friendship.objects.count() == 1

    def test_their_plays_reach_no_further(self, ada, ben):
        answered(ada, Purpose.SELF, Purpose.SOCIAL_IN)
        answered(ben, Purpose.SOCIAL_OUT)
        befriended(ada, ben)
        assert [source.user_id for source in policies.social_sources(ada)] == [ben.pk]
        friendship_end(user=ben, other=ada)
        assert policies.social_sources(ada) == []


class TestBlock:
    @pytest.mark.parametrize("link", [befriended, requested, None])
    def test_it_hides_both_and_ends_what_was(self, ada, ben, link):
        answered(ada, Purpose.DISCOVERABLE)
        if link:
            link(ada, ben)
        block = block_create(user=ada, other=ben)
        assert block_create(user=ada, other=ben) == block
        assert not Friendship.objects.exists()
        assert not policies.listeners_visible_to(ada).contains(ben)
        assert not policies.listeners_visible_to(ben).contains(ada)
        assert min(epochs(ada, ben)) >= 1

    def test_taking_it_back_brings_no_friendship_back(self, ada, ben):
        befriended(ada, ben)
        block_create(user=ada, other=ben)
        block_remove(user=ada, other=ben)
        assert policies.listeners_visible_to(ada).contains(ben)
        assert not Friendship.objects.filter(**pair(ada, ben)).exists()

    def test_nobody_learns_who_blocks_them(self, ada, ben):
        blocked(ben, ada)
        for action in (block_create, block_remove, friendship_end, friendship_request):
            with pytest.raises(NotFound, match="no such listener"):
                action(user=ada, other=ben)
        assert Block.objects.count() == 1

    def test_not_oneself_nor_the_hidden(self, ada):
        with pytest.raises(InvalidInput):
            block_create(user=ada, other=ada)
        with pytest.raises(NotFound):
            block_create(user=ada, other=listener())
        assert not Block.objects.exists()
