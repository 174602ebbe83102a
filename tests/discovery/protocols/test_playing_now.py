"""What plays now: told to friends as a play is, kept for minutes, in no table."""

from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from accounts.models import ConsentState, Purpose, User
from accounts.services.private_session import private_session_start
from discovery.together.activity import ActivityKind, news_told
from discovery.together.playing import PREFIX, playing_forget, playing_own
from graph.models import Listen, TasteExclusion, Track
from tests import factories
from tests.api.client import App
from tests.discovery.protocols.dialects import Audioscrobbler, LastFm, ListenBrainz, Maloja, play, player_of

pytestmark = pytest.mark.django_db

NOW = "{ viewer { playingNow { kind listener { handle } item { ... on Track { title } } } } }"
TOLD = [{"kind": "PLAYING", "listener": {"handle": "ben"}, "item": {"title": "Common Ground"}}]


@pytest.fixture(autouse=True)
def _empty(redis_url):
    return redis_url


@pytest.fixture
def friends():
    return factories.triangle_of_friends()


@pytest.fixture
def playing(friends):
    """Ben's player says that it plays what all of them know."""
    common = friends.common
    assert ListenBrainz(player_of(friends.ben)).now(play(common.title, common.artist.name)).ok
    return friends


def told(viewer):
    return App(viewer).data(NOW)["viewer"]["playingNow"]


def test_friends_are_told_of_it_and_no_table_holds_it(playing):
    before = Listen.objects.count()
    assert told(playing.ada) == told(playing.cleo) == TOLD
    assert told(playing.ben) == []
    assert told(factories.sharer("stranger")) == []
    assert Listen.objects.count() == before


@pytest.mark.parametrize("speaks", [LastFm, Audioscrobbler])
def test_whatever_the_player_speaks(friends, speaks):
    assert speaks(player_of(friends.ben)).now(play(friends.common.title, friends.common.artist.name)).ok
    assert told(friends.ada) == TOLD
    assert Maloja.now is None


def test_it_ends_by_itself(playing):
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert 0 < client.ttl(PREFIX + str(playing.ben.pk)) <= 600


@pytest.mark.parametrize("purpose", [Purpose.SOCIAL_OUT, Purpose.NAMED, Purpose.RECORD])
def test_a_withdrawal_ends_it_with_the_next_look(playing, purpose):
    playing.ben.consents.filter(purpose=purpose).update(state=ConsentState.WITHDRAWN)
    assert told(playing.ada) == []
    news = (playing.ada, ActivityKind.PLAYING, playing.ben.pk)
    presented = news_told([news]).get(news)
    assert presented is None or presented.answer is None


def test_a_private_session_ends_it(playing):
    private_session_start(user=playing.ben)
    assert told(playing.ada) == []
    assert playing_own(User.objects.get(pk=playing.ben.pk)) is None


def test_what_is_excluded_is_not_told(playing):
    TasteExclusion.objects.create(user=playing.ben, artist=playing.common.artist)
    assert told(playing.ada) == []


def test_a_viewer_who_does_not_listen_to_friends_is_not_told(playing):
    playing.ada.consents.filter(purpose=Purpose.SOCIAL_IN).update(state=ConsentState.WITHDRAWN)
    assert told(playing.ada) == []


def test_words_nobody_knows_are_told_to_nobody_and_added_nowhere(friends):
    tracks = Track.objects.count()
    ben = ListenBrainz(player_of(friends.ben))
    assert ben.now(play("A diary entry", "Nobody")).ok
    assert told(friends.ada) == []
    assert Track.objects.count() == tracks
    assert (
        ben.get("/1/user/ben/playing-now").json()["payload"]["listens"][0]["track_metadata"]["track_name"]
        == "A diary entry"
    )


def test_news_of_it_reaches_a_subscriber(playing):
    news = (playing.ada, ActivityKind.PLAYING, playing.ben.pk)
    assert news_told([news])[news].answer.item == playing.common
    playing_forget(playing.ben.pk)
    assert news_told([news]) == {}


def test_with_redis_away_a_player_is_content(friends, settings):
    settings.REDIS_URL = "unix:///nowhere.sock"
    ben = ListenBrainz(player_of(friends.ben))
    assert ben.now(play(friends.common.title, friends.common.artist.name)).ok
    assert ben.plays(play("Kept", at=timezone.now() - timedelta(hours=2))).ok
    assert told(friends.ada) == []
