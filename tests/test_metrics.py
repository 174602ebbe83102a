"""Every metric that a rule, a panel or a page names is told by /metrics; nobody is named there."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.utils import timezone
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from accounts.services.consent import consent_set
from discovery import metrics
from discovery.platform.gate import Gate
from discovery.platform.meters import REGISTRY
from discovery.platform.pulse import HOUSEKEEPING, pulse_give
from graph.models import ModelVersion
from tasks.errands import errand_send
from tasks.privacy import privacy_expire
from tests import factories
from tests.api.client import App
from tests.graph.training.test_publish import publish, withdraw

ROOT = Path(__file__).parents[1]
NAMED_IN = [
    *sorted((ROOT / "deploy").glob("*.yml")),
    ROOT / "deploy/grafana-dashboard.json",
    ROOT / "docs/observability.md",
]
NAME = re.compile(r"\bearshot_[a-z_]+\b")
DISCOVER = "{ viewer { discover { degraded } } }"


@pytest.fixture
def told(transactional_db, redis_url, artifact_dir):
    """What /metrics tells, read as Prometheus does: values by name and labels."""
    gates = metrics._Gates({"ordinary": Gate(places=1, most_waiting=1, seconds=1.0)})
    REGISTRY.register(gates)

    def read():
        shared = next(each for each in REGISTRY._collector_to_names if isinstance(each, metrics._Shared))
        shared._at = None
        families = text_string_to_metric_families(generate_latest(REGISTRY).decode())
        return {
            (sample.name, *sorted(sample.labels.values())): sample.value
            for family in families
            for sample in family.samples
        }

    with redis.Redis.from_url(redis_url) as there:
        there.flushdb()
    yield read
    REGISTRY.unregister(gates)


def stem(name):
    return re.sub(r"_(bucket|count|sum|created|total)$", "", name)


def names_in(text):
    return set(NAME.findall(text))


def names(told):
    """Of what is told now, and of counts that no request has begun yet."""
    return {key[0] for key in told()} | set(REGISTRY._names_to_collectors)


def test_every_metric_named_anywhere_exists(told):
    publish()
    privacy_expire()
    App(factories.sharer("ada")).ask(DISCOVER)
    there = names(told)
    for path in NAMED_IN:
        named = names_in(path.read_text())
        assert named, path
        assert named <= there, path
    assert names_in("rate(earshot_nothing_total[5m])") - there, "a name that is not there would be seen"


def test_the_dashboard_and_the_page_leave_none_out(told):
    publish()
    privacy_expire()
    base = {stem(name) for name in names(told)}
    for path in NAMED_IN[1:]:
        shown = {stem(name) for name in names_in(path.read_text())}
        assert base - shown == set(), path
    assert json.loads(NAMED_IN[1].read_text())["panels"]


def test_what_the_installation_shares_is_told_as_it_is(told):
    pulse_give(["imports"])
    errand_send("tasks.histories.history_read", "1")
    version = publish(position=1)
    ModelVersion.objects.filter(pk=version.pk).update(created_at=timezone.now() - timedelta(hours=2))
    withdraw(2, ago=timedelta(hours=1))
    told_now = told()
    assert (told_now["earshot_queue_messages", "imports"], told_now["earshot_queue_messages", "privacy"]) == (
        1,
        0,
    )
    assert (told_now["earshot_alive", "imports"], told_now["earshot_alive", "training"]) == (1, 0)
    assert told_now["earshot_model_age_seconds",] == pytest.approx(7200, abs=60)
    assert told_now["earshot_withdrawn_untrained_seconds",] == pytest.approx(3600, abs=60)


def test_what_the_clock_ended_is_counted(told, redis_url):
    assert ("earshot_housekeeping_age_seconds",) not in told()
    privacy_expire()
    assert told()["earshot_housekeeping_age_seconds",] < 60
    ended = {key[1] for key in told() if key[0] == "earshot_housekeeping_ended_total"}
    assert {"sessions", "tokens", "export_files", "radio_choices"} <= ended
    with redis.Redis.from_url(redis_url) as there:
        assert there.hlen(HOUSEKEEPING) == len(ended) + 1


def test_a_change_of_consent_and_a_degraded_answer_count(told):
    user = factories.sharer("ada")
    before = told()
    consent_set(user=user, purpose="SOCIAL_OUT", granted=False)
    App(user).ask(DISCOVER)
    after = told()
    count = ("earshot_consent_propagation_seconds_count",)
    assert after[count] == before[count] + 1
    degraded = "earshot_degraded_answers_total", "NO_MODEL"
    assert after[degraded] == before.get(degraded, 0) + 1
    assert after["earshot_operation_seconds_count", "viewer.discover"] >= 1


def test_where_redis_is_away_the_rest_is_told(told, settings, tmp_path):
    publish()
    settings.REDIS_URL = f"unix://{tmp_path / 'nobody.sock'}"
    names = {key[0] for key in told()}
    assert "earshot_model_age_seconds" in names
    assert "earshot_queue_messages" not in names
