"""Subscriptions on two processes: who hears what, once, and when they hear nothing."""

import json
import os
import subprocess

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken
from websockets.exceptions import InvalidStatus

from accounts.models import Purpose
from accounts.services.consent import consent_set
from accounts.services.friendship import block_create
from accounts.services.token import token_issue
from discovery.platform.events import publish, radio_channel, viewer_channel
from discovery.radio.services import radio_advance, radio_start
from discovery.radio.session import Outcome, SeedKind, public_id
from graph.ingest.incoming import IncomingPlay
from graph.models import FeedbackKind
from graph.services.feedback import feedback_give
from graph.services.listening import listens_record
from tasks.outbox import news_deliver
from tests import factories
from tests.discovery.realtime.conftest import ELSEWHERE
from tests.discovery.realtime.sockets import FRIENDS
from tests.processes import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

SOCKETS = 10  # of one viewer, on all processes
KINDS = "subscription { friendActivity { kind listener { handle } item { ... on Artist { name } } } }"
QUEUE = "subscription ($id: ID!) { radioQueue(radioId: $id) { step } }"


def plays(user, track, source_id):
    play = IncomingPlay(
        source="test", source_id=source_id, track=track.pk, listened_at=timezone.now(), ms_played=200_000
    )
    assert listens_record(user=user, plays=[play]).stored == 1


@pytest.fixture
def friends():
    return factories.triangle_of_friends()


def test_each_friend_hears_of_a_play_once_on_every_process_and_nobody_else_does(live, friends):
    token, stranger = token_issue(user=friends.ada), factories.sharer("stranger")
    sockets = [live.subscriber(token, process=number % 2).subscribe(FRIENDS) for number in range(SOCKETS)]
    other = live.subscriber(token_issue(user=stranger)).subscribe(FRIENDS)
    live.heard_by(viewer_channel(friends.ada.pk), 2)
    live.heard_by(viewer_channel(stranger.pk), 1)
    plays(friends.ben, friends.common, "1")
    shown = {
        "listener": {"handle": "ben"},
        "item": {"title": "Common Ground", "artist": {"name": friends.common.artist.name}},
    }
    assert [socket.data() for socket in sockets] == [shown] * len(sockets)
    assert all(socket.silent(seconds=0.05) for socket in sockets)
    assert other.silent()
    for process in (0, 1):  # one more than a viewer may have
        assert live.subscriber(token, process=process).refused == 4403
    sockets[0].close()
    wait_for(lambda: live.subscriber(token, process=1).refused is None, what="a place given back")


def test_a_like_is_news_once_and_a_skip_or_a_dislike_never(live, friends):
    socket = live.subscriber(token_issue(user=friends.ada)).subscribe(KINDS)
    live.heard_by(viewer_channel(friends.ada.pk), 1)
    artist = friends.common.artist
    feedback_give(user=friends.ben, item=friends.common, kind=FeedbackKind.SKIP)
    feedback_give(user=friends.ben, item=friends.common, kind=FeedbackKind.DISLIKE)
    feedback_give(user=friends.ben, item=artist, kind=FeedbackKind.LIKE)
    assert socket.data() == {"kind": "LIKED", "listener": {"handle": "ben"}, "item": {"name": artist.name}}
    feedback_give(user=friends.ben, item=artist, kind=FeedbackKind.LIKE)
    consent_set(user=friends.ben, purpose=Purpose.NAMED, granted=False)
    feedback_give(user=friends.ben, item=friends.common, kind=FeedbackKind.LIKE)
    assert socket.silent()


def test_a_withdrawal_and_a_block_silence_a_running_subscription_at_once(live, friends):
    socket = live.subscriber(token_issue(user=friends.ada)).subscribe(FRIENDS)
    live.heard_by(viewer_channel(friends.ada.pk), 1)
    plays(friends.ben, friends.common, "1")
    assert socket.data()["listener"]["handle"] == "ben"
    consent_set(user=friends.ben, purpose=Purpose.SOCIAL_OUT, granted=False)
    plays(friends.ben, friends.common, "2")
    plays(friends.cleo, friends.common, "3")
    assert socket.data()["listener"]["handle"] == "cleo"  # and nothing of ben's in between
    consent_set(user=friends.ben, purpose=Purpose.SOCIAL_OUT, granted=True)
    consent_set(user=friends.ben, purpose=Purpose.NAMED, granted=False)
    plays(friends.ben, friends.common, "4")
    plays(friends.cleo, friends.common, "5")
    assert socket.data()["listener"]["handle"] == "cleo"
    consent_set(user=friends.ben, purpose=Purpose.NAMED, granted=True)
    listen = friends.ben.listens.latest("pk")
    block_create(user=friends.ben, other=friends.ada)
    publish([viewer_channel(friends.ada.pk)], {"listen": listen.pk})  # what was on its way already
    assert socket.silent()


