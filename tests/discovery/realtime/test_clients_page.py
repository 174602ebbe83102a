"""What docs/clients.md shows is run as it stands there, against a server that really listens."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.utils import timezone
from oauth2_provider.models import AccessToken

from accounts.models import Device, Purpose, User
from accounts.services.app import app_create
from accounts.services.token import token_issue
from discovery.platform.events import credentials_channel
from discovery.platform.graphql import admission, limits, pagination
from discovery.platform.graphql.node import global_id
from discovery.realtime import slots, socket
from discovery.recommend import ranking
from tests import factories
from tests.api.client import App
from tests.clients_page import PAGE, snippets, written

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[3]
PASSWORD = "fair winds 7"
OPEN = "mutation ($title: String!) { createRoom(title: $title) { ... on Room { title } } }"
REVOKE = "mutation ($id: ID!) { revokeDevice(id: $id) { ... on Device { id } } }"


@pytest.fixture
def ada():
    user = factories.sharer("ada")
    user.set_password(PASSWORD)
    user.save()
    for number in range(3):
        factories.befriended(user, factories.sharer(f"friend{number}"))
    return user


@pytest.fixture
def environment(live, ada):
    words = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    return words | {"EARSHOT": f"http://127.0.0.1:{live.ports[0]}", "TOKEN": token_issue(user=ada)}


@pytest.fixture
def run(npm_clients, environment):
    folder = written(npm_clients)
    shutil.copy(ROOT / "schema.graphql", folder)

    def run(*command, **more):
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, env=environment | more
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run.folder = folder
    return run


def test_urql_pages_through_friends(run):
    assert json.loads(run("node", "urql-client.mjs")) == ["friend0", "friend1", "friend2"]


def test_apollo_client_changes_the_level(run, ada):
    assert json.loads(run("node", "apollo-client.mjs")) == {"__typename": "PrivacySettings", "level": "OWN"}
    ada.refresh_from_db()
    assert ada.get_level_display() == "Own history"


def test_relay_compiles_and_asks(run):
    run("npx", "relay-compiler", "relay.config.json")
    assert json.loads(run("node", "relay-client.mjs")) == "ada"


def test_graphql_codegen_makes_types_with_no_token(run):
    run("npx", "graphql-codegen", "--config", "codegen.mjs", TOKEN="")
    assert "export type TasteQuery" in (run.folder / "generated/graphql.ts").read_text()


def test_graphql_ws_subscribes(run):
    assert json.loads(run("node", "subscribe.mjs")) == []


@pytest.fixture
def command_line(environment, ada, tmp_path):
    """The app of the page, while it runs: what it prints next is what ``says`` answers."""
    app, _secret = app_create(name="My player", redirect_uris=["http://127.0.0.1/back"])
    browser = f"{shlex.quote(sys.executable)} {ROOT / 'tests/clients/lets_in.py'} %s &"
    words = {"CLIENT_ID": app.client_id, "BROWSER": browser, "HANDLE": "ada", "PASSWORD": PASSWORD}
    with (
        (tmp_path / "errors").open("w+") as errors,
        subprocess.Popen(
            [sys.executable, written(tmp_path) / "oauth_cli.py"],
            stdout=subprocess.PIPE, stderr=errors, text=True, env=environment | words,
        ) as app,
    ):  # fmt: skip
        yield SimpleNamespace(
            says=lambda: app.stdout.readline().strip() or (tmp_path / "errors").read_text(),
            ends=lambda: app.wait(timeout=30),
        )
        app.kill()


def test_an_app_for_the_command_line_asks_changes_and_subscribes_until_it_is_revoked(command_line, live, ada):
    assert [command_line.says() for _ in range(4)] == [
        "ada",
        "INSUFFICIENT_SCOPE",
        "Kitchen",
        "rooms: Kitchen",
    ]
    device = Device.objects.get(kind=Device.Kind.APP)
    assert device.name == "My player"

    # Its hour is over: the next message finds out, and it goes on with another token, as the same device.
    AccessToken.objects.filter(pk=device.token_id).update(expires=timezone.now())
    App(ada).data(OPEN, title="Hall")
    assert command_line.says() == "the token is over: INVALID_TOKEN"
    assert command_line.says() == "rooms: Hall Kitchen"
    assert Device.objects.get(kind=Device.Kind.APP).pk == device.pk

    live.heard_by(credentials_channel(ada.pk), 1)
    App(ada).data(REVOKE, id=global_id("Device", device.pk))
    assert command_line.says() == "closed: 4403 INVALID_TOKEN"
    assert command_line.says() == "ended: invalid_grant"
    assert command_line.ends() == 0
    assert not Device.objects.filter(kind=Device.Kind.APP).exists()


@pytest.fixture
def shell(environment, tmp_path):
    """``shell(name)``: what this piece of the page answers, as JSON."""

    def shell(name):
        done = subprocess.run(
            ["bash", written(tmp_path) / name], cwd=tmp_path, capture_output=True, text=True, check=True,
            env=environment,
        )  # fmt: skip
        return json.loads(done.stdout)

    return shell


def test_a_file_is_handed_in_and_without_consent_is_not(shell, ada, tmp_path):
    (tmp_path / "scrobbles.json").write_text('{"recenttracks": {"track": []}}')
    assert shell("hand-in.sh")["data"]["importHistory"].keys() == {"id"}
    factories.revoke(ada, Purpose.RECORD)
    refused = shell("hand-in.sh")
    assert "errors" in refused or refused["data"]["importHistory"].keys() != {"id"}


def test_who_signs_up_has_to_verify_the_address(shell):
    answer = shell("sign-up.sh")
    assert answer["status"] == 401
    assert {"id": "verify_email", "is_pending": True} in answer["data"]["flows"]
    assert User.objects.get(username="mia").email == "mia@music.example"


def test_the_page_names_every_file_and_states_the_limits_as_they_are():
    assert {"urql-client.mjs", "apollo-client.mjs", "oauth_cli.py", "page/app.js"} < snippets().keys()
    page = PAGE.read_text()
    for words in (
        f"| depth | {limits.MAX_DEPTH} levels", f"| tokens | {admission.MAX_TOKENS:,} of", f"| aliases | {limits.MAX_ALIASES} of",
        f"| cost | {limits.MAX_COST:,}:", f"| `first` | {pagination.LARGEST_PAGE} rows", f"{ranking.DEEPEST:,} items",
        f"| body | {socket.LARGEST_MESSAGE // 1024} KB",
    ):  # fmt: skip
        assert words in page
    assert (slots.MOST_SOCKETS, socket.MOST_OPERATIONS) == (10, 20)
