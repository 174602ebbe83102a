"""Whom people know: requests and answers, ends and blocks, and who may find out."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest import mock

import pytest

from accounts import hearing, pairs, policies
from accounts.models import Block, Friendship, Purpose, pair
from accounts.services.consent import consent_set
from accounts.services.friendship import (
    block_create,
    block_remove,
    friendship_answer,
    friendship_end,
    friendship_request,
)
from discovery.platform import clock
from discovery.platform.errors import Conflict, InvalidInput, NotFound
from tests.factories import answered, befriended, blocked, listener, requested, weeks_pass

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
        answered(ben, Purpose.SOCIAL_OUT, Purpose.NAMED)
        befriended(ada, ben)
        assert [source.user_id for source in hearing.social_sources(ada)] == [ben.pk]
        friendship_end(user=ben, other=ada)
        assert hearing.social_sources(ada) == []


BY_THE_VIEWER = {
    "end": lambda ada, friend: friendship_end(user=ada, other=friend),
    "block": lambda ada, friend: block_create(user=ada, other=friend),
    "leave out": lambda ada, friend: consent_set(
        user=ada, purpose=Purpose.SOCIAL_IN, granted=False, friend=friend
    ),
    "take back": lambda ada, friend: consent_set(
        user=ada, purpose=Purpose.SOCIAL_IN, granted=True, friend=friend
    ),
}  # fmt: skip
BY_THE_FRIEND = {
    "end": lambda ada, friend: friendship_end(user=friend, other=ada),
    "block": lambda ada, friend: block_create(user=friend, other=ada),
    "withdraw": lambda _ada, friend: consent_set(user=friend, purpose=Purpose.SOCIAL_OUT, granted=False),
    "not with her": lambda ada, friend: consent_set(
        user=friend, purpose=Purpose.SOCIAL_OUT, granted=False, friend=ada
    ),
}  # fmt: skip


class TestCompanyOfTheUnnamed:
    """Whoever changes who is among them hears none of them until a new period; who joins them is heard from one on."""

    @pytest.fixture
    def crowd(self, ada):
        """Four friends who share with Ada without a name, and one who shares with it."""
        answered(ada, Purpose.SELF, Purpose.SOCIAL_IN)
        unnamed = [answered(listener(), Purpose.SOCIAL_OUT) for _ in range(4)]
        named = answered(listener(), Purpose.SOCIAL_OUT, Purpose.NAMED)
        befriended(ada, named, *unnamed)
        return SimpleNamespace(named=named, unnamed=unnamed)

    def heard(self, ada):
        """By key, asked alone and among all."""
        ada.refresh_from_db()
        sources = hearing.social_sources(ada)
        assert pairs.social_pairs().get(ada.pk, []) == sources
        return {source.user_id for source in sources}

    @pytest.mark.parametrize("change", BY_THE_VIEWER)
    def test_a_change_of_the_viewers_silences_all_of_them(self, ada, crowd, change):
        everybody = {crowd.named.pk, *(friend.pk for friend in crowd.unnamed)}
        assert self.heard(ada) == everybody
        BY_THE_VIEWER[change](ada, crowd.unnamed[0])
        for _week in range(2):
            assert self.heard(ada) == {crowd.named.pk}
            weeks_pass()
        left = {"take back": everybody, "leave out": {crowd.named.pk}}
        assert self.heard(ada) == left.get(change, everybody - {crowd.unnamed[0].pk})

    @pytest.mark.parametrize("change", BY_THE_VIEWER)
    def test_a_change_about_who_may_be_named_silences_nobody(self, ada, crowd, change):
        BY_THE_VIEWER[change](ada, crowd.named)
        assert self.heard(ada) >= {friend.pk for friend in crowd.unnamed}

    @pytest.mark.parametrize("change", BY_THE_VIEWER)
    def test_nor_one_about_who_does_not_share(self, ada, crowd, change):
        silent = listener()
        befriended(ada, silent)
        BY_THE_VIEWER[change](ada, silent)
        assert self.heard(ada) == {crowd.named.pk, *(friend.pk for friend in crowd.unnamed)}

    @pytest.mark.parametrize("change", BY_THE_FRIEND)
    def test_what_a_friend_does_counts_at_once(self, ada, crowd, change):
        BY_THE_FRIEND[change](ada, crowd.unnamed[0])
        assert self.heard(ada) == {crowd.named.pk, *(friend.pk for friend in crowd.unnamed[1:])}
        BY_THE_FRIEND[change](ada, crowd.unnamed[1])
        assert self.heard(ada) == {crowd.named.pk}  # two are too few

    @pytest.mark.parametrize("asks", ["viewer", "friend"])
    def test_who_joins_them_is_heard_from_a_new_period_on(self, ada, crowd, asks):
        late = answered(listener(), Purpose.SOCIAL_OUT, Purpose.DISCOVERABLE)
        answered(ada, Purpose.DISCOVERABLE)
        one, other = (ada, late) if asks == "viewer" else (late, ada)
        friendship_answer(user=other, request=friendship_request(user=one, other=other), accept=True)
        standing = {crowd.named.pk, *(friend.pk for friend in crowd.unnamed)}
        for _week in range(2):
            assert self.heard(ada) == standing
            weeks_pass()
        assert self.heard(ada) == standing | {late.pk}

    def test_who_makes_them_three_is_heard_at_once(self, ada, crowd, ben):
        for friend in crowd.unnamed[2:]:
            friendship_end(user=friend, other=ada)
        assert self.heard(ada) == {crowd.named.pk}
        answered(ben, Purpose.SOCIAL_OUT)
        friendship_answer(user=ben, request=requested(ada, ben), accept=True)
        assert self.heard(ada) == {crowd.named.pk, ben.pk, *(friend.pk for friend in crowd.unnamed[:2])}

    def test_who_joins_them_with_a_name_is_heard_at_once(self, ada, crowd, ben):
        answered(ben, Purpose.SOCIAL_OUT, Purpose.NAMED)
        friendship_answer(user=ben, request=requested(ada, ben), accept=True)
        assert ben.pk in self.heard(ada)

    def test_ending_and_befriending_again_does_not_shorten_it(self, ada, crowd):
        friend = crowd.unnamed[0]
        friendship_end(user=ada, other=friend)
        weeks_pass()
        friendship_answer(user=friend, request=requested(ada, friend), accept=True)
        weeks_pass()
        assert friend.pk not in self.heard(ada)
        weeks_pass()
        assert friend.pk in self.heard(ada)

    def test_a_change_shows_one_to_two_weeks_later_and_for_everybody_on_the_same_day(self):
        shows = set()
        for day in range(2, 16):  # two weeks, from a Monday on
            now = datetime(2026, 11, day, 23, 59, tzinfo=UTC)
            with mock.patch.object(clock, "now", return_value=now):
                shows.add(hearing.period_after_next())
                assert timedelta(days=7) <= hearing.period_after_next() - now < timedelta(days=14)
        assert shows == {datetime(2026, 11, day, tzinfo=UTC) for day in (16, 23)}


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
