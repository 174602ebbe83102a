"""What people sign in with: told once, kept as a digest, good for what it was made for, and ended at once."""

import hashlib
import importlib
import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core import serializers
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, RefreshToken

from accounts.credentials import scope_word
from accounts.middleware.browser import browser_name
from accounts.models import EVERY_SCOPE, Device, DeviceScope, Purpose, User
from accounts.services.device import devices_forget
from accounts.services.token import token_issue
from discovery.schema import schema
from discovery.scopes import NEEDED, NODES, ROOTS
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db

WHO = "{ viewer { profile { handle } } }"
DEVICES = "{ viewer { devices { id name kind scopes created lastSeen expires current secret } } }"
CREATE = """mutation ($name: String!, $scopes: [DeviceScope!]!) { createDevice(name: $name, scopes: $scopes) {
    ... on Device { id name secret scopes kind expires } ... on OperationInfo { messages { code field } } } }"""
REVOKE = """mutation ($id: ID!) { revokeDevice(id: $id) { ... on Device { id name }
    ... on OperationInfo { messages { code field } } } }"""


@pytest.fixture
def ada():
    return factories.sharer("ada")


def created(app, *scopes, name="phone"):
    return app.data(CREATE, name=name, scopes=list(scopes))["createDevice"]


def bearer(secret):
    return App(Authorization=f"Bearer {secret}")


def refused(answer):
    (message,) = answer["messages"]
    return message["code"]


def browser(user, **headers):
    """Somebody signed in with a browser, as far as the pages are concerned."""
    client = Client(headers=headers)
    client.force_login(user)
    return client


def asked(client, query, **variables):
    body = json.dumps({"query": query, "variables": variables})
    return client.post("/graphql/", body, content_type="application/json").json()


def everything_stored():
    rows = [row for model in apps.get_models() for row in model._default_manager.all()]
    return serializers.serialize("json", rows)


class TestTheSecret:
    def test_is_told_once_and_stored_nowhere(self, ada):
        app = App(ada)
        device = created(app, "DISCOVER")
        assert bearer(device["secret"]).data(WHO)["viewer"]["profile"] == {"handle": "ada"}
        stored = everything_stored()
        assert device["secret"] not in stored
        assert hashlib.sha256(device["secret"].encode()).hexdigest() in stored
        listed = app.data(DEVICES)["viewer"]["devices"]
        assert {line["secret"] for line in listed} == {None}
        assert [line["name"] for line in listed] == ["phone", "command line"]

    def test_of_a_browser_is_not_stored_either(self, ada):
        client = browser(ada)
        cookie = client.cookies[django_settings.SESSION_COOKIE_NAME].value
        assert asked(client, WHO)["data"]["viewer"]["profile"] == {"handle": "ada"}
        assert cookie not in everything_stored()
        thief = Client()  # who read the table
        thief.cookies[django_settings.SESSION_COOKIE_NAME] = Session.objects.get().pk
        assert asked(thief, WHO)["data"] == {"viewer": None}

    def test_that_lay_in_clear_goes_on_working_as_a_digest(self, ada):
        token = AccessToken.objects.create(
            user=ada, token="in-clear", scope="api", expires=timezone.now() + timedelta(days=300)
        )
        Session.objects.create(
            session_key="a" * 32, session_data=session_of(ada), expire_date=timezone.now() + timedelta(days=1)
        )
        migration = importlib.import_module("accounts.migrations.0007_secrets_as_digests")
        migration.tokens(apps, None)
        migration.sessions(apps, None)
        assert "in-clear" not in everything_stored()
        assert "a" * 32 not in everything_stored()
        assert bearer("in-clear").data(WHO)["viewer"]["profile"] == {"handle": "ada"}
        assert Device.objects.get(token=token).user == ada
        client = Client()
        client.cookies[django_settings.SESSION_COOKIE_NAME] = "a" * 32
        assert asked(client, WHO)["data"]["viewer"]["profile"] == {"handle": "ada"}


def session_of(user):
    client = browser(user)
    data = client.session.encode(dict(client.session.items()))
    client.session.flush()
    return data


