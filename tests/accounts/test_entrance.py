"""Signing up and in: by form and by the headless API, with and without an invitation."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from fido2.webauthn import Aaguid, AttestedCredentialData

from accounts.models import Device, PersonalizationLevel, User
from accounts.services.token import token_issue
from discovery.privacy.erasure import erasure_advance, erasure_request
from discovery.privacy.export import data_export_build, data_export_request
from discovery.schema import schema
from tests import factories
from tests.accounts.door import OTHER, PASSWORD, confirm, link_in_mail, sign_in, sign_up

pytestmark = pytest.mark.django_db

WHO = json.dumps({"query": "{ viewer { profile { handle } } }"})


@pytest.fixture(autouse=True)
def _open(settings):
    settings.SIGN_UP = "open"


@pytest.fixture
def ada():
    """Somebody who signed up and came in, with their browser."""
    client = Client()
    sign_up(client)
    confirm(client)
    return User.objects.get(username="ada")


def who(client, **headers):
    answer = client.post("/graphql/", WHO, "application/json", **headers).json()
    return answer["data"]["viewer"] and answer["data"]["viewer"]["profile"]["handle"]


def code_of(secret, later=0):
    """What an authenticator app shows now, or half a minute later."""
    return format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[1 + later]))


class TestSigningUp:
    def test_one_shows_the_address_and_comes_in_with_nothing_granted(self, client):
        assert sign_up(client)["Location"] == "/accounts/confirm-email/"
        assert client.get("/welcome/").status_code == 302, "not before the address is shown to be theirs"
        assert sign_in(Client())["Location"] == "/accounts/confirm-email/"
        assert confirm(client)["Location"] == "/welcome/"
        assert "Welcome to Earshot" in client.get("/welcome/").text
        ada = User.objects.get(username="ada")
        assert ada.level == PersonalizationLevel.OFF
        assert not ada.consents.exists()
        assert sign_in(Client(), "ada@example.org")["Location"] == "/"

    @pytest.mark.parametrize("sign_up_is", ["closed", "invitation"])
    def test_closed_is_closed_by_either_door(self, settings, sign_up_is):
        settings.SIGN_UP = sign_up_is
        client = Client()
        assert "One signs up here by invitation" in sign_up(client).text
        told = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}
        answer = client.post("/_allauth/browser/v1/auth/signup", told, "application/json")
        assert answer.status_code == 403
        assert not User.objects.exists()
        assert mail.outbox == []

    def test_a_handle_that_is_not_free_becomes_one_like_it(self):
        factories.listener("ada")
        for taken, address in (("Ada", "one"), ("admin", "two")):
            assert (
                sign_up(Client(), taken, f"{address}@example.org")["Location"] == "/accounts/confirm-email/"
            )
        one, two = User.objects.exclude(email="").order_by("email")
        assert one.username.startswith("Ada-")
        assert two.username.startswith("admin-")

    @pytest.mark.parametrize("handle", ["аda", "a b", "x" * 31])
    def test_what_is_no_handle_is_refused(self, client, handle):
        assert sign_up(client, handle, "ada@example.org").status_code == 200
        assert not User.objects.exists()

    def test_by_the_headless_api(self, client):
        told = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}
        answer = client.post("/_allauth/browser/v1/auth/signup", told, "application/json")
        assert (answer.status_code, answer.json()["meta"]["is_authenticated"]) == (401, False)
        assert confirm(client)["Location"] == "/welcome/"
        assert client.get("/_allauth/app/v1/auth/session").status_code == 404, "apps come in with a token"
        session = client.get("/_allauth/browser/v1/auth/session").json()
        assert session["data"]["user"]["username"] == "ada"

    @pytest.mark.parametrize(
        "body",
        [
            "{",
            "[]",
            "[" * 30_000,
            '{"username": ' + "9" * 5_000 + "}",
            '{"username": "\\ud800", "password": "x"}',
        ],
    )
    def test_what_the_headless_api_cannot_read_is_the_asker_s_mistake(self, client, body):
        for place in ("signup", "login", "password/request"):
            answer = client.post(f"/_allauth/browser/v1/auth/{place}", body, "application/json")
            assert answer.status_code == 400
            assert answer["Cache-Control"] == "no-store"

    def test_whom_the_operator_gives_an_account_needs_no_address(self, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
        call_command("create_listener", "ben", "--password-stdin")
        assert sign_in(Client(), "ben")["Location"] == "/welcome/"
        for wrong in (["ben"], ["admin"], ["a b"], ["cleo", "--email", "no address"]):
            with pytest.raises(CommandError):
                call_command("create_listener", *wrong)
        call_command("create_listener", "cleo", "--email", "Cleo@example.org")
        assert EmailAddress.objects.get(verified=True).email == "cleo@example.org"
        assert sign_in(Client(), "cleo", "").status_code == 200, "without a password nobody is let in"


class TestPasswords:
    def reset(self, client, **more):
        assert client.post("/accounts/password/reset/", {"email": "ada@example.org"}).status_code == 302
        form = client.get(link_in_mail("/accounts/password/reset/key/"))["Location"]
        return client.post(form, {"password1": OTHER, "password2": OTHER, **more})

    @pytest.mark.parametrize("contact", ["", "ask@example.org"])
    def test_who_is_to_look_into_the_mail_learns_whom_to_ask_and_where_to_go(self, settings, client, contact):
        settings.OPERATOR_CONTACT = contact
        pages = [client.get(f"/accounts/{page}/").text for page in ("password/reset/done", "confirm-email")]
        assert ["Questions and requests: ask@example.org." in page for page in pages] == [bool(contact)] * 2
        assert not any("contact us" in page for page in pages)
        assert 'href="/accounts/login/"' in pages[0]

    def test_a_reset_by_mail_ends_everything_else_where_one_asks(self, ada):
        token = token_issue(user=ada)
        bearer = {"headers": {"Authorization": f"Bearer {token}"}}
        elsewhere = Client()
        sign_in(elsewhere)
        assert (who(elsewhere), who(Client(), **bearer)) == ("ada", "ada")
        assert self.reset(Client()).status_code == 302
        assert (who(elsewhere), who(Client(), **bearer)) == ("ada", "ada"), "nobody asked for that"
        mail.outbox.clear()
        assert self.reset(Client(), end_others="on").status_code == 302
        assert who(elsewhere) is None
        assert Client().post("/graphql/", WHO, "application/json", **bearer).status_code == 401
        assert sign_in(Client()).status_code == 200
        assert sign_in(Client(), password=OTHER).status_code == 302

    def test_a_link_is_good_once(self, ada):
        client = Client()
        client.post("/accounts/password/reset/", {"email": "ada@example.org"})
        link = link_in_mail("/accounts/password/reset/key/")
        assert self.reset(client).status_code == 302
        assert client.get(link).status_code == 200, "no form"

    @pytest.mark.parametrize(("more", "left"), [({}, "ada"), ({"end_others": "on"}, None)])
    def test_a_change_asks_for_the_old_one(self, ada, more, left):
        here, elsewhere = Client(), Client()
        for client in (here, elsewhere):
            sign_in(client)
            assert who(client) == "ada"
        told = {"oldpassword": "wrong", "password1": OTHER, "password2": OTHER, **more}
        assert here.post("/accounts/password/change/", told).status_code == 200
        assert who(elsewhere) == "ada"
        told["oldpassword"] = PASSWORD
        assert here.post("/accounts/password/change/", told).status_code == 302
        assert (who(here), who(elsewhere)) == ("ada", left)

    def test_a_token_changes_nothing_of_how_one_signs_in(self, ada):
        bearer = {"headers": {"Authorization": f"Bearer {token_issue(user=ada)}"}}
        for page in ("/accounts/email/", "/accounts/2fa/", "/_allauth/browser/v1/account/email"):
            assert Client().get(page, **bearer).status_code == 403


class TestSecondFactor:
    @pytest.fixture
    def secret(self, ada):
        TOTP.activate(ada, "JBSWY3DPEHPK3PXP")
        return "JBSWY3DPEHPK3PXP"

    def test_its_secret_is_stored_encrypted(self, secret):
        assert secret not in json.dumps(list(Authenticator.objects.values_list("data", flat=True)))

    def test_the_password_alone_lets_nobody_in(self, secret):
        client = Client()
        assert sign_in(client)["Location"] == "/accounts/2fa/authenticate/"
        assert who(client) is None
        assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
        assert who(client) is None
        assert client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})["Location"] == "/"
        assert who(client) == "ada"

    @pytest.mark.parametrize("has_one", [False, True])
    def test_a_passkey_is_asked_for_where_there_is_one(self, secret, monkeypatch, has_one):
        passkey = AttestedCredentialData.create(Aaguid.NONE, b"a passkey", {1: 2, 3: -7})
        monkeypatch.setattr(webauthn, "get_credentials", lambda _user: [passkey] * has_one)
        client = Client()
        page = client.get(sign_in(client)["Location"]).text
        assert ("mfa_webauthn_authenticate" in page, "js_data" in page) == (has_one, has_one)

    def test_it_counts_before_what_cannot_be_undone(self, secret):
        client = Client()
        sign_in(client)
        client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
        session = client.session
        session["earshot.asked"] -= timedelta(hours=1).total_seconds()
        session.save()
        query = {
            "query": "mutation { requestDataExport { ... on DataExport { state } ... on OperationInfo { messages { code } } } }"
        }

        def asked():
            return client.post("/graphql/", query, "application/json").json()["data"]["requestDataExport"]

        assert asked() == {"messages": [{"code": "REAUTHENTICATION_REQUIRED"}]}
        client.post("/accounts/2fa/reauthenticate/", {"code": "000000"})
        assert asked() == {"messages": [{"code": "REAUTHENTICATION_REQUIRED"}]}
        client.post("/accounts/2fa/reauthenticate/", {"code": code_of(secret, later=1)})
        assert asked() == {"state": "REQUESTED"}

    def test_a_code_is_good_once(self, secret):
        code = code_of(secret)
        for expected in ("/", None):
            client = Client()
            sign_in(client)
            assert client.post("/accounts/2fa/authenticate/", {"code": code}).get("Location") == expected


class TestWhatIsKept:
    def test_an_export_has_addresses_and_keys_and_no_secret(self, ada, settings, tmp_path):
        settings.EXPORT_DIR = tmp_path
        TOTP.activate(ada, "JBSWY3DPEHPK3PXP")
        export = data_export_build(export_id=str(data_export_request(user=ada).pk))
        with zipfile.ZipFile(export.path) as file:
            texts = {name: file.read(name).decode() for name in file.namelist()}
        assert json.loads(texts["email_addresses.jsonl"])["email"] == "ada@example.org"
        assert json.loads(texts["second_factors.jsonl"])["type"] == "totp"
        stored = Authenticator.objects.get().data["secret"]
        assert not [name for name, text in texts.items() if stored in text or "JBSWY3DPEHPK3PXP" in text]

    def test_an_erasure_leaves_no_address_no_key_and_no_sign_in_that_was_begun(self, ada):
        TOTP.activate(ada, "JBSWY3DPEHPK3PXP")
        begun = Client()
        assert sign_in(begun)["Location"] == "/accounts/2fa/authenticate/"
        other = Client()
        sign_up(other, "ben")
        erasure_advance(erasure_id=str(erasure_request(user=ada, confirm="ada").pk))
        assert [row.email for row in EmailAddress.objects.all()] == ["ben@example.org"]
        assert not Authenticator.objects.exists()
        assert [session.get_decoded()["account_login"]["email"] for session in Session.objects.all()] == [
            None
        ]

    def test_no_answer_of_the_api_has_anybodys_address(self):
        """Of a device's, a person's or an invitation's fields none is one; the operator's contact is the operator's."""
        fields = [name for kind in schema._schema.type_map.values() for name in getattr(kind, "fields", ())]
        assert len(fields) > 300
        assert [name for name in fields if "mail" in name.lower()] == []

    def test_a_sign_in_is_a_device_like_any_other(self, ada):
        client = Client()
        sign_in(client)
        client.get("/")
        device = Device.objects.get(session_digest=client.session.digest)
        assert (device.user, device.kind) == (ada, "BROWSER")
        assert device.created_on == timezone.now().date()
