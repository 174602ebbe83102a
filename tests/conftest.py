"""Fixtures shared by all rooms. The servers themselves are started by discovery/embedded/pytest_plugin.py."""

import pytest
import redis
from django.conf import settings as django_settings

from tests.serving import serve

__all__ = ["serve"]


@pytest.fixture
def artifact_dir(tmp_path, settings):
    """An empty ARTIFACT_DIR."""
    settings.ARTIFACT_DIR = tmp_path / "models"
    settings.ARTIFACT_DIR.mkdir()
    return settings.ARTIFACT_DIR


@pytest.fixture
def redis_url():
    """Address of this test's Redis database, empty before and after."""
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        client.flushdb()
        yield django_settings.REDIS_URL
        client.flushdb()