class TestScopes:
    def test_every_field_of_every_root_is_in_the_table_and_nothing_else(self):
        types = schema._schema.type_map
        fields = {f"{root}.{field}" for root in ROOTS for field in types[root].fields}
        assert fields - NEEDED.keys() == set(), "what does a token need for these?"
        assert NEEDED.keys() - fields == set(), "these are no fields any more"
        nodes = {kind.name for kind in schema._schema.get_possible_types(types["Node"])}
        assert nodes - NODES.keys() == set()

    def test_a_field_in_no_line_takes_every_scope(self, ada, monkeypatch):
        monkeypatch.delitem(NEEDED, "Viewer.listens")
        query = "{ viewer { listens { edges { cursor } } } }"
        narrow = token_issue(user=ada, scopes=EVERY_SCOPE - {DeviceScope.SOCIAL})
        assert bearer(narrow).code(query) == "INSUFFICIENT_SCOPE"
        assert App(ada).data(query)

    @pytest.mark.parametrize("scope", DeviceScope)
    def test_a_token_does_what_its_scope_says_and_nothing_else(self, ada, scope):
        app = bearer(token_issue(user=ada, scopes=[scope]))
        for query, needed in READ.items():
            if scope is needed:
                assert app.data(query)
            else:
                assert app.code(query) == "INSUFFICIENT_SCOPE", query
        for mutation, needed in CHANGE.items():
            (answer,) = app.data(f"mutation {{ {mutation} {{ __typename {MESSAGES} }} }}").values()
            missing = answer["__typename"] == "OperationInfo" and refused(answer) == "INSUFFICIENT_SCOPE"
            assert missing is (scope is not needed), (mutation, answer)

    def test_neither_alias_nor_fragment_nor_node_goes_around_it(self, ada):
        factories.listens(ada, factories.track())
        app = bearer(token_issue(user=ada, scopes=[DeviceScope.DISCOVER]))
        around = "{ viewer { ...on Viewer { x: privacy { level } } } }"
        assert app.code(around) == "INSUFFICIENT_SCOPE"
        whole = App(ada)
        listens = whole.data("{ viewer { listens { edges { node { id } } } } }")["viewer"]["listens"]
        key = listens["edges"][0]["node"]["id"]
        query = "query ($id: ID!) { node(id: $id) { __typename } }"
        assert whole.data(query, id=key) == {"node": {"__typename": "Listen"}}
        assert app.code(query, id=key) == "INSUFFICIENT_SCOPE"

    def test_files_ask_too_and_the_admin_takes_no_token(self, ada):
        User.objects.filter(pk=ada.pk).update(is_staff=True, is_superuser=True)
        narrow, whole = bearer(token_issue(user=ada, scopes=[DeviceScope.DISCOVER])), App(ada)
        for path in ("/privacy/receipts.json", "/privacy/exports/x", "/privacy/", "/admin/"):
            assert narrow.client.get(path, headers=narrow.headers).status_code == 403, path
        assert whole.client.get("/privacy/receipts.json", headers=whole.headers).status_code == 200
        assert whole.client.get("/admin/", headers=whole.headers).status_code == 403
        assert browser(ada).get("/admin/").status_code == 200

    def test_are_written_for_oauth_as_they_are_meant(self):
        assert django_settings.OAUTH2_PROVIDER["SCOPES"] == {
            scope_word(scope): str(scope.label) for scope in DeviceScope
        }


MESSAGES = "... on OperationInfo { messages { code } }"
READ = {
    "{ viewer { discover { level } } }": DeviceScope.DISCOVER,
    "{ viewer { listens { edges { cursor } } } }": DeviceScope.PLAYS_READ,
    "{ viewer { playlists { edges { cursor } } } }": DeviceScope.PLAYLISTS,
    "{ viewer { friends { edges { cursor } } } }": DeviceScope.SOCIAL,
    "{ viewer { privacy { level } } }": DeviceScope.PRIVACY,
    "{ viewer { dataUsage { held { count } } } }": DeviceScope.PRIVACY,
    "{ viewer { dataExports { id } } }": DeviceScope.ACCOUNT,
    "{ viewer { devices { id } } }": DeviceScope.ACCOUNT,
}
CHANGE = {
    "recordListens(input: [])": DeviceScope.PLAYS_WRITE,
    "setConsent(purpose: SELF, granted: false)": DeviceScope.PRIVACY,
    "withdrawAllConsent": DeviceScope.PRIVACY,
    "requestDataExport": DeviceScope.ACCOUNT,
    'requestErasure(confirm: "not ada")': DeviceScope.ACCOUNT,
    'updateProfile(displayName: "Ada")': DeviceScope.ACCOUNT,
    'createPlaylist(input: {title: "x"})': DeviceScope.PLAYLISTS,
    'block(listenerId: "x")': DeviceScope.SOCIAL,
}


