"""Apps that people let in: asked on a page, with a code that is good once and for one app, listed and revoked as devices."""

import base64
from datetime import timedelta

import pytest
from authlib.integrations.base_client import OAuthError
from django.core import serializers
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, RefreshToken

from accounts.models import Device, Purpose
from tests import factories
from tests.accounts.oauth_client import (
    LOOPBACK,
    SITE,
    VERIFIER,
    address,
    answered,
    bearer,
    browser,
    let_in,
    page,
    registered,
    session,
    told,
)
from tests.api.client import App

pytestmark = pytest.mark.django_db

WHO = "{ viewer { profile { handle } } }"
DEVICES = "{ viewer { devices { id name kind scopes expires current } } }"
REVOKE = "mutation ($id: ID!) { revokeDevice(id: $id) { ... on Device { id } } }"
RECORD = "mutation { recordListens(input: []) { __typename } }"


@pytest.fixture
def ada():
    return factories.sharer("ada")


@pytest.fixture
def client():
    app, _secret = registered()
    return session(app, scope="discover plays:write")


def devices(user, kind="APP"):
    lines = App(user).data(DEVICES)["viewer"]["devices"]
    return [line for line in lines if line["kind"] == kind]


def asks(token):
    return bearer(token).post({"query": WHO}).status_code


class TestLettingIn:
    def test_an_app_does_what_it_was_let_in_for_and_no_more(self, ada, client):
        token = let_in(ada, client)
        assert (token["token_type"], token["expires_in"], token["scope"]) == (
            "Bearer",
            3600,
            "discover plays:write",
        )
        app = bearer(token)
        assert app.data(WHO)["viewer"]["profile"] == {"handle": "ada"}
        assert app.data(RECORD)["recordListens"]["__typename"] != "OperationInfo"
        assert app.code("{ viewer { privacy { level } } }") == "INSUFFICIENT_SCOPE"

    def test_the_page_says_who_asks_for_what_and_where_it_leads(self, ada, client):
        url, _state = address(client)
        answer = page(browser(ada), url)
        words = answer.content.decode()
        for expected in (
            "Let Player in?",
            "ada",
            "Record plays",
            "Recommendations and radio",
            "127.0.0.1:49152",
        ):
            assert expected in words
        assert "Friends, rooms" not in words
        policy = answer["Content-Security-Policy"]
        assert "form-action 'self' http://127.0.0.1:49152;" in policy
        assert "frame-ancestors 'none'" in policy
        german = browser(ada)
        german.cookies["django_language"] = "de"
        assert "Player hereinlassen?" in page(german, url).content.decode()

    def test_nobody_is_asked_who_is_not_signed_in_and_nobody_answers_for_them(self, ada, client):
        url, _state = address(client)
        assert page(Client(), url)["Location"].startswith("/accounts/login/?next=/o/authorize/")
        let_in(ada, client)
        again, _state = address(client, approval_prompt="auto")
        assert page(browser(ada), again).status_code == 200

    def test_a_no_is_told_to_the_app(self, ada, client):
        url, state = address(client)
        answer = told(answered(browser(ada), url, allow=False))
        assert answer == {"error": "access_denied", "state": state, "iss": SITE}
        assert not AccessToken.objects.filter(application__isnull=False).exists()

    def test_who_keeps_no_plays_lets_no_app_record_any(self, ada, client):
        factories.revoke(ada, Purpose.RECORD)
        url, state = address(client)
        words = page(browser(ada), url).content.decode()
        assert "Recording of plays is not granted." in words
        assert 'name="allow"' not in words
        forged = told(answered(browser(ada), url))
        assert (forged["error"], forged["state"]) == ("access_denied", state)
        url, _state = address(session(Application.objects.get()))
        assert "code" in told(answered(browser(ada), url))

    def test_there_are_so_many_at_most(self, ada, client, monkeypatch):
        monkeypatch.setattr("accounts.services.app.MOST_DEVICES", 0)
        url, _state = address(client)
        assert told(answered(browser(ada), url))["error"] == "access_denied"


