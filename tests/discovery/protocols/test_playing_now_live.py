"""What plays now reaches a friend's socket on another web process, and no line of a log."""

import httpx
import pytest

from accounts.models import Purpose
from accounts.services.consent import consent_set
from accounts.services.token import token_issue
from discovery.platform.events import viewer_channel
from tests import factories
from tests.discovery.protocols.dialects import player_of
from tests.discovery.realtime.conftest import live, processes

__all__ = ["live", "processes"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

FRIENDS = "subscription { friendActivity { kind listener { handle } item { ... on Track { title } } } }"


def test_a_friend_hears_of_it_while_they_may(live):
    friends = factories.triangle_of_friends()
    player = player_of(friends.ben)
    socket = live.subscriber(token_issue(user=friends.ada)).subscribe(FRIENDS)
    stranger = factories.sharer("stranger")
    other = live.subscriber(token_issue(user=stranger)).subscribe(FRIENDS)
    live.heard_by(viewer_channel(friends.ada.pk), 1)
    live.heard_by(viewer_channel(stranger.pk), 1)

    def playing():
        named = {"track_name": friends.common.title, "artist_name": friends.common.artist.name}
        body = {"listen_type": "playing_now", "payload": [{"track_metadata": named}]}
        address = f"http://127.0.0.1:{live.ports[1]}/1/submit-listens"
        headers = {"Authorization": f"Bearer {player.token}"}
        answer = httpx.post(address, json=body, headers=headers, trust_env=False, timeout=20)
        assert answer.json() == {"status": "ok"}

    playing()
    assert socket.data() == {
        "kind": "PLAYING",
        "listener": {"handle": "ben"},
        "item": {"title": "Common Ground"},
    }
    assert other.silent()
    consent_set(user=friends.ben, purpose=Purpose.NAMED, granted=False)
    playing()
    assert socket.silent()
    assert not any("Common Ground" in log.read_text() for log in live.logs)