class TestCreating:
    def test_a_recording_device_is_made_with_record_or_not_at_all(self, ada):
        factories.revoke(ada, Purpose.RECORD)
        assert refused(created(App(ada), "PLAYS_WRITE", "DISCOVER")) == "CONSENT_MISSING"
        assert created(App(ada), "DISCOVER")["secret"]
        assert not Device.objects.filter(name="phone", token__scope__contains="plays:write").exists()

    def test_nobody_makes_one_that_may_do_more(self, ada):
        app = bearer(token_issue(user=ada, scopes=[DeviceScope.ACCOUNT, DeviceScope.DISCOVER]))
        assert refused(created(app, "ACCOUNT", "PRIVACY")) == "INSUFFICIENT_SCOPE"
        assert created(app, "DISCOVER")["scopes"] == ["DISCOVER"]

    @pytest.mark.parametrize(("name", "scopes"), [("", ["DISCOVER"]), ("x" * 81, ["DISCOVER"]), ("x", [])])
    def test_needs_a_name_and_something_to_do(self, ada, name, scopes):
        assert refused(created(App(ada), *scopes, name=name)) == "INVALID"

    def test_ends_after_ninety_days_by_itself(self, ada):
        device = created(App(ada), "DISCOVER")
        until = timezone.now() + timedelta(days=90)
        assert abs(timezone.datetime.fromisoformat(device["expires"]) - until) < timedelta(minutes=1)
        AccessToken.objects.update(expires=timezone.now())
        assert bearer(device["secret"]).post({"query": WHO}).status_code == 401

    def test_what_has_run_out_is_forgotten(self, ada):
        created(App(ada), "DISCOVER")
        assert devices_forget() == 0
        Device.objects.filter(name="phone").update(expires_at=timezone.now())
        assert devices_forget() == 1
        assert Device.objects.get().name == "command line"
        assert AccessToken.objects.count() == 1

    def test_there_are_so_many_at_most(self, ada, monkeypatch):
        monkeypatch.setattr("accounts.services.device.MOST_DEVICES", 2)
        app = App(ada)
        assert created(app, "DISCOVER")["secret"]
        assert refused(created(app, "DISCOVER")) == "LIMIT_EXCEEDED"

    def test_the_command_takes_days_and_scopes(self, ada, capsys):
        call_command("issue_token", "ada", "--days", "3", "--scope", "discover", "--scope", "SOCIAL")
        app = bearer(capsys.readouterr().out.strip())
        assert app.data("{ viewer { friends { edges { cursor } } } }")
        assert app.code("{ viewer { privacy { level } } }") == "INSUFFICIENT_SCOPE"
        device = Device.objects.get(name="command line")
        assert timedelta(days=2) < device.expires_at - timezone.now() < timedelta(days=3)
        with pytest.raises(CommandError):
            call_command("issue_token", "ada", "--days", "0")


class TestRevoking:
    def test_ends_a_token_with_the_next_request(self, ada):
        app = App(ada)
        device = created(app, "DISCOVER")
        other = bearer(device["secret"])
        assert other.data(WHO)
        assert app.data(REVOKE, id=device["id"])["revokeDevice"] == {"id": device["id"], "name": "phone"}
        assert other.post({"query": WHO}).status_code == 401
        assert refused(app.data(REVOKE, id=device["id"])["revokeDevice"]) == "NOT_FOUND"
        assert app.data(WHO)

    def test_ends_a_browser(self, ada):
        client = browser(
            ada, user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        )
        assert asked(client, WHO)["data"]["viewer"]
        lines = App(ada).data(DEVICES)["viewer"]["devices"]
        (line,) = [each for each in lines if each["kind"] == "BROWSER"]
        assert (line["name"], line["current"]) == ("Firefox, Linux", False)
        assert set(line["scopes"]) == set(DeviceScope.values)
        App(ada).data(REVOKE, id=line["id"])
        assert asked(client, WHO)["data"] == {"viewer": None}
        assert not Session.objects.exists()

    def test_is_for_ones_own_alone(self, ada):
        device = created(App(ada), "DISCOVER")
        ben = App(factories.sharer("ben"))
        assert refused(ben.data(REVOKE, id=device["id"])["revokeDevice"]) == "NOT_FOUND"
        assert bearer(device["secret"]).data(WHO)
        assert [line["name"] for line in ben.data(DEVICES)["viewer"]["devices"]] == ["command line"]

    def test_ends_an_app_with_what_renews_it(self, ada):
        app = Application.objects.create(
            name="Player", client_type="public", authorization_grant_type="authorization-code"
        )
        token = AccessToken.objects.create(
            user=ada,
            token="apps",
            scope="discover",
            application=app,
            expires=timezone.now() + timedelta(hours=1),
        )
        RefreshToken.objects.create(user=ada, token="renews", application=app, access_token=token)
        assert bearer("apps").data(WHO)
        (line,) = [each for each in App(ada).data(DEVICES)["viewer"]["devices"] if each["kind"] == "APP"]
        assert (line["name"], line["scopes"], line["expires"]) == ("Player", ["DISCOVER"], None)
        App(ada).data(REVOKE, id=line["id"])
        assert bearer("apps").post({"query": WHO}).status_code == 401
        assert not RefreshToken.objects.exists()


def test_a_browser_that_signs_out_is_no_device_any_more(ada):
    client = browser(ada)
    client.get("/privacy/")
    assert Device.objects.filter(kind=Device.Kind.BROWSER).count() == 1
    client.post("/logout/")
    assert not Device.objects.exists()


def test_a_device_says_the_day_it_was_used(ada):
    app = App(ada)
    Device.objects.update(last_seen_on=timezone.now().date() - timedelta(days=3))
    app.data(WHO)
    assert Device.objects.get().last_seen_on == timezone.now().date()


def test_a_browser_is_known_by_no_more_than_its_kind():
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"
    assert browser_name(agent) == "Safari, iPhone"
    assert browser_name("curl/8") == "A browser"


def test_a_request_that_does_not_say_what_it_signed_in_with_may_do_nothing(ada):
    from accounts.api.context import Context

    context = Context(request=SimpleNamespace(user=ada), response=None)
    assert context.credential.scopes == frozenset()