class TestTheAddressToComeBackTo:
    @pytest.mark.parametrize("uri", ["http://127.0.0.1:1/back", "http://127.0.0.1:65535/back", LOOPBACK])
    def test_is_any_port_of_ones_own_machine(self, ada, client, uri):
        url, _state = address(session(Application.objects.get(), redirect_uri=uri))
        assert answered(browser(ada), url).startswith(uri + "?code=")

    @pytest.mark.parametrize(
        "uri",
        [
            "http://127.0.0.1:1/other",
            "http://localhost:1/back",
            "https://127.0.0.1/back",
            "http://127.0.0.1:1@evil.example/back",
        ],
    )
    def test_is_no_other(self, ada, client, uri):
        url, _state = address(session(Application.objects.get(), redirect_uri=uri))
        answer = page(browser(ada), url)
        assert answer.status_code == 400
        assert "cannot be let in" in answer.content.decode()

    def test_without_tls_is_no_other_machine_whoever_registered_it(self, ada, client):
        Application.objects.update(redirect_uris="http://app.example/back")
        url, _state = address(session(Application.objects.get(), redirect_uri="http://app.example/back"))
        assert page(browser(ada), url).status_code == 400

    def test_of_a_page_elsewhere_is_the_one_that_was_registered(self, ada):
        app, _secret = registered("Page", "https://app.example/back")
        url, _state = address(session(app, redirect_uri="https://app.example/back"))
        assert answered(browser(ada), url).startswith("https://app.example/back?code=")
        url, _state = address(session(app, redirect_uri="https://app.example:444/back"))
        assert page(browser(ada), url).status_code == 400


class TestTheCode:
    def code(self, ada, client):
        url, state = address(client)
        return answered(browser(ada), url), state

    def exchanged(self, client, location, state, verifier=VERIFIER):
        return client.fetch_token(authorization_response=location, code_verifier=verifier, state=state)

    def test_is_good_once_and_with_the_verifier_alone(self, ada, client):
        location, state = self.code(ada, client)
        with pytest.raises(OAuthError, match="invalid_grant"):
            self.exchanged(client, location, state, verifier="w" * 64)
        assert self.exchanged(client, location, state)["access_token"]
        with pytest.raises(OAuthError, match="invalid_grant"):
            self.exchanged(client, location, state)

    @pytest.mark.parametrize(
        "challenge", [{}, {"code_challenge": VERIFIER, "code_challenge_method": "plain"}]
    )
    def test_takes_a_challenge_that_tells_nothing(self, ada, client, challenge):
        client.code_challenge_method = None
        url, _state = client.create_authorization_url(f"{SITE}/o/authorize/", **challenge)
        person = browser(ada)
        answer = page(person, url)
        said = told(answer["Location"]) if answer.status_code == 302 else told(answered(person, url))
        assert said["error"] == "invalid_request"

    def test_is_of_the_app_that_asked(self, ada, client):
        location, state = self.code(ada, client)
        with pytest.raises(OAuthError, match="invalid_grant"):
            self.exchanged(session(registered("Other")[0]), location, state)

    def test_of_an_app_with_a_secret_takes_the_secret(self, ada):
        app, secret = registered("Server", "https://app.example/back", confidential=True)
        client = session(app, redirect_uri="https://app.example/back", secret=secret)
        location, state = self.code(ada, client)
        with pytest.raises(OAuthError, match="invalid_client"):
            self.exchanged(session(app, redirect_uri="https://app.example/back"), location, state)
        assert self.exchanged(client, location, state)["access_token"]
        assert secret not in serializers.serialize("json", Application.objects.all())


class TestRenewing:
    def test_makes_the_same_device_a_new_token(self, ada, client):
        first = let_in(ada, client)
        (before,) = devices(ada)
        second = client.refresh_token(refresh_token=first["refresh_token"])
        assert (asks(first), asks(second)) == (401, 200)
        assert devices(ada) == [before]
        assert second["refresh_token"] != first["refresh_token"]
        assert second["scope"] == first["scope"]

    def test_a_second_time_with_the_same_word_ends_all_that_came_of_it(self, ada, client):
        first = let_in(ada, client)
        second = client.refresh_token(refresh_token=first["refresh_token"])
        with pytest.raises(OAuthError, match="invalid_grant"):
            client.refresh_token(refresh_token=first["refresh_token"])
        assert asks(second) == 401
        with pytest.raises(OAuthError, match="invalid_grant"):
            client.refresh_token(refresh_token=second["refresh_token"])
        assert devices(ada) == []

    def test_does_not_widen_what_was_allowed(self, ada, client):
        first = let_in(ada, client)
        with pytest.raises(OAuthError, match="invalid_scope"):
            client.refresh_token(refresh_token=first["refresh_token"], scope="discover privacy")

    def test_ends_ninety_days_after_the_last_time(self, ada, client):
        first = let_in(ada, client)
        RefreshToken.objects.update(created=timezone.now() - timedelta(days=91))
        AccessToken.objects.update(expires=timezone.now() - timedelta(days=91))
        with pytest.raises(OAuthError, match="invalid_grant"):
            client.refresh_token(refresh_token=first["refresh_token"])