def test_a_token_that_runs_out_ends_a_running_subscription(live, friends):
    socket = live.subscriber(token_issue(user=friends.ada)).subscribe(FRIENDS)
    live.heard_by(viewer_channel(friends.ada.pk), 1)
    AccessToken.objects.filter(user=friends.ada).update(expires=timezone.now())
    plays(friends.ben, friends.common, "1")
    assert socket.code() == "SIGN_IN_REQUIRED"


def test_a_cookie_counts_from_a_page_of_ours_alone(live, friends):
    browser = Client()
    browser.force_login(friends.ada)
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    own = f"http://127.0.0.1:{live.ports[0]}"
    assert live.subscriber(headers={"Cookie": cookie, "Origin": own}).refused is None
    for headers in ({"Cookie": cookie, "Origin": ELSEWHERE}, {"Cookie": cookie}, {"Origin": own}):
        assert live.subscriber(headers=headers).refused == 4403
    for origin in ("https://evil.example", own.replace("http:", "https:"), "null"):
        with pytest.raises(InvalidStatus):
            live.subscriber(headers={"Cookie": cookie, "Origin": origin})
    assert live.subscriber("not a token").refused == 4403
    with pytest.raises(InvalidStatus):
        live.subscriber(headers={"Host": "evil.example"})


def test_a_page_elsewhere_comes_with_a_token_and_from_an_origin_that_is_listed(live, friends):
    token = token_issue(user=friends.ada)
    assert live.subscriber(token, headers={"Origin": ELSEWHERE}).refused is None
    for origin in ("https://evil.example", ELSEWHERE.replace("https:", "http:"), f"{ELSEWHERE}:8443"):
        with pytest.raises(InvalidStatus):
            live.subscriber(token, headers={"Origin": origin})


def test_a_radio_is_followed_from_another_process_by_its_listener_alone(live, friends):
    playing = radio_start(viewer=friends.ada, seed_kind=SeedKind.NOTHING)
    name = public_id(playing.radio)
    socket = live.subscriber(token_issue(user=friends.ada)).subscribe(QUEUE, id=name)
    assert socket.data() == {"step": 0}
    radio_advance(viewer=friends.ada, radio_id=name, outcome=Outcome.SKIPPED)
    assert socket.data() == {"step": 1}
    foreign = live.subscriber(token_issue(user=friends.ben))
    assert foreign.subscribe(QUEUE, id=name).code() == "NOT_FOUND"


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("{ viewer { id } }", "BAD_REQUEST"),
        ("subscription { trainingProgress { key } }", "NOT_ALLOWED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_what_a_socket_does_not_do(live, friends, operation, code):
    socket = live.subscriber(token_issue(user=friends.ada))
    if code == "BAD_REQUEST":
        pytest.importorskip("websockets")
    assert socket.subscribe(operation).code() == code


def test_a_redis_killed_and_started_again_loses_no_subscription(live, friends):
    playing = radio_start(viewer=friends.ada, seed_kind=SeedKind.NOTHING)
    name = public_id(playing.radio)
    socket = live.subscriber(token_issue(user=friends.ada)).subscribe(QUEUE, id=name)
    assert socket.data() == {"step": 0}
    live.redis.child.kill()
    live.redis.child.wait()
    live.redis.start()
    live.heard_by(radio_channel(playing.radio.id), 1)
    radio_advance(viewer=friends.ada, radio_id=name)
    steps = [socket.data()["step"]]
    if steps == [0]:  # told again, signed anew: something may have happened meanwhile
        steps.append(socket.data()["step"])
    assert steps[-1] == 1


def test_a_play_told_while_redis_was_away_is_heard_once_it_is_back(live, friends):
    socket = live.subscriber(token_issue(user=friends.ada)).subscribe(FRIENDS)
    live.heard_by(viewer_channel(friends.ada.pk), 1)
    live.redis.child.kill()
    live.redis.child.wait()
    plays(friends.ben, friends.common, "1")
    plays(friends.cleo, friends.common, "2")
    consent_set(user=friends.cleo, purpose=Purpose.SOCIAL_OUT, granted=False)
    assert socket.silent()
    live.redis.start()
    live.heard_by(viewer_channel(friends.ada.pk), 1)
    news_deliver()  # the clock's
    assert socket.data()["listener"]["handle"] == "ben"
    news_deliver()
    assert socket.silent()


def test_the_npm_client_hears_it(live, friends, npm_clients):
    environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    url, token = f"ws://127.0.0.1:{live.ports[0]}/graphql/", token_issue(user=friends.ada)
    with subprocess.Popen(
        ["node", "graphql_ws.mjs", url, token, "1"],
        cwd=npm_clients,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        live.heard_by(viewer_channel(friends.ada.pk), 1)
        plays(friends.ben, friends.common, "1")
        heard = json.loads(client.communicate(timeout=30)[0])
    assert heard == [{"friendActivity": {"listener": {"handle": "ben"}, "item": {"title": "Common Ground"}}}]
