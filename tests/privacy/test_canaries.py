"""What the canary proof needs; the proof itself trains twice and is a command."""

import pytest
import redis

from discovery.privacy.canaries import redis_there


def test_where_no_redis_answers_one_is_started_for_as_long_as_it_takes(settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path / 'nobody.sock'}"
    with redis_there(tmp_path) as url:
        assert redis.Redis.from_url(url).ping()
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(url).ping()


def test_the_configured_one_is_taken_where_it_answers(settings, tmp_path):
    with redis_there(tmp_path) as url:
        assert url == settings.REDIS_URL
