"""Liveness asks nothing; readiness says of each component whether it answers, and tells the truth."""

import asyncio
import time

import pytest
import redis
from django.db import OperationalError, connection

from discovery import health
from discovery.platform.pulse import CLOCK, EVERY_SECONDS, KEPT_SECONDS, PREFIX, pulse_give, pulse_missing
from discovery.platform.redis import QUEUES
from graph.models import ModelVersion
from graph.serving import active_model
from tests.graph.training.test_publish import publish

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_process(artifact_dir, monkeypatch):
    monkeypatch.setattr(active_model, "_served", None)


@pytest.fixture
def _alive(redis_url):
    """A worker and a clock that gave a sign of life just now."""
    pulse_give([*QUEUES, CLOCK])


def asked(client, status):
    answer = client.get("/readyz")
    assert answer.status_code == status
    return answer.json()


def test_livez_asks_no_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/livez")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


@pytest.mark.usefixtures("_alive")
class TestReady:
    def test_everything_answers(self, client):
        version = publish()
        answer = client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json() == {
            "status": "ok",
            "components": {
                "database": {"ok": True, "detail": "postgresql"},
                "time": {"ok": True, "detail": "as the database's"},
                "migrations": {"ok": True, "detail": "applied"},
                "redis": {"ok": True, "detail": "answers"},
                "worker": {"ok": True, "detail": "alive"},
                "clock": {"ok": True, "detail": "ticks"},
                "model": {"ok": True, "detail": str(version.pk)},
            },
        }
        assert "no-store" in answer["Cache-Control"]

    def test_degraded_before_the_first_training(self, client):
        told = asked(client, 200)
        assert told["status"] == "degraded"
        assert told["components"]["model"] == {"ok": False, "detail": "none was trained yet"}

    def test_unavailable_with_a_model_that_cannot_be_read(self, client):
        publish()
        ModelVersion.objects.update(manifest_hash="0" * 64)
        told = asked(client, 503)
        assert told["components"]["model"] == {"ok": False, "detail": "the active model cannot be read"}

    def test_unavailable_while_migrations_are_missing(self, client):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'graph' AND name = '0001_initial'")
        told = asked(client, 503)
        assert told["components"]["migrations"] == {"ok": False, "detail": "1 migrations are not applied"}
        assert told["components"]["database"]["ok"]

    def test_unavailable_on_an_empty_database(self, client):
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE django_migrations RENAME TO elsewhere")
        assert not health._migrations().ok

    def test_unavailable_without_any_worker_and_degraded_without_one_for_a_queue(self, client, redis_url):
        publish()
        with redis.Redis.from_url(redis_url) as there:
            there.delete(PREFIX + "imports", PREFIX + CLOCK)
            told = asked(client, 200)
            assert told["status"] == "degraded"
            assert told["components"]["worker"]["detail"] == "nobody works for imports"
            assert told["components"]["clock"]["detail"] == "the clock stands"
            there.delete(*(PREFIX + queue for queue in QUEUES))
        told = asked(client, 503)
        assert told["components"]["worker"] == {"ok": False, "detail": "no worker gives a sign of life"}


def test_a_sign_of_life_ends_by_itself(redis_url):
    pulse_give(["imports"])
    assert pulse_missing(["imports", "training"]) == ["training"]
    with redis.Redis.from_url(redis_url) as there:
        assert EVERY_SECONDS < there.ttl(PREFIX + "imports") <= KEPT_SECONDS


def test_unavailable_without_redis(client, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path / 'nobody.sock'}"
    told = asked(client, 503)
    assert told["components"]["redis"] == {"ok": False, "detail": "Redis does not answer"}
    assert told["components"]["worker"]["detail"] == "cannot be told without Redis"


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


class TestOneLookForAll:
    def test_who_asks_within_a_second_is_told_the_same(self):
        looks = []

        def look(found):
            looks.append(1)
            time.sleep(0.05)
            found["database"] = health.Component(ok=True, detail="there")

        async def ask():
            readiness = health.Readiness(look)
            told = await asyncio.gather(*(readiness.now() for _ in range(5)))
            return [*told, await readiness.now()]

        told = asyncio.run(ask())
        assert len(looks) == 1
        assert all(components["database"].ok for components in told)

    def test_a_database_that_does_not_even_refuse_is_named(self, monkeypatch):
        monkeypatch.setattr(health, "PATIENCE", 0.05)

        def look(found):
            time.sleep(0.3)

        told = asyncio.run(health.Readiness(look).now())
        assert told == {"database": health.Component(ok=False, detail="database does not answer in time")}
        assert health.as_answer(told).status_code == 503
