"""Histories handed in: the door for files, the API behind it, and the page at a real browser."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import DeviceScope, Purpose
from accounts.services.token import token_create
from graph.importers.history import history_run
from graph.models import History, Listen
from graph.services.uploads import upload_path
from tests import factories
from tests.api.client import App
from tests.graph.formats.files import extended

IMPORT = "mutation ($upload: ID!) { importHistory(upload: $upload) { ... on Import { id state progress } ... on OperationInfo { messages { code } } } }"
UNDO = "mutation ($id: ID!) { undoImport(id: $id) { ... on Import { state } ... on OperationInfo { messages { code } } } }"


def rows(count):
    begin = timezone.now() - timedelta(days=30)
    return [
        extended(
            ts=(begin + timedelta(minutes=5 * number)).isoformat(), spotify_track_uri=f"spotify:track:{number % 7}",
            master_metadata_track_name=f"Song {number % 7}",
        )
        for number in range(count)
    ]  # fmt: skip


def code_of(answer):
    return answer.json()["errors"][0]["extensions"]["code"]


@pytest.mark.django_db
class TestTheDoor:
    @pytest.fixture(autouse=True)
    def _uploads(self, tmp_path, settings):
        settings.UPLOAD_DIR = tmp_path / "uploads"
        self.settings = settings

    @pytest.fixture
    def ada(self):
        return factories.sharer("ada")

    def token(self, user, *scopes):
        return {"Authorization": f"Bearer {token_create(user=user, name='app', scopes=list(scopes))[1]}"}

    def test_a_browser_sends_the_csrf_token_with_the_file_as_it_is(self, ada):
        client = Client(enforce_csrf_checks=True)
        client.force_login(ada)
        assert code_of(client.post("/imports/", b"abc", "application/octet-stream")) == "CSRF_FAILED"
        client.get("/imports/")
        csrf = {"X-CSRFToken": client.cookies["csrftoken"].value}
        answer = client.post("/imports/", b"abc", "application/octet-stream", headers=csrf)
        assert answer.status_code == 201
        assert upload_path(ada, answer.json()["upload"]).read_bytes() == b"abc"
        form = client.post("/imports/", {"file": SimpleUploadedFile("history.json", b"def")}, headers=csrf)
        assert upload_path(ada, form.json()["upload"]).read_bytes() == b"def"
        assert client.post("/imports/", {"other": "x"}, headers=csrf).status_code == 400

    def test_an_app_needs_the_scope(self, ada, client):
        refused = client.post(
            "/imports/", b"abc", "text/plain", headers=self.token(ada, DeviceScope.PLAYS_READ)
        )
        assert (refused.status_code, code_of(refused)) == (403, "INSUFFICIENT_SCOPE")
        taken = client.post(
            "/imports/", b"abc", "text/plain", headers=self.token(ada, DeviceScope.PLAYS_WRITE)
        )
        assert taken.status_code == 201

    def test_nobody_else_and_nothing_without_record(self, ada, client):
        assert client.post("/imports/", b"abc", "text/plain").status_code == 401
        assert client.delete("/imports/").status_code == 405
        factories.revoke(ada, Purpose.RECORD)
        refused = client.post(
            "/imports/", b"abc", "text/plain", headers=self.token(ada, DeviceScope.PLAYS_WRITE)
        )
        assert (refused.status_code, code_of(refused)) == (403, "CONSENT_MISSING")
        assert not list(self.settings.UPLOAD_DIR.glob("*/*"))

    def test_no_larger_than_is_read_whatever_it_says_of_its_length(self, ada, client):
        self.settings.UPLOAD_LARGEST = 10
        headers = self.token(ada, DeviceScope.PLAYS_WRITE)
        for size in (11, 100_000):
            refused = client.post("/imports/", b"a" * size, "text/plain", headers=headers)
            assert (refused.status_code, code_of(refused)) == (413, "FILE_TOO_LARGE")
        assert not list(self.settings.UPLOAD_DIR.glob("*/*"))

    def test_from_the_file_to_what_became_of_it(self, ada, client):
        content = json.dumps(
            [*rows(3), *[extended(incognito_mode=True)] * 2, extended(ts="2039-01-01T00:00:00Z")]
        )
        upload = client.post(
            "/imports/", content, "application/json", headers=self.token(ada, DeviceScope.PLAYS_WRITE)
        ).json()["upload"]  # fmt: skip
        other = App(factories.sharer("ben")).data(IMPORT, upload=upload)["importHistory"]
        assert other == {"messages": [{"code": "NOT_FOUND"}]}
        app = App(ada)
        asked = app.data(IMPORT, upload=upload)["importHistory"]
        assert (asked["state"], asked["progress"]) == ("WAITING", 0.0)
        assert app.data(IMPORT, upload=upload)["importHistory"]["id"] == asked["id"]
        history_run(history_id=History.objects.get().pk)
        query = """query ($outcome: ImportOutcome) { viewer { imports { edges { node { state format progress rowsRead stored
            skipped refused rows(outcome: $outcome, first: 1) { pageInfo { hasNextPage }
            edges { node { part firstRow lastRow outcome code message field } } } } } } } }"""
        (edge,) = app.data(query)["viewer"]["imports"]["edges"]
        assert {name: edge["node"][name] for name in ("state", "format", "progress", "rowsRead", "stored", "skipped", "refused")} == {
            "state": "DONE", "format": "SPOTIFY", "progress": 1.0, "rowsRead": 6, "stored": 3, "skipped": 2, "refused": 1,
        }  # fmt: skip
        assert edge["node"]["rows"] == {"pageInfo": {"hasNextPage": True}, "edges": [{"node": {
            "part": 1, "firstRow": 4, "lastRow": 5, "outcome": "SKIPPED", "code": "INCOGNITO",
            "message": "This was played in private, there.", "field": None}}]}  # fmt: skip
        (edge,) = app.data(query, outcome="REFUSED")["viewer"]["imports"]["edges"]
        assert [row["node"]["code"] for row in edge["node"]["rows"]["edges"]] == ["INVALID_TIME"]
        assert app.data(UNDO, id=asked["id"])["undoImport"] == {"state": "UNDONE"}
        stranger = App(factories.sharer("cleo")).data(UNDO, id=asked["id"])["undoImport"]
        assert stranger == {"messages": [{"code": "NOT_FOUND"}]}


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(240)
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page(world, visit, tmp_path, language):
    words = {
        "en": ("Nothing was handed in yet.", "20 stored, 1 left out, 1 not understood", "private, there", "cannot be when", "Undone", "larger"),
        "de": ("Noch wurde nichts abgegeben.", "20 gespeichert, 1 ausgelassen, 1 nicht verstanden", "dort privat", "Zu dieser Zeit", "Rückgängig gemacht", "größer"),
    }[language]  # fmt: skip
    file = tmp_path / "history.json"
    file.write_text(
        json.dumps([*rows(20), extended(incognito_mode=True), extended(ts="2039-01-01T00:00:00Z")])
    )
    person = visit(language=language)
    person.opens("/imports/")
    person.sees("#imports", words[0])
    person.types("#file", str(file))
    person.presses("#file-form .primary")
    person.sees("#imports li", words[1])
    person.presses("#imports summary")
    person.sees("#imports details", words[2])
    person.sees("#imports details", words[3])
    assert person.violations("light", "dark") == []
    person.looks(f"imports-{language}")
    person.types("#imports select", words[1].rpartition("1 ")[2][:3])
    person.until(lambda: words[2] not in person.text("#imports details"), "only what was refused")
    person.sees("#imports details", words[3])
    person.browser.refresh()
    person.sees("#imports li", words[1])
    assert Listen.objects.filter(user=world.ada, source="spotify").count() == 20
    person.presses("#imports .import > div > .buttons button")
    person.presses("#imports .danger")
    person.sees("#imports li", words[4])
    assert History.objects.get().state == "UNDONE"
    assert person.origins() == {person.origin}
    assert person.complaints() == []
    person.browser.execute_script("document.getElementById('file-form').dataset.largest = 1")
    person.types("#file", str(file))
    person.presses("#file-form .primary")
    person.sees("#status.error", words[5])
