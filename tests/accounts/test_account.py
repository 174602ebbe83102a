"""Passwords that are asked again or changed, and profiles."""

import json
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, RefreshToken

from accounts.middleware import browser as browser_middleware
from accounts.models import Device, User
from discovery.models import DataExport, Erasure
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db

PASSWORD, OTHER = "correct horse battery", "another staple entirely"
WHO = "{ viewer { profile { handle } } }"
EXPORT = "mutation ($password: String) { requestDataExport(password: $password) { ... on DataExport { id state } %s } }"
ERASE = 'mutation ($password: String) { requestErasure(confirm: "ada", password: $password) { ... on Erasure { state } %s } }'
CHANGE = """mutation ($current: String!, $new: String!, $others: Boolean! = true) {
    changePassword(current: $current, new: $new, endOthers: $others) { ... on ChangedPassword { devicesEnded } %s } }"""
PROFILE = """mutation ($handle: String, $name: String) { updateProfile(handle: $handle, displayName: $name) {
    ... on Listener { handle displayName } %s } }"""
REFUSED = "... on OperationInfo { messages { code field message } }"


@pytest.fixture(autouse=True)
def export_dir(tmp_path, settings):
    settings.EXPORT_DIR = tmp_path


@pytest.fixture
def ada():
    user = factories.sharer("ada")
    user.set_password(PASSWORD)
    user.save()
    return user


def signed_in(user, password=PASSWORD):
    """A browser in which somebody signed in just now, by the page."""
    client = Client()
    assert client.post("/accounts/login/", {"login": user.username, "password": password}).status_code == 302
    client.get("/privacy/")
    return client


def later(client, minutes):
    """As if the sign-in lay that far back."""
    session = client.session
    session[browser_middleware._ASKED] -= timedelta(minutes=minutes).total_seconds()
    session.save()


def asked(client, query, **variables):
    body = json.dumps({"query": query % REFUSED if "%s" in query else query, "variables": variables})
    data = client.post("/graphql/", body, content_type="application/json").json()["data"]
    (answer,) = data.values()
    return answer


def told(user, query, **variables):
    (answer,) = App(user).data(query % REFUSED, **variables).values()
    return answer


def code(answer):
    (message,) = answer["messages"]
    return message["code"]


class TestAskedAgain:
    @pytest.mark.parametrize("query", [EXPORT, ERASE])
    def test_a_token_alone_is_not_enough(self, ada, query):
        assert code(told(ada, query)) == "REAUTHENTICATION_REQUIRED"
        assert code(told(ada, query, password="wrong")) == "WRONG_PASSWORD"
        assert not DataExport.objects.exists()
        assert not Erasure.objects.exists()
        assert User.objects.get(pk=ada.pk).is_active
        assert told(ada, query, password=PASSWORD)["state"] in {"REQUESTED", "FROZEN"}

    def test_whoever_signed_in_a_moment_ago_was_asked(self, ada):
        client = signed_in(ada)
        later(client, 9)
        assert asked(client, EXPORT)["state"] == "REQUESTED"
        later(client, 2)
        assert code(asked(client, ERASE)) == "REAUTHENTICATION_REQUIRED"
        assert asked(client, ERASE, password=PASSWORD)["state"] == "FROZEN"

    def test_an_account_without_a_password_has_none_to_tell(self):
        ada = factories.sharer("ada")
        assert told(ada, ERASE)["state"] == "FROZEN"
        imported = factories.sharer("imported")
        imported.set_unusable_password()
        imported.save()
        assert told(imported, EXPORT)["state"] == "REQUESTED"

    def test_guessing_ends_after_five(self, ada):
        for number in range(5):
            assert code(told(ada, EXPORT, password=f"guess {number}")) == "WRONG_PASSWORD"
        assert code(told(ada, EXPORT, password="guess")) == "LIMIT_EXCEEDED"
        assert code(told(ada, ERASE, password=PASSWORD)) == "LIMIT_EXCEEDED", (
            "not even the right one counts now"
        )
        User.objects.update(password_tried_at=timezone.now() - timedelta(minutes=15))
        assert told(ada, EXPORT, password=PASSWORD)["state"] == "REQUESTED"
        assert User.objects.get(pk=ada.pk).password_tries == 0


