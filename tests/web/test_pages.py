"""The pages' frame: who gets them, what they may load, and that they name no other origin."""

import re
import uuid
from pathlib import Path

import pytest

import discovery
from discovery.models import Erasure
from discovery.web.views import CONTENT_SECURITY_POLICY
from tests import factories

pytestmark = pytest.mark.django_db
ROOM = Path(discovery.__file__).parent
PAGES = [
    "/", "/search/", "/music/", "/music/likes/", "/music/playlists/", "/music/playlists/abc/", "/music/mix/", "/music/statistics/",
    "/music/year/", "/imports/", "/together/", "/together/blend/", "/together/rooms/", "/together/match/", "/radio/",
    "/me/", "/welcome/", "/privacy/", "/engagement/",
]  # fmt: skip
SCRIPTS = ROOM / "static" / "discovery"
LARGEST = 60_000  # bytes of all modules that a page runs
LONGEST = 150  # lines of one of them


@pytest.mark.parametrize("page", [*PAGES, "/explore/"])
def test_a_page_asks_to_sign_in_and_comes_back(client, page):
    answer = client.get(page)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={page}")


@pytest.mark.parametrize("page", [*PAGES, "/explore/", "/invitations/", "/accounts/login/"])
def test_a_page_is_confined_to_its_origin_and_to_no_cache(client, page):
    if page != "/accounts/login/":
        client.force_login(factories.listener("ada", is_staff=True))
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


def run_by(module, seen):
    """A module with everything it imports."""
    if module not in seen:
        seen.add(module)
        for path in re.findall(r'from "(\.[^"]+)"', module.read_text()):
            run_by((module.parent / path).resolve(), seen)
    return seen


def test_each_page_names_a_script_that_is_there_and_small(client):
    scripts = dict(re.findall(r'(\w+): \(\) => import\("\./([^"]+)"\)', (SCRIPTS / "pages.js").read_text()))
    client.force_login(factories.listener("ada", is_staff=True))
    named = {re.search(r'<main[^>]* data-page="(\w+)"', client.get(page).text)[1] for page in PAGES}
    assert named == set(scripts)
    frame = run_by(SCRIPTS / "app.js", set())
    sizes = {
        page: sum(len(module.read_bytes()) for module in run_by(SCRIPTS / path, set(frame)))
        for page, path in scripts.items()
    }
    assert {page: size for page, size in sizes.items() if size > LARGEST} == {}
    lines = {module.name: len(module.read_text().splitlines()) for module in SCRIPTS.rglob("*.js")}
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}


def test_an_erasure_is_a_page_for_browsers_and_json_for_everything_else(client):
    erasure = Erasure.objects.create(state=Erasure.State.PURGED, subject=uuid.uuid4())
    address = f"/privacy/erasures/{erasure.pk}"
    assert client.get(address).json()["state"] == "PURGED"
    page = client.get(address, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page["Content-Type"].startswith("text/html")
    assert page["Vary"].count("Accept") >= 1
    assert re.findall(r'data-step="(\w+)"[^>]* class="done"', page.text) == ["REQUESTED", "FROZEN", "PURGED"]
    assert (
        client.get(f"{address}?receipt", headers={"Accept": "text/html"}).json()["receipt"] == erasure.receipt
    )
    missing = client.get(f"/privacy/erasures/{uuid.uuid4()}", headers={"Accept": "text/html"})
    assert missing.status_code == 404
