"""Messages that are good for a while: whether one came too late is told by the broker's clock, not by the worker's."""

from datetime import UTC, datetime, timedelta

from celery.exceptions import Ignore

from discovery.platform.pulse import client
from tasks import fresh
from tasks.celery import app
from tasks.privacy import privacy_resume


def message(*, seconds=60):
    """The headers of one that is good for so long, as they leave."""
    headers = {"expires": None}
    if seconds is not None:
        headers["expires"] = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
    fresh._told_by_the_broker(headers=headers)
    return headers


def begins(headers):
    privacy_resume.push_request(headers=headers)
    try:
        privacy_resume.before_start("id", (), {})
    except Ignore:
        return False
    finally:
        privacy_resume.pop_request()
    return True


def test_it_is_the_class_of_every_task():
    assert all(
        isinstance(task, fresh.FreshTask) for name, task in app.tasks.items() if name.startswith("tasks.")
    )


def test_in_time_and_too_late(redis_url):
    told = message()
    assert told["expires"] is None, "Celery's own end would be read by the worker's clock"
    seconds, _micros = client().time()
    assert 50 < told[fresh.GOOD_UNTIL] - seconds <= 61
    assert begins(told)
    assert not begins({fresh.GOOD_UNTIL: seconds - 1})


def test_one_without_an_end_is_always_in_time(redis_url):
    assert begins(message(seconds=None))


def test_without_redis_it_is_done(settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path / 'nobody.sock'}"
    assert begins({fresh.GOOD_UNTIL: 0})
    assert message()["expires"] is not None
