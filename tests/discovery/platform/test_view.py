"""GraphQL over HTTP: what is refused before anything runs, who is asking, and what never goes out."""

import json
from datetime import timedelta
from unittest import mock

import pytest
from django.test import Client
from django.utils import timezone
from graphql import get_introspection_query
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
        ({"query": "subscription { rooms { id } }"}, "application/json", 400),
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


class TestGet:
    POLICY = "{ policy { version } }"

    def test_is_for_queries_of_whoever_is_not_signed_in(self):
        variables = json.dumps({"name": "Query"})
        query = "query ($name: String!) { __type(name: $name) { name } }"
        answer = Client().get(PATH, {"query": query, "variables": variables})
        assert answer.json() == {"data": {"__type": {"name": "Query"}}}
        assert answer["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("how", ["cookie", "bearer"])
    def test_is_refused_to_whoever_is_signed_in_and_says_what_to_do(self, how):
        user, client = listener("ada"), Client()
        headers = {}
        if how == "cookie":
            client.force_login(user)
        else:
            headers = {"Authorization": f"Bearer {token_issue(user=user)}"}
        answer = client.get(PATH, {"query": self.POLICY}, headers=headers)
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
        (error,) = answer.json()["errors"]
        assert error["extensions"] == {"code": "SIGNED_IN_GET"}
        assert "useGETForQueries: false" in error["message"]

    def test_with_a_session_that_is_over_is_that_of_nobody(self):
        client = Client()
        client.cookies["sessionid"] = "a" * 32
        assert client.get(PATH, {"query": self.POLICY}).status_code == 200

    def test_changes_nothing(self):
        answer = Client().get(PATH, {"query": "mutation { withdrawAllConsent { __typename } }"})
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
        assert answer.json()["errors"][0]["extensions"] == {"code": "METHOD_NOT_ALLOWED"}

    @pytest.mark.parametrize("method", ["put", "delete", "patch", "head", "options"])
    def test_and_post_are_the_only_ways(self, method):
        answer = getattr(Client(), method)(PATH)
        assert (answer.status_code, answer["Allow"]) == (405, "GET, POST")

    @pytest.mark.parametrize(
        "said", [{}, {"query": POLICY, "variables": "{"}, {"query": POLICY, "variables": "[]"}]
    )
    def test_that_is_no_request_is_refused_with_a_code(self, said):
        answer = Client().get(PATH, said)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}

    def test_is_as_long_as_a_body_may_be(self, settings):
        answer = Client().get(PATH, {"query": self.POLICY + " " * settings.DATA_UPLOAD_MAX_MEMORY_SIZE})
        assert answer.status_code == 413


class TestAPageElsewhere:
    """Origins of CORS_ORIGINS ask with a token; for every other the browser keeps the answer from the page."""

    ORIGIN = "https://app.example"

    @pytest.fixture(autouse=True)
    def _known(self, settings):
        settings.CORS_ALLOWED_ORIGINS = [self.ORIGIN]

    def asked_before(self, path, origin):
        headers = {
            "Origin": origin, "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }  # fmt: skip
        return Client().options(path, headers=headers)

    @pytest.mark.parametrize("path", [PATH, "/o/token/", "/o/revoke_token/", "/1/submit-listens", "/2.0/"])
    def test_may_ask_where_apps_ask(self, path):
        answer = self.asked_before(path, self.ORIGIN)
        assert answer.status_code == 200
        assert answer["Access-Control-Allow-Origin"] == self.ORIGIN
        assert "authorization" in answer["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "http://app.example", "https://app.example:8443", "null"]
    )
    def test_of_another_origin_may_not(self, origin):
        assert "Access-Control-Allow-Origin" not in self.asked_before(PATH, origin)

    @pytest.mark.parametrize("path", ["/", "/privacy/", "/imports/", "/o/authorize/", "/admin/"])
    def test_reads_no_page_of_ours(self, path):
        assert "Access-Control-Allow-Origin" not in self.asked_before(path, self.ORIGIN)

    def test_reads_the_answer_and_its_refusals(self):
        app = App(listener("ada"), Origin=self.ORIGIN)
        assert handle(app.ask(WHO)) == "ada"
        wrong = App(Authorization="Bearer x", Origin=self.ORIGIN).post({"query": WHO})
        assert (wrong.status_code, wrong["Access-Control-Allow-Origin"]) == (401, self.ORIGIN)
        assert "www-authenticate" in wrong["Access-Control-Expose-Headers"]

    def test_has_nothing_of_a_cookie(self):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(listener("ada"))
        browser.cookies["csrftoken"] = "c" * 32
        headers = {"Origin": self.ORIGIN, "X-CSRFToken": "c" * 32}
        answer = browser.post(
            PATH, json.dumps({"query": WHO}), content_type="application/json", headers=headers
        )
        assert answer.status_code == 403
        assert answer.json()["errors"][0]["extensions"] == {"code": "CSRF_FAILED"}


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

    def test_the_schema_is_everybodys(self):
        assert App().data(INTROSPECTION) == {"__schema": {"queryType": {"name": "Query"}}}
        whole = get_introspection_query(
            input_value_deprecation=True, schema_description=True, directive_is_repeatable=True
        )
        assert App().data(whole) == App(listener()).data(whole)
        names = " ".join(f"a{number}: name" for number in range(13))
        nested = f"{{ __schema {{ types {{ fields {{ type {{ fields {{ {names} }} }} }} }} }} }}"
        assert App().code(nested) == "LIMIT_EXCEEDED"

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
