"""Servers that may be killed, and an installation that asks them."""

import pytest
from django.db import connection
from django.utils import timezone

from discovery.embedded.pytest_plugin import services
from discovery.embedded.redis import RedisServer
from discovery.platform.redis import celery_broker
from tasks.celery import app
from tests import factories
from tests.faults.installation import Installation, database_url
from tests.faults.queues import alive, broker_set


@pytest.fixture
def own_redis(settings, tmp_path):
    """A Redis that may be killed, for this process and the others."""
    server = RedisServer(tmp_path / "redis.sock")
    server.start()
    before = app.conf.broker_url
    settings.REDIS_URL = server.url
    broker_set(celery_broker(server.url))
    yield server
    broker_set(before)
    server.stop()


@pytest.fixture
def installation(transactional_db, own_redis, artifact_dir, tmp_path, settings):
    """Without a process yet."""
    settings.EXPORT_DIR, settings.UPLOAD_DIR = tmp_path / "exports", tmp_path / "uploads"
    made = Installation(
        tmp_path,
        {
            "DATABASE_URL": database_url(),
            "REDIS_URL": own_redis.url,
            "ARTIFACT_DIR": str(artifact_dir),
            "EARSHOT_HOME": str(tmp_path),
            "SECRET_KEY": settings.SECRET_KEY,
            "SIGNING_KEY": settings.SIGNING_KEY,
            "TRAINING_LEASE_SECONDS": "6",
            "OMP_NUM_THREADS": "1",
        },
    )
    yield made
    made.end()


@pytest.fixture
def worker(installation):
    """With the clock in it; alive, as it says itself."""
    installation.worker()
    installation.until("worker", alive, what="a sign of life")
    yield installation.children["worker"]
    installation.ensure_alive("worker")


@pytest.fixture
def friends(transactional_db):
    """Ada, who sees what Ben plays."""
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    factories.befriended(ada, ben)
    factories.listens(ben, factories.track(), at=timezone.now())
    return ada, ben


@pytest.fixture
def postgres(request, transactional_db):
    """The session's own server, which may be stopped and comes back before anybody else needs it."""
    started = request.config.stash.get(services, None)
    if started is None or started.postgres is None:
        pytest.skip("DATABASE_URL names a server that is not ours to stop")
    server = started.postgres
    yield server
    connection.close()
    if not server.answers():
        server.resume()
