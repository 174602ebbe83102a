"""docs/clients.md's page on another origin, at a real browser: signs in by OAuth, asks, changes, subscribes, and is revoked."""

import functools
import http.server
import shutil
import threading

import pytest

from accounts.models import Device, PersonalizationLevel
from accounts.services.app import app_create
from discovery.platform.graphql.node import global_id
from tests.api.client import App
from tests.clients_page import written

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

PAGE = """<!doctype html><meta charset="utf-8"><title>Elsewhere</title><link rel="icon" href="data:,">
<script type="importmap">{{"imports": {{"graphql-ws": "/graphql-ws/client.js"}}}}</script>
<script type="module" src="/page/app.js"></script>
<body data-earshot="{earshot}" data-client="{client}">
<button id="sign-in">Sign in</button><button id="again">Again</button>
<p id="who"></p><p id="level"></p><p id="socket"></p>"""
REVOKE = "mutation ($id: ID!) { revokeDevice(id: $id) { __typename } }"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture
def elsewhere(npm_clients, site, tmp_path):
    """A server of files at the origin that CORS_ORIGINS names, and the app it is registered as."""
    written(tmp_path)
    shutil.copytree(npm_clients / "node_modules/graphql-ws/dist", tmp_path / "graphql-ws")
    app, _secret = app_create(name="My page", redirect_uris=[f"{site.elsewhere}/index.html"])
    page = PAGE.format(earshot=site.origin(0), client=app.client_id)
    (tmp_path / "index.html").write_text(page)
    port = int(site.elsewhere.rpartition(":")[2])
    handler = functools.partial(Quiet, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield site.elsewhere
        server.shutdown()
        thread.join()


def test_a_page_elsewhere_signs_in_asks_changes_and_subscribes_until_it_is_revoked(world, visit, elsewhere):
    person = visit()
    person.browser.get(f"{elsewhere}/index.html")
    person.presses("#sign-in")
    person.until(lambda: person.find("#id_login"), "the sign-in page")
    person.signs_in()
    person.until(lambda: "Let My page in?" in person.text("h1"), "the question")
    assert person.violations("light", "dark") == []
    person.presses("main .primary")
    person.sees("#who", "ada")
    person.sees("#level", "OWN")
    person.sees("#socket", "rooms: 0")
    world.ada.refresh_from_db()
    assert world.ada.level == PersonalizationLevel.OWN
    assert person.browser.current_url == f"{elsewhere}/index.html", "no code stays in the address"

    device = Device.objects.get(kind=Device.Kind.APP)
    App(world.ada).data(REVOKE, id=global_id("Device", device.pk))
    person.sees("#socket", "closed: 4403")
    person.presses("#again")
    person.sees("#who", "INVALID_TOKEN")


def test_who_says_no_is_led_back_and_nothing_is_let_in(world, visit, elsewhere):
    person = visit()
    person.opens("/privacy/")
    person.browser.get(f"{elsewhere}/index.html")
    person.presses("#sign-in")
    person.until(lambda: "Let My page in?" in person.text("h1"), "the question")
    person.presses("main .plain")
    person.until(lambda: "error=access_denied" in person.browser.current_url, "led back")
    assert not Device.objects.filter(kind=Device.Kind.APP).exists()
