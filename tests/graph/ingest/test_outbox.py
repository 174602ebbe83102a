"""What friends are to hear of leaves through an outbox: at once, else by the clock; never what may not be told any more."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Friendship, Purpose, User
from accounts.services.consent import consent_set
from accounts.services.friendship import block_create
from accounts.services.private_session import private_session_start
from discovery.platform.events import viewer_channel
from graph.ingest import follow, outbox
from graph.ingest.outbox import NEWS_KEPT, news_deliver_all
from graph.models import Feedback, FeedbackKind, FriendNews, Listen
from graph.services.feedback import feedback_clear, feedback_give
from tasks.outbox import news_deliver as news_task
from tests import factories
from tests.graph.ingest.doors import GraphQL, play

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


class Redis:
    """What was published, in order; ``away``: nothing can be."""

    def __init__(self):
        self.away, self.told, self.calls = False, [], 0

    def publish(self, channels, *messages):
        self.calls += 1
        if self.away:
            return False
        self.told += [(channel, message) for message in messages for channel in channels]
        return True


@pytest.fixture
def published(monkeypatch):
    stand_in = Redis()
    monkeypatch.setattr(follow, "publish", stand_in.publish)
    return stand_in


@pytest.fixture
def friends(ada, ben):
    factories.befriended(ada, ben)
    return ada, ben


def now(minutes=1):
    return timezone.now().replace(microsecond=0) - timedelta(minutes=minutes)


def tells(user, *plays):
    GraphQL(user).tell(*plays)
    return list(Listen.objects.filter(user=user).order_by("pk"))


def test_one_row_a_call_holds_keys_alone_and_the_clock_tells_it_once(friends, published):
    ada, ben = friends
    listens = tells(ben, play("Ember", at=now(9)), play("Dawn", at=now(4)), play("Old", at=now(120)))
    (row,) = FriendNews.objects.all()
    assert (row.listens, row.likes) == ([listen.pk for listen in listens if listen.listened_at > now(60)], [])
    news_task()
    news_task()
    channel = viewer_channel(ada.pk)
    assert published.told == [(channel, {"listen": key}) for key in reversed(row.listens)]
    assert not FriendNews.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_leaves_right_after_the_commit(friends, published):
    ada, ben = friends
    feedback_give(user=ben, item=factories.track(), kind=FeedbackKind.LIKE)
    assert published.told == [(viewer_channel(ada.pk), {"like": Feedback.objects.get().pk})]
    assert not FriendNews.objects.exists()
    with transaction.atomic():
        tells(ben, play(at=now()))
        transaction.set_rollback(True)
    assert len(published.told) == 1


@pytest.mark.django_db(transaction=True)
def test_a_process_that_died_in_between_loses_nothing_and_costs_no_play(friends, published, monkeypatch):
    ada, ben = friends
    monkeypatch.setattr(outbox, "_first_deliver", lambda _user: 1 / 0)
    (listen,) = tells(ben, play(at=now()))
    assert published.told == []
    monkeypatch.undo()
    monkeypatch.setattr(follow, "publish", published.publish)
    news_deliver_all()
    assert published.told == [(viewer_channel(ada.pk), {"listen": listen.pk})]


def test_while_redis_is_away_it_waits_in_order_and_nobody_asks_for_each(friends, published):
    ada, ben = friends
    cleo = factories.sharer("cleo")
    factories.befriended(ada, cleo)
    published.away = True
    tells(ben, play("Ember", at=now(9)))
    tells(cleo, play("Dawn", at=now(5)))
    tells(ben, play("Dusk", at=now(1)))
    news_deliver_all()
    assert (published.calls, FriendNews.objects.count()) == (1, 3)
    published.away = False
    keys = [row.listens for row in FriendNews.objects.order_by("pk")]
    news_deliver_all()
    channel = viewer_channel(ada.pk)
    assert published.told == [(channel, {"listen": key}) for key in [*keys[0], *keys[2], *keys[1]]]
    assert not FriendNews.objects.exists()


def deleted(_ada, ben):
    Listen.reports.filter(user=ben).delete()


def liked_no_more(_ada, ben):
    feedback_clear(user=ben, item=Feedback.objects.get(user=ben).track)
    Listen.reports.filter(user=ben).delete()


def unfriended(ada, ben):
    Friendship.objects.filter(low=min(ada.pk, ben.pk)).delete()


def withdrawn(purpose, **options):
    return lambda _ada, ben: consent_set(user=ben, purpose=purpose, granted=False, **options)


def about_her(ada, ben):
    consent_set(user=ben, purpose=Purpose.NAMED, granted=False, friend=ada)


def inactive(_ada, ben):
    User.objects.filter(pk=ben.pk).update(is_active=False)


MEANWHILE = {
    "deleted": deleted, "liked no more": liked_no_more, "unfriended": unfriended, "blocked": lambda ada, ben: block_create(user=ada, other=ben),
    "not shared": withdrawn(Purpose.SOCIAL_OUT), "not named": withdrawn(Purpose.NAMED), "not to her": about_her, "frozen": inactive,
}  # fmt: skip


@pytest.mark.parametrize("meanwhile", MEANWHILE.values(), ids=MEANWHILE)
def test_what_may_not_be_told_any_more_is_told_nobody(friends, published, meanwhile):
    ada, ben = friends
    tells(ben, play(at=now()))
    if meanwhile is liked_no_more:
        feedback_give(user=ben, item=factories.track(), kind=FeedbackKind.LIKE)
    assert FriendNews.objects.exists()
    meanwhile(ada, ben)
    news_deliver_all()
    assert published.told == []
    assert not FriendNews.objects.exists()


def test_after_an_hour_it_is_no_news(friends, published):
    _ada, ben = friends
    (old,) = tells(ben, play("Ember", at=now(9)))
    FriendNews.objects.update(made_at=timezone.now() - NEWS_KEPT - timedelta(seconds=1))
    tells(ben, play("Dawn", at=now(1)))
    news_deliver_all()
    assert [message["listen"] for _channel, message in published.told] == [
        Listen.objects.exclude(pk=old.pk).get().pk
    ]
    assert not FriendNews.objects.exists()


def test_where_there_is_nothing_to_tell_nothing_is_kept(friends, published):
    ada, ben = friends
    stranger = factories.sharer("stranger")
    tells(stranger, play(at=now()))
    tells(ben, play("Old", at=now(120)))
    feedback_give(user=ben, item=factories.track(), kind=FeedbackKind.DISLIKE)
    private_session_start(user=ben)
    tells(ben, play("Secret", at=timezone.now()))
    consent_set(user=ada, purpose=Purpose.RECORD, granted=False)
    GraphQL(ada).app.ask("mutation { recordListens(input: []) { ... on RecordedListens { stored } } }")
    assert not FriendNews.objects.exists()


def test_what_another_source_told_before_is_no_news_again(friends, published):
    _ada, ben = friends
    moment = now(3)
    tells(ben, play(at=moment, source="one"))
    news_deliver_all()
    tells(ben, play(at=moment, source="two"))
    news_deliver_all()
    assert len(published.told) == 1


@pytest.mark.parametrize(("one", "other"), [(None, 5_000), (5_000, None)])
@pytest.mark.parametrize("told_between", [False, True])
def test_what_two_sources_tell_while_it_waits_is_told_once(friends, published, one, other, told_between):
    ada, ben = friends
    moment = now(3)
    (first,) = tells(ben, play(at=moment, source="one", ms_played=one))
    if told_between:
        news_deliver_all()
    (stands,) = tells(ben, play(at=moment, source="two", ms_played=other))
    news_deliver_all()
    key = first.pk if told_between else stands.pk
    assert published.told == [(viewer_channel(ada.pk), {"listen": key})]
    assert not FriendNews.objects.exists()


@pytest.mark.parametrize(("back", "told"), [(timedelta(minutes=2), 1), (timedelta(days=9), 0)])
def test_what_turns_out_to_be_of_days_ago_is_no_news(friends, published, back, told):
    _ada, ben = friends
    moment = now(3)
    for at in (moment, moment - back):
        tells(ben, play(at=at, source="one", source_id="1"))
    news_deliver_all()
    assert len(published.told) == told
    assert not FriendNews.objects.exists()
