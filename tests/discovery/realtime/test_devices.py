"""A device that is ended: its sockets are closed in every process, and a token does on a socket what it may."""

import pytest
from django.conf import settings as django_settings
from django.test import Client
from websockets.exceptions import ConnectionClosed

from accounts.models import DeviceScope
from accounts.services.token import token_create, token_issue
from discovery.platform.events import credentials_channel
from discovery.platform.graphql.node import global_id
from tests import factories
from tests.api.client import App
from tests.discovery.realtime.sockets import FRIENDS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

ROOMS = "subscription { rooms { id } }"
REVOKE = "mutation ($id: ID!) { revokeDevice(id: $id) { ... on Device { id } } }"


def closed(socket):
    """The code it was closed with."""
    try:
        while True:
            socket.receive(seconds=8)
    except ConnectionClosed as over:
        return over.rcvd.code


def test_a_revoked_token_loses_its_socket_in_another_process(live):
    ada = factories.sharer("ada")
    device, secret = token_create(user=ada, name="phone", scopes=[DeviceScope.SOCIAL])
    socket = live.subscriber(secret, process=1).subscribe(ROOMS)
    other = live.subscriber(token_issue(user=ada)).subscribe(ROOMS)
    assert socket.data() == other.data() == []
    live.heard_by(credentials_channel(ada.pk), 2)
    App(ada).data(REVOKE, id=global_id("Device", device.pk))
    assert closed(socket) == 4403
    assert other.silent(), "only what was ended is closed"
    assert live.subscriber(secret).refused == 4403


def test_a_browser_that_signs_out_loses_its_socket(live):
    client = Client()
    client.force_login(factories.sharer("ada"))
    name = django_settings.SESSION_COOKIE_NAME
    origin = f"http://127.0.0.1:{live.ports[0]}"
    headers = {"Cookie": f"{name}={client.cookies[name].value}", "Origin": origin}
    socket = live.subscriber(headers=headers).subscribe(ROOMS)
    assert socket.data() == []
    client.post("/logout/")
    socket.send(type="ping")
    assert closed(socket) == 4403


def test_a_token_hears_what_its_scope_says(live):
    token = token_issue(user=factories.sharer("ada"), scopes=[DeviceScope.DISCOVER])
    for query in (FRIENDS, ROOMS):
        assert live.subscriber(token).subscribe(query).code() == "INSUFFICIENT_SCOPE"
