"""Nobody trains for a day, and somebody withdrew a day ago: it is told, what was withdrawn is in no answer, and the next training is without it.

About two minutes.
"""

import re
from datetime import timedelta

import numpy as np
import pytest
import yaml
from django.db import connection, transaction
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import ConsentEvent, PersonalizationLevel
from accounts.services.consent import consent_set
from discovery.platform.redis import QUEUES
from graph.models import ModelVersion, TrainingRun
from graph.sample.community import sample_community_create
from graph.training.run import FIXED_TIMES
from graph.training.training_edges import edges_of_model, edges_of_person
from tests import factories
from tests.faults.installation import CONSENT, ROOT
from tests.faults.queues import A_ROUND, working
from tests.graph.small_artifact import write_artifact
from tests.graph.training.test_publish import publish
from tests.processes import wait_for

pytestmark = [pytest.mark.worker, pytest.mark.timeout(600)]
LATE = timedelta(hours=25)
ANSWER = """{ viewer {
  fromFriends(first: 10) { degraded edges { node { reasons { text } } } }
  discover(first: 10) { degraded modelVersion { id } edges { node { reasons { text } } } }
  activity(first: 50) { edges { node { __typename } } } } }"""
MINE = "{ activeModel { id ledgerPosition } viewer { dataUsage { models { id } } } }"
AT_LEAST = re.compile(r"max\((\w+)\) > ([\d* ]+)$")


def person(name):
    """As the ledger knows them."""
    user = factories.listener(name, level=PersonalizationLevel.SOCIAL, display_name=name.title())
    for purpose in factories.EVERYTHING:
        consent_set(user=user, purpose=purpose, granted=True)
    return user


def measured(installation):
    """What /metrics says, by name and label."""
    text = installation.scraped()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def fires(measured):
    """Those of the alerts on a largest value that would."""
    (group,) = yaml.safe_load((ROOT / "deploy/prometheus-alerts.yml").read_text())["groups"]
    bounds = {rule["alert"]: AT_LEAST.match(rule["expr"]) for rule in group["rules"]}
    return {
        name
        for name, found in bounds.items()
        if found and measured.get((found[1],), 0) > np.prod([int(each) for each in found[2].split("*")])
    }


def a_day_passes():
    """Since the model was made, and since what was withdrawn was; the ledger's own guard refuses that to everybody else."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE accounts_consentevent SET occurred_at = occurred_at - %s", [LATE])
        cursor.execute(
            "UPDATE graph_modelversion SET created_at = created_at - %s, activated_at = activated_at - %s",
            [LATE, LATE],
        )


def test_what_was_withdrawn_a_day_ago_waits_for_a_worker_that_trains(installation):
    sample_community_create(listeners=120, now=timezone.now())
    ada, ben, track = factories.sharer("asking"), person("leaving"), factories.track()
    factories.befriended(ada, ben)
    factories.listens(ada, factories.track(), at=timezone.now())
    factories.listens(ben, track, 5, at=timezone.now() - timedelta(hours=1))
    edges = edges_of_person(ben)
    old = publish(
        write=lambda folder: write_artifact(folder, {"TRACK": {track.pk: (1.0,)}}),
        position=ConsentEvent.objects.latest("pk").pk,
    )
    installation.web().worker(arguments=["--exclude-queues", "training"])
    others = [queue for queue in QUEUES if queue != "training"]
    installation.until("worker", lambda: working(others), what="a sign of life")

    def shown():
        viewer = installation.ask(ada, ANSWER).data["viewer"]
        told = [viewer[name] for name in ("fromFriends", "discover")]
        named = [
            reason["text"] for one in told for edge in one["edges"] for reason in edge["node"]["reasons"]
        ]
        assert all(one["edges"] or one["degraded"] for one in told), "no list is empty without a word"
        return len(viewer["activity"]["edges"]), sum("Leaving" in text for text in named)

    def mine():
        answer = installation.ask(ben, MINE).data
        return answer["activeModel"]["id"], [model["id"] for model in answer["viewer"]["dataUsage"]["models"]]

    assert shown()[0] == 5
    assert shown()[1] > 0, "a friend's plays, by name"
    serves, learned = mine()
    assert learned == [serves], "they see that it learned from them"
    for purpose in ("CONTRIBUTE", "SOCIAL_OUT"):
        said = installation.ask(ben, CONSENT, purpose=purpose, granted=False)
        assert said.typename == "ConsentChange"
    assert shown() == (0, 0), "the next request"
    a_day_passes()
    wait_for(lambda: fires(measured(installation)), seconds=20, what="an alert")
    told = measured(installation)
    print(
        f"withdrawn {told['earshot_withdrawn_untrained_seconds',] / 3600:.1f} h ago, model of "
        f"{told['earshot_model_age_seconds',] / 3600:.1f} h; alerts: {fires(told)}"
    )
    assert fires(told) == {"EarshotWithdrawalNotTrainedAway"}
    assert told["earshot_alive", "training"] == 0, "EarshotNobodyWorks"
    assert told["earshot_alive", "privacy"] == 1
    ready = installation.get("/readyz")
    assert (ready.status, ready.body["status"]) == (200, "degraded")
    assert ready.body["components"]["worker"]["detail"] == "nobody works for training"
    for _ in range(10):
        assert shown() == (0, 0)
    assert mine() == (serves, [serves]), "and that it serves still"
    assert not TrainingRun.objects.exclude(model_version=old).exists()

    installation.worker("trainer", clock=False, arguments=["--queues", "training"])
    installation.until("trainer", lambda: run_of_withdrawal() is not None, what="the run", seconds=A_ROUND)
    installation.until("trainer", lambda: run_of_withdrawal().state == "DONE", what="its end")
    new = ModelVersion.objects.get(state="ACTIVE")
    assert (new, new.pk != old.pk) == (run_of_withdrawal().model_version, True)
    now_serves, learned = mine()
    assert (now_serves != serves, learned) == (True, [serves]), "they see that what serves is without them"
    assert len(edges)
    assert not np.intersect1d(edges_of_model(new), edges).size
    wait_for(
        lambda: measured(installation)["earshot_withdrawn_untrained_seconds",] == 0,
        seconds=20,
        what="the metric",
    )
    assert fires(measured(installation)) == set()
    assert shown() == (0, 0)


def run_of_withdrawal():
    assert FIXED_TIMES, "a day holds one, so that it is due"
    return TrainingRun.objects.filter(key__startswith="withdrawal:").first()
