from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Block, ConsentState, Friendship, PersonalizationLevel, Purpose, User
from discovery.together.activity import ActivityKind, activity_list, news_told
from graph.models import Feedback, FeedbackKind, Listen, TasteExclusion
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def friends():
    """Ada and Ben; Ben played two tracks lately, skipped one, liked an artist."""
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    factories.befriended(ada, ben)
    now = timezone.now()
    older, newer = factories.track("Older"), factories.track("Newer")
    factories.listens(ben, older, at=now - timedelta(days=2))
    factories.listens(ben, newer, at=now - timedelta(hours=1))
    factories.listens(ben, factories.track("Skipped"), ms_played=3_000, at=now - timedelta(hours=2))
    factories.listens(ben, factories.track("Long ago"), at=now - timedelta(days=31))
    Feedback.objects.create(
        user=ben, artist=older.artist, kind=FeedbackKind.LIKE, given_at=now - timedelta(days=1)
    )
    Feedback.objects.create(user=ben, track=older, kind=FeedbackKind.DISLIKE, given_at=now)
    return ada, ben, older, newer


def test_plays_and_likes_latest_first_and_neither_skips_nor_dislikes(friends):
    ada, ben, older, newer = friends
    found, more, _last = activity_list(ada).answer
    assert [(one.listener, one.kind, one.item) for one in found] == [
        (ben, ActivityKind.PLAYED, newer),
        (ben, ActivityKind.LIKED, older.artist),
        (ben, ActivityKind.PLAYED, older),
    ]
    assert not more
    assert len({(one.kind, one.key) for one in found}) == 3


def test_pages_join(friends):
    ada, *_ = friends
    whole = activity_list(ada).answer.activities
    first = activity_list(ada, count=2).answer
    second = activity_list(ada, behind=first.last, count=2).answer
    assert [*first.activities, *second.activities] == whole
    assert [first.has_next, second.has_next] == [True, False]
    assert activity_list(ada, behind=second.last, count=2).answer.activities == []


def test_what_happened_at_one_moment_is_told_once_over_pages(friends):
    ada, *_ = friends
    at = timezone.now() - timedelta(hours=1)
    Listen.objects.update(listened_at=at)
    Feedback.objects.update(given_at=at)
    whole = activity_list(ada).answer.activities
    assert len(whole) == 4
    told, behind = [], None
    for _page in whole:
        page = activity_list(ada, behind=behind, count=1).answer
        told, behind = [*told, *page.activities], page.last
    assert told == whole


def liked_by(user):
    return Feedback.objects.get(user=user, kind=FeedbackKind.LIKE)


ENDINGS = {
    "social out": lambda _, ben: factories.revoke(ben, Purpose.SOCIAL_OUT),
    "named": lambda _, ben: factories.revoke(ben, Purpose.NAMED),
    "social in": lambda ada, _: factories.revoke(ada, Purpose.SOCIAL_IN),
    "not to her": lambda ada, ben: factories.answered(
        ben, Purpose.NAMED, friend=ada, state=ConsentState.DENIED
    ),
    "level": lambda ada, _: User.objects.filter(pk=ada.pk).update(level=PersonalizationLevel.OWN),
    "inactive": lambda _, ben: User.objects.filter(pk=ben.pk).update(is_active=False),
    "friendship": lambda _ada, _ben: Friendship.objects.all().delete(),
    "blocked": lambda ada, ben: Block.objects.create(blocker=ben, blocked=ada),
    "blocks": lambda ada, ben: Block.objects.create(blocker=ada, blocked=ben),
}


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS.keys())
def test_it_ends_at_once(friends, end):
    ada, ben, *_ = friends
    (play,) = factories.listens(ben, factories.track())
    news = [(ada, ActivityKind.PLAYED, play.pk), (ada, ActivityKind.LIKED, liked_by(ben).pk)]
    told = news_told(news)
    assert [told[key].answer.listener for key in news] == [ben, ben]
    end(ada, ben)
    ada.refresh_from_db()
    assert activity_list(ada).answer == ([], False, None)
    assert news_told(news) == {}


def test_what_is_excluded_is_not_told_live(friends):
    ada, ben, older, newer = friends
    key = (ada, ActivityKind.PLAYED, ben.listens.get(track=newer).pk)
    assert list(news_told([key, (ada, ActivityKind.PLAYED, 10**9)])) == [key]
    TasteExclusion.objects.create(user=ben, artist=newer.artist)
    assert news_told([key]) == {}
    like = (ada, ActivityKind.LIKED, liked_by(ben).pk)
    assert news_told([like])[like].answer.item == older.artist
    TasteExclusion.objects.create(user=ben, artist=older.artist)
    assert news_told([like]) == {}


def test_a_dislike_is_never_told_as_a_like(friends):
    ada, ben, *_ = friends
    dislike = Feedback.objects.get(user=ben, kind=FeedbackKind.DISLIKE)
    assert news_told([(ada, ActivityKind.LIKED, dislike.pk)]) == {}


def test_ones_own_and_strangers_plays_are_no_activity(friends):
    _, ben, *_ = friends
    assert activity_list(ben).answer == ([], False, None)


def test_query_count_does_not_grow(friends):
    ada, _, older, _ = friends
    counts = []
    for size in (1, 6):
        for _ in range(size):
            friend = factories.sharer()
            factories.befriended(ada, friend)
            factories.listens(friend, older, 2, at=timezone.now() - timedelta(hours=3))
        with CaptureQueriesContext(connection) as asked:
            activity_list(ada)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 7


def test_what_somebody_excludes_is_not_told(friends):
    ada, ben, older, newer = friends
    TasteExclusion.objects.create(user=ben, track=newer)
    assert [one.item for one in activity_list(ada).answer[0]] == [older.artist, older]
    TasteExclusion.objects.create(user=ben, artist=older.artist)
    assert activity_list(ada).answer[0] == []
