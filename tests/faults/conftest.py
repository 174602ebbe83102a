"""An installation whose Redis may be killed, and a worker with the clock in it."""

import pytest
from django.utils import timezone

from discovery.embedded.process import last_lines
from discovery.embedded.redis import RedisServer
from discovery.platform.redis import celery_broker
from tasks.celery import app
from tests import factories
from tests.faults.processes import Installation, alive, broker_set


@pytest.fixture
def own_redis(settings, tmp_path):
    """A Redis that may be killed, for this process and all that are started."""
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
    """Starts processes on this test's database and that Redis; they end with the test."""
    settings.EXPORT_DIR = tmp_path / "exports"
    settings.UPLOAD_DIR = tmp_path / "uploads"
    made = Installation(own_redis.url, tmp_path)
    yield made
    made.end()


@pytest.fixture
def worker(installation):
    """With the clock in it; alive, as it says itself."""
    started = installation.worker(clock=True)
    started.until(alive, what="a sign of life")
    yield started
    assert started.poll() is None, last_lines(started.log, 60)


@pytest.fixture
def friends(transactional_db):
    """Ada, who sees what Ben plays."""
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    factories.befriended(ada, ben)
    factories.listens(ben, factories.track(), at=timezone.now())
    return ada, ben