class TestEnding:
    def test_the_person_ends_it_among_their_devices(self, ada, client):
        token = let_in(ada, client)
        (line,) = devices(ada)
        assert (line["name"], line["scopes"], line["expires"]) == (
            "Player",
            ["DISCOVER", "PLAYS_WRITE"],
            None,
        )
        App(ada).data(REVOKE, id=line["id"])
        assert asks(token) == 401
        with pytest.raises(OAuthError, match="invalid_grant"):
            client.refresh_token(refresh_token=token["refresh_token"])

    @pytest.mark.parametrize("which", ["access_token", "refresh_token"])
    def test_the_app_ends_it_itself(self, ada, client, which):
        token = let_in(ada, client)
        assert (
            client.revoke_token(
                f"{SITE}/o/revoke_token/", token=token[which], token_type_hint=which
            ).status_code
            == 200
        )
        assert asks(token) == 401
        assert not Device.objects.filter(kind=Device.Kind.APP).exists()
        with pytest.raises(OAuthError, match="invalid_grant"):
            client.refresh_token(refresh_token=token["refresh_token"])

    def test_another_app_does_not(self, ada, client):
        token = let_in(ada, client)
        other = session(registered("Other")[0])
        other.revoke_token(f"{SITE}/o/revoke_token/", token=token["access_token"])
        assert asks(token) == 200


def test_what_can_be_known_beforehand_is_what_holds(client):
    known = Client(headers={"Host": "localhost"}).get("/.well-known/oauth-authorization-server").json()
    assert known["issuer"] == SITE
    assert known["code_challenge_methods_supported"] == ["S256"]
    assert known["grant_types_supported"] == ["authorization_code", "refresh_token"]
    assert known["response_types_supported"] == ["code"]
    assert {"plays:read", "plays:write", "discover", "privacy"} < set(known["scopes_supported"])
    for name, place in (("authorization", "authorize"), ("token", "token"), ("revocation", "revoke_token")):
        assert known[f"{name}_endpoint"] == f"{SITE}/o/{place}/"
    assert "introspection_endpoint" not in known


@pytest.mark.parametrize(
    "place", ["/o/applications/", "/o/introspect/", "/o/authorized_tokens/", "/o/device/", "/o/register/"]
)
def test_nothing_else_of_the_library_is_open(ada, place):
    assert browser(ada).get(place).status_code == 404


class TestRegistering:
    def test_prints_the_client_id(self, capsys):
        call_command("create_app", "Player", "--redirect-uri", LOOPBACK)
        app = Application.objects.get()
        assert capsys.readouterr().out == f"client_id: {app.client_id}\n"
        assert (app.client_type, app.redirect_uris) == ("public", LOOPBACK)

    def test_prints_a_secret_where_one_is_kept(self, capsys):
        call_command("create_app", "Server", "--redirect-uri", "https://app.example/back", "--confidential")
        assert "client_secret: " in capsys.readouterr().out

    @pytest.mark.parametrize(
        "uri", ["http://app.example/back", "javascript:alert(1)", "https://*.example/back", "app"]
    )
    def test_takes_no_address_that_others_may_read(self, uri):
        with pytest.raises(CommandError):
            call_command("create_app", "Player", "--redirect-uri", uri)
        assert not Application.objects.exists()


def test_what_no_database_can_be_asked_for_is_no_app_and_no_code():
    app, _secret = registered()
    form = {"grant_type": "authorization_code", "redirect_uri": LOOPBACK, "code_verifier": VERIFIER}
    for named, code in (("a\x00b", "x"), (app.client_id, "a\x00b")):
        answer = Client().post("/o/token/", {**form, "client_id": named, "code": code})
        assert answer.status_code in {400, 401}
    basic = {"Authorization": "Basic " + base64.b64encode(b"a\x00:b").decode()}
    assert Client().post("/o/token/", {**form, "code": "x"}, headers=basic).status_code in {400, 401}
