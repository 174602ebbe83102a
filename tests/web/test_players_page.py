"""Connecting a player at a real browser: the values that the page tells are the ones that let it in."""

import httpx
import pytest

from accounts.models import Purpose
from accounts.services.consent import consent_set
from graph.models import Listen
from tests.discovery.protocols.dialects import play

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


def reported(address, token, title):
    """The status of the answer to a play that a player sends to what was pasted into it."""
    listen = {
        "listened_at": play()["at"],
        "track_metadata": {"track_name": title, "artist_name": "Nadir Vale"},
    }
    body = {"listen_type": "single", "payload": [listen]}
    headers = {"Authorization": f"Token {token}"}
    return httpx.post(address, json=body, headers=headers, trust_env=False, timeout=20).status_code


def test_a_player_is_connected_reports_and_is_ended(world, visit):
    person = visit()
    person.opens("/me/")
    person.types("#player-name", "Kitchen radio")
    person.presses("#connect-player button")
    person.sees("#status", "Kitchen radio can be connected now.")
    person.sees("#devices", "Kitchen radio (player)")
    told = person.texts("#player-values code")
    assert f"{person.origin}/2.0/" in told
    assert "ada" in told, told[5:8]
    address = f"{person.origin}/1/submit-listens"
    token = told[told.index(address) + 1]
    assert reported(address, token, "By the stove") == 200
    assert Listen.objects.filter(track__title="By the stove", user=world.ada).count() == 1
    assert person.violations("light", "dark") == []
    person.looks("players")
    consent_set(user=world.ada, purpose=Purpose.RECORD, granted=False)
    person.opens("/me/")
    person.sees("#devices", "You do not allow recording: what it reports is not kept.")
    assert person.texts("#player-values code") == []  # it was told once
    assert reported(address, token, "Unheard") == 200
    assert not Listen.objects.filter(track__title="Unheard").exists()
    person.presses('#devices button[aria-label*="Kitchen radio"]')
    person.sees("#status", "is signed out")
    assert reported(address, token, "Afterwards") == 401
    assert person.complaints() == []
