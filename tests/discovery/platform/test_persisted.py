"""Documents that are asked by their ids, in both ways; and an installation that answers no others."""

import hashlib
import json

import pytest
from django.core.exceptions import ImproperlyConfigured

from discovery.platform.graphql.persisted import document_of
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db

POLICY = "query Policy { policy { version } }"
HASH = hashlib.sha256(POLICY.encode()).hexdigest()
WHO = "{ viewer { profile { handle } } }"


@pytest.fixture
def folder(settings, tmp_path):
    (tmp_path / "policy.graphql").write_text(POLICY + "\n")
    settings.PERSISTED_DOCUMENTS = str(tmp_path)
    return tmp_path


def extension(name):
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": name}}}


def told(body, app=None):
    response = (app or App()).post(body)
    answer = response.json()
    codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
    return response.status_code, codes or sorted(answer["data"])


@pytest.mark.parametrize(
    "body",
    [
        {"documentId": f"sha256:{HASH}"},
        {"documentId": HASH},
        {"documentId": "policy"},
        extension(HASH),
        {"query": POLICY, **extension(HASH)},
        {"documentId": HASH, "operationName": "Policy", "variables": {}},
    ],
)
def test_a_document_is_asked_by_its_id(folder, body):
    assert told(body) == (200, ["policy"])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"documentId": "sha256:" + "0" * 64}, (404, ["PERSISTED_QUERY_NOT_FOUND"])),
        (extension("0" * 64), (200, ["PERSISTED_QUERY_NOT_FOUND"])),  # for which Apollo's clients look
        ({"query": WHO, **extension(HASH)}, (400, ["BAD_REQUEST"])),
        ({"documentId": 5}, (400, ["BAD_REQUEST"])),
        (extension({}), (400, ["BAD_REQUEST"])),
        ({"extensions": {"persistedQuery": 5}}, (400, ["BAD_REQUEST"])),
        ({"documentId": "../policy"}, (404, ["PERSISTED_QUERY_NOT_FOUND"])),
    ],
)
def test_what_is_no_id_is_refused(folder, body, expected):
    assert told(body) == expected


def test_an_address_may_hold_the_id(folder):
    assert App().client.get("/graphql/", {"documentId": HASH}).json()["data"]["policy"]["version"]


def test_what_is_sent_is_not_remembered(folder):
    hashed = hashlib.sha256(WHO.encode()).hexdigest()
    assert told({"query": WHO, **extension(hashed)}) == (200, ["viewer"])
    assert told(extension(hashed)) == (200, ["PERSISTED_QUERY_NOT_FOUND"])


def test_a_file_of_a_compiler_is_read_and_read_anew(settings, tmp_path):
    file = tmp_path / "persisted.json"
    settings.PERSISTED_DOCUMENTS = str(file)
    with pytest.raises(ImproperlyConfigured):
        document_of("a1")
    file.write_text(json.dumps({"a1": POLICY}))
    assert [document_of(name) for name in ("a1", HASH, "b2")] == [POLICY, POLICY, None]
    file.write_text(json.dumps({"b2": POLICY, "c": "{ viewer { id } }"}))
    assert [document_of(name) for name in ("a1", "b2")] == [None, POLICY]
    file.write_text("[]")
    with pytest.raises(ImproperlyConfigured):
        document_of("b2")


class TestListedAlone:
    @pytest.fixture(autouse=True)
    def alone(self, settings, folder):
        settings.PERSISTED_ONLY = True

    def test_apps_and_the_anonymous_ask_these_and_no_others(self):
        for app in (App(), App(factories.sharer("ada"))):
            assert told({"documentId": HASH}, app) == (200, ["policy"])
            assert told({"query": POLICY}, app) == (200, ["policy"])
            assert told({"query": WHO}, app) == (403, ["DOCUMENT_NOT_LISTED"])
            assert told({"query": POLICY + " "}, app) == (403, ["DOCUMENT_NOT_LISTED"])
            assert told({"documentId": "0"}, app) == (404, ["PERSISTED_QUERY_NOT_FOUND"])

    def test_the_pages_go_on(self):
        page = App()
        page.client.force_login(factories.sharer("ada"))
        page.client.get("/accounts/password/change/")
        token = page.client.cookies["csrftoken"].value
        assert told({"query": WHO}, page)[0] == 403  # without the page's token
        response = page.post({"query": WHO}, **{"X-CSRFToken": token})
        assert response.json()["data"]["viewer"]["profile"]["handle"] == "ada"
