"""GraphQL over HTTP: what is refused before anything runs, who is asking, and what never goes out."""

import json
from datetime import timedelta
from unittest import mock

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from accounts.services.token import token_issue
from tests.api.client import PATH, App
from tests.factories import listener

pytestmark = pytest.mark.django_db

WHO = "{ viewer { profile { handle } } }"
MODERN = "application/graphql-response+json"
INTROSPECTION = "{ __schema { queryType { name } } }"


def handle(answer):
    return answer["data"]["viewer"]["profile"]["handle"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{", "application/json", 400),
        (b'{"query": "\xff"}', "application/json", 400),
        ("[" * 60_000, "application/json", 400),
        ([{"query": WHO}], "application/json", 400),
        ("5", "application/json", 400),
        ("{}", "application/json", 400),
        ({"query": 5}, "application/json", 400),
        ({"query": WHO, "variables": []}, "application/json", 400),
        ({"query": WHO, "operationName": {}}, "application/json", 400),
        ({"query": WHO, "operationName": "Other"}, "application/json", 400),
        (json.dumps({"query": WHO}), "text/plain", 400),
        ("operations={}", "application/x-www-form-urlencoded", 400),
        ("--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 400),
    ],
)
def test_what_is_no_request_is_refused_with_a_code(body, content_type, status):
    response = App().post(body, content_type)
    assert response.status_code == status
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}


def test_a_body_over_64_kilobytes_is_refused(settings):
    response = App().post({"query": WHO + " " * settings.DATA_UPLOAD_MAX_MEMORY_SIZE})
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED"}


def test_get_is_not_served():
    assert Client().get(PATH, {"query": "{ policy { version } }"}).status_code == 405


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($x: Int!) { viewer { friends(first: $x) { totalCount } } }", "INVALID"),
        ("{ ...Missing }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_a_document_that_cannot_run_has_a_code_and_no_data(query, code):
    old, new = App().post({"query": query}), App().post({"query": query}, Accept=MODERN)
    assert (old.status_code, old["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert (new.status_code, new["Content-Type"]) == (400, f"{MODERN}; charset=utf-8")
    for response in (old, new):
        assert "data" not in response.json()
        assert response.json()["errors"][0]["extensions"]["code"] == code


def test_an_unexpected_error_is_masked_and_logged(caplog):
    with mock.patch(
        "discovery.privacy.api.policy.policy_text_current", side_effect=RuntimeError("secret path")
    ):
        answer = App().ask("{ policy { version } }")
    assert answer["errors"][0]["message"] == "Something went wrong on our side."
    assert answer["errors"][0]["extensions"] == {"code": "INTERNAL"}
    assert "secret" not in json.dumps(answer)
    assert "secret path" in caplog.text


class TestWhoIsAsking:
    def test_nobody(self):
        assert App().data(WHO) == {"viewer": None}  # without a CSRF token: there is no session to borrow

    def test_a_token(self):
        assert handle(App(listener("ada")).ask(WHO)) == "ada"

    def test_the_token_counts_and_not_the_session(self):
        app = App(listener("ada"))
        app.client.force_login(listener("ben"))
        assert handle(app.ask(WHO)) == "ada"

    def test_a_session_needs_the_csrf_token(self):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(listener("ada"))
        body = json.dumps({"query": WHO})
        refused = browser.post(PATH, body, content_type="application/json")
        assert refused.status_code == 403
        assert refused.json()["errors"][0]["extensions"] == {"code": "CSRF_FAILED"}

        browser.cookies["csrftoken"] = "c" * 32
        answer = browser.post(PATH, body, content_type="application/json", headers={"X-CSRFToken": "c" * 32})
        assert handle(answer.json()) == "ada"

    @pytest.mark.parametrize("token", ["", "wrong", "\u00e9", "x" * 5_000])
    def test_a_wrong_token_is_not_anonymous(self, token):
        response = App(Authorization=f"Bearer {token}").post({"query": WHO})
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        assert response.json()["errors"][0]["extensions"] == {"code": "INVALID_TOKEN"}

    @pytest.mark.parametrize(
        "change",
        [{"expires": timezone.now() - timedelta(seconds=1)}, {"scope": "other"}, {"user": None}],
        ids=["expired", "other scope", "nobody's"],
    )
    def test_a_token_that_does_not_hold_is_wrong(self, change):
        app = App(listener())
        AccessToken.objects.update(**change)
        assert app.post({"query": WHO}).status_code == 401

    def test_a_frozen_listener_is_nobody(self):
        user = listener()
        app = App(user)
        user.is_active = False
        user.save()
        assert app.post({"query": WHO}).status_code == 401

    def test_other_schemes_are_not_ours(self):
        assert App(Authorization="Basic eA==").data(WHO) == {"viewer": None}

    def test_introspection_is_for_people_who_signed_in(self):
        assert App().code(INTROSPECTION) == "GRAPHQL_VALIDATION_FAILED"
        assert App(listener()).data(INTROSPECTION) == {"__schema": {"queryType": {"name": "Query"}}}
        assert App().code(INTROSPECTION) == "GRAPHQL_VALIDATION_FAILED"  # also with the cache warm

    def test_no_field_is_suggested_to_a_guesser(self):
        assert "Did you mean" not in json.dumps(App().ask("{ polic { version } }"))


def test_issue_token_prints_a_working_token_and_nothing_else(capsys):
    from django.core.management import CommandError, call_command

    listener("ada")
    call_command("issue_token", "ada")
    (token,) = capsys.readouterr().out.splitlines()
    assert handle(App(Authorization=f"Bearer {token}").ask(WHO)) == "ada"
    with pytest.raises(CommandError, match="no active listener"):
        call_command("issue_token", "nobody")


def test_tokens_are_long_and_different():
    user = listener()
    tokens = {token_issue(user=user) for _ in range(3)}
    assert len(tokens) == 3
    assert min(map(len, tokens)) >= 40
