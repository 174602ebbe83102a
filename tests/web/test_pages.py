"""The pages' frame: who gets them, what they may load, and that they name no other origin."""

import re
from pathlib import Path

import pytest

import discovery
from discovery.web.views import CONTENT_SECURITY_POLICY
from tests import factories

pytestmark = pytest.mark.django_db
ROOM = Path(discovery.__file__).parent


@pytest.mark.parametrize("page", ["/", "/explore/", "/imports/", "/privacy/"])
def test_a_page_asks_to_sign_in_and_comes_back(client, page):
    answer = client.get(page)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={page}")


@pytest.mark.parametrize(
    "page", ["/", "/explore/", "/imports/", "/privacy/", "/welcome/", "/invitations/", "/accounts/login/"]
)
def test_a_page_is_confined_to_its_origin_and_to_no_cache(client, page):
    if page != "/accounts/login/":
        client.force_login(factories.listener("ada"))
    answer = client.get(page)
    assert answer.status_code == 200
    typefaces = "; font-src 'self' data:; img-src 'self' data:" if page == "/explore/" else ""
    assert answer["Content-Security-Policy"] == CONTENT_SECURITY_POLICY + typefaces
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "no-store" in answer["Cache-Control"]


def test_one_signs_in_and_out_and_is_sent_nowhere_else(client):
    ada = factories.listener("ada")
    ada.set_password("fair winds 7")
    ada.save()
    login = {"login": "ada", "password": "fair winds 7", "next": "//evil.example/"}
    assert client.post("/accounts/login/", {**login, "password": "wrong"}).status_code == 200
    assert client.get("/").status_code == 302
    assert client.post("/accounts/login/", login)["Location"] == "/welcome/"
    assert client.post("/accounts/logout/")["Location"] == "/accounts/login/"
    assert client.post("/accounts/login/", login)["Location"] == "/"
    assert client.post("/accounts/logout/")["Location"] == "/accounts/login/"
    assert client.get("/").status_code == 302


def test_no_file_of_the_pages_names_another_origin():
    files = [*(ROOM / "static").rglob("*.*"), *(ROOM / "templates").rglob("*.html")]
    assert len(files) >= 8
    foreign = {
        (file.name, address)
        for file in files
        for address in re.findall(r"(?:https?:|[\"'(])//[^\s\"')]+", file.read_text())
    }
    # The name of a format, which no browser fetches.
    assert {address for _, address in foreign} <= {"http://www.w3.org/2000/svg", "//www.w3.org/2000/svg"}