class TestChanging:
    def test_ends_what_else_is_signed_in_where_one_asks(self, ada):
        mine, elsewhere, app = signed_in(ada), signed_in(ada), App(ada)
        assert asked(mine, CHANGE, current=PASSWORD, new=OTHER) == {"devicesEnded": 2}
        assert asked(mine, WHO)["profile"]
        assert asked(elsewhere, WHO) is None
        assert app.post({"query": WHO}).status_code == 401
        assert [device.kind for device in Device.objects.filter(user=ada)] == ["BROWSER"]
        assert signed_in(ada, OTHER)

    def test_ends_what_an_app_was_given_and_has_not_used_yet(self, ada):
        app = Application.objects.create(
            name="Player", client_type="public", authorization_grant_type="authorization-code"
        )
        until = timezone.now() + timedelta(hours=1)
        token = AccessToken.objects.create(
            user=ada, token="a", scope="discover", application=app, expires=until
        )
        RefreshToken.objects.create(user=ada, token="b", application=app, access_token=token)
        mine = signed_in(ada)
        assert asked(mine, CHANGE, current=PASSWORD, new=OTHER) == {"devicesEnded": 0}
        assert not AccessToken.objects.exists()
        assert not RefreshToken.objects.exists()

    def test_leaves_everything_where_one_does_not(self, ada):
        mine, elsewhere, app = signed_in(ada), signed_in(ada), App(ada)
        assert asked(mine, CHANGE, current=PASSWORD, new=OTHER, others=False) == {"devicesEnded": 0}
        assert all((asked(mine, WHO), asked(elsewhere, WHO), app.data(WHO)["viewer"]))

    def test_by_a_token_leaves_that_token(self, ada):
        elsewhere, app = signed_in(ada), App(ada)
        answer = app.data(CHANGE % REFUSED, current=PASSWORD, new=OTHER)["changePassword"]
        assert answer == {"devicesEnded": 1}
        assert app.data(WHO)["viewer"]
        assert asked(elsewhere, WHO) is None

    @pytest.mark.parametrize(
        ("current", "new", "expected"),
        [
            ("wrong", OTHER, "WRONG_PASSWORD"),
            (PASSWORD, "short", "WEAK_PASSWORD"),
            (PASSWORD, "ada", "WEAK_PASSWORD"),
        ],
    )
    def test_takes_the_old_one_and_a_good_one(self, ada, current, new, expected):
        app = App(ada)
        assert code(app.data(CHANGE % REFUSED, current=current, new=new)["changePassword"]) == expected
        assert User.objects.get(pk=ada.pk).check_password(PASSWORD)
        assert app.data(WHO)["viewer"], "nothing was ended"

    def test_where_there_is_none_nobody_sets_one(self):
        assert code(told(factories.sharer(), CHANGE, current="", new=OTHER)) == "NO_PASSWORD"

    def test_by_the_admin_ends_sessions(self, ada):
        client = signed_in(ada)
        staff = factories.listener("staff", is_staff=True, is_superuser=True)
        admin = Client()
        admin.force_login(staff)
        form = {"password1": OTHER, "password2": OTHER, "usable_password": "true"}
        assert admin.post(reverse("admin:auth_user_password_change", args=[ada.pk]), form).status_code == 302
        assert asked(client, WHO) is None


class TestExports:
    def test_one_a_day_and_the_older_goes_when_it_is_there(self, ada, django_capture_on_commit_callbacks):
        from discovery.privacy.export import data_export_build, exports_waiting

        keys = {told(ada, EXPORT, password=PASSWORD)["id"] for _ in range(3)}
        (word,) = keys
        first = data_export_build(export_id=exports_waiting()[0])
        assert told(ada, EXPORT, password=PASSWORD) == {"id": word, "state": "READY"}
        DataExport.objects.update(requested_at=timezone.now() - timedelta(days=1))
        second = told(ada, EXPORT, password=PASSWORD)
        assert second["state"] == "REQUESTED"
        assert first.path.exists(), "until the new one is there"
        with django_capture_on_commit_callbacks(execute=True):
            assert data_export_build(export_id=exports_waiting()[0]).path.exists()
        assert not first.path.exists()
        assert DataExport.objects.get(pk=first.pk).state == DataExport.State.EXPIRED


class TestProfile:
    def test_handle_and_name_change(self, ada):
        assert told(ada, PROFILE, handle="Ada.L", name=" Ada Lovelace ") == {
            "handle": "Ada.L", "displayName": "Ada Lovelace"
        }  # fmt: skip
        assert told(ada, PROFILE, name="") == {"handle": "Ada.L", "displayName": "Ada.L"}

    def test_what_is_taken_and_what_is_reserved_is_answered_alike(self, ada):
        factories.blocked(factories.sharer("ben"), ada)
        answers = [told(ada, PROFILE, handle=word) for word in ("ben", "BEN", "admin", "Support")]
        assert len({json.dumps(answer) for answer in answers}) == 1
        assert code(answers[0]) == "HANDLE_TAKEN"
        assert User.objects.get(pk=ada.pk).username == "ada"

    @pytest.mark.parametrize("handle", ["", "a", "x" * 31, "a b", ".ada", "ada.", "аda", "a/b", "a\u200bb"])
    def test_what_is_no_handle_is_refused(self, ada, handle):
        assert code(told(ada, PROFILE, handle=handle)) in {"INVALID", "INVALID_HANDLE"}

    def test_nothing_is_no_change_and_names_are_visible(self, ada):
        assert code(told(ada, PROFILE)) == "INVALID"
        assert code(told(ada, PROFILE, name="a\u202eb")) == "INVALID"


def test_sessions_are_ours():
    assert django_settings.SESSION_ENGINE == "accounts.sessions"
