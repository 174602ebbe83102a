"""Liveness asks nothing; readiness says of each component whether it answers."""

import pytest
from django.db import OperationalError

from discovery import health
from graph.serving import active_model
from tests.graph.training.test_publish import publish

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_process(artifact_dir, monkeypatch):
    monkeypatch.setattr(active_model, "_served", None)


def test_livez_asks_no_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/livez")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_ready_when_everything_answers(client, redis_url):
    version = publish()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "components": {
            "database": {"ok": True, "detail": "postgresql"},
            "redis": {"ok": True, "detail": "answers"},
            "model": {"ok": True, "detail": str(version.pk)},
        },
    }
    assert "no-store" in answer["Cache-Control"]


def test_degraded_without_redis_and_without_a_model(client, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path / 'nobody.sock'}"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["components"]["redis"] == {"ok": False, "detail": "Redis does not answer"}
    assert answer.json()["components"]["model"] == {"ok": False, "detail": "none was trained yet"}


def test_unavailable_without_the_database(client, redis_url, monkeypatch):
    class Gone:
        def cursor(self):
            raise OperationalError("could not connect to secret-host")

    monkeypatch.setattr(health, "connection", Gone())
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
    assert "secret-host" not in answer.content.decode()


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_nothing_can_be_posted(client, path):
    assert client.post(path).status_code == 405
