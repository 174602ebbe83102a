"""A served model whose files are damaged, a new one of which nobody is told, and none ever, under web processes and a worker.

Not part of the suite: ``make faults``, which also runs tests/graph/serving/test_healing.py (each kind of damage, what is no number, models that
saw somebody who was erased: refused by the commands and in the admin, and never a stand-in).
"""

import json
import signal
import subprocess
import sys
import time

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import ConsentEvent
from discovery.models import Erasure
from discovery.platform.redis import QUEUES
from discovery.privacy.erasure import erasure_advance, erasure_request
from discovery.web.urls import pages
from graph import snapshot
from graph.models import ModelVersion
from graph.serving.artifact import MANIFEST
from graph.serving.storage import artifact_directory
from graph.training.training_edges import edges_write
from tasks.celery import app
from tests import factories
from tests.faults.fault_withdrawal import person
from tests.faults.installation import ROOT
from tests.faults.queues import working
from tests.graph.serving.test_healing import bit
from tests.graph.small_artifact import write_artifact
from tests.graph.training.test_publish import publish
from tests.processes import wait_for

pytestmark = [pytest.mark.worker, pytest.mark.timeout(300)]
ASKED = "{ viewer { discover(first: 1) { degraded modelVersion { id } edges { node { __typename } } } } }"


def test_web_serves_on_while_a_flipped_bit_is_found_by_the_worker_and_then_the_model_before(installation):
    ada, track = factories.sharer("ada"), factories.track()
    write = lambda folder: write_artifact(folder, {"TRACK": {track.pk: (1.0,)}})  # noqa: E731
    installation.web()

    def answered():
        return installation.ask(ada, ASKED).data["viewer"]["discover"]

    assert answered()["degraded"], "no model ever: there is an answer, and it says why it is a lesser one"
    before = publish(write=write)
    first = answered()["modelVersion"]
    now = publish(write=write)  # nobody is told: the next request has it
    second = answered()["modelVersion"]
    assert first != second, "bound: one request"
    bit(artifact_directory(now.pk))
    assert answered()["modelVersion"] == second, "from memory"
    installation.worker(clock=False).until("worker", lambda: working(QUEUES), what="a sign of life")
    app.send_task("tasks.models.model_verify")  # as the clock does every hour
    wait_for(
        lambda: ModelVersion.objects.get(pk=before.pk).state == "ACTIVE", seconds=60, what="the one before"
    )
    assert answered()["modelVersion"] == first
    assert ModelVersion.objects.get(pk=now.pk).state == "DAMAGED"


# -- killed between the pointer and everything that follows from it

PUBLISHES_AND_DIES = """
import os, signal
import django
django.setup()
from graph.training import lease
from tests.faults.fault_models import publish_telling
lease.publish = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
publish_telling({first}, {second}, {known})
"""
RANKED = """{ viewer { discover(first: 2) { degraded modelVersion { id } edges { node { item {
  ... on Track { title } } } } } } }"""


def publish_telling(first, second, known):
    """A model that ranks ``first`` first for whoever plays ``known``; it says what it learned from."""

    def write(folder):
        vectors = {first: (1.0, 0.0), second: (0.0, 1.0), known: (1.0, 0.1)}
        write_artifact(folder, {"TRACK": vectors})
        manifest = json.loads((folder / MANIFEST).read_text())
        manifest["training_edges"] = edges_write(snapshot.take(), folder)
        (folder / MANIFEST).write_text(json.dumps(manifest))

    return publish(write=write, position=ConsentEvent.objects.latest("pk").pk)


def test_killed_right_after_the_row_is_active_and_all_serve_the_new_one(installation):
    """Two web processes hold the model before, which learned from somebody who is erased."""
    ada, eve = factories.sharer("ada"), person("eve")
    theirs, ours, known = (factories.track(title) for title in ("Theirs", "Ours", "Known"))
    factories.listens(ada, known, 3)
    factories.listens(eve, theirs, 3)
    before = publish_telling(theirs.pk, ours.pk, known.pk)
    installation.web("one").web("other")

    def answered(web):
        found = installation.ask(ada, RANKED, web).data["viewer"]["discover"]
        assert found["degraded"] is None
        titles = [edge["node"]["item"]["title"] for edge in found["edges"]]
        return found["modelVersion"]["id"], titles

    first = {web: answered(web) for web in ("one", "other")}
    assert first["one"] == first["other"]
    assert first["one"][1][0] == "Theirs"
    erasure = erasure_advance(erasure_id=str(erasure_request(user=eve, confirm="eve").pk))
    assert erasure.state == Erasure.State.PURGED, "it waits for a model without them"
    died = subprocess.run(
        [sys.executable, "-c", PUBLISHES_AND_DIES.format(first=ours.pk, second=theirs.pk, known=known.pk)],
        cwd=ROOT, env=installation.whole_environment(), timeout=120, check=False, capture_output=True, text=True,
    )  # fmt: skip
    at = time.monotonic()
    assert died.returncode == -signal.SIGKILL, died.stderr
    second = {web: answered(web) for web in ("one", "other")}
    print(f"both serve the new one {time.monotonic() - at:.2f} s after, with the first request")
    now = ModelVersion.objects.get(state="ACTIVE")
    assert now != before
    assert second["one"] == second["other"] != first["one"]
    assert second["one"][1][0] == "Ours"
    for _ in range(20):
        assert answered("one")[0] == answered("other")[0] == second["one"][0]
    for command in (["rollback_model"], ["promote_model", str(before.pk)]):
        with pytest.raises(CommandError, match="MODEL_SAW_ERASED"):
            call_command(*command)
    # What it did not come to is done by whoever comes next.
    assert artifact_directory(before.pk).exists()
    receipt = erasure_advance(erasure_id=str(erasure.pk)).receipt
    assert receipt["cleanModel"]["trainingEdges"]["inBoth"] == 0
    assert not artifact_directory(before.pk).exists()
    bit(artifact_directory(now.pk))
    installation.web("late")
    late = installation.ask(ada, RANKED, "late").data["viewer"]["discover"]
    assert late["degraded"] == "MODEL_UNAVAILABLE", "rather none than the one before"
    assert (answered("one")[0], ModelVersion.objects.get(state="ACTIVE")) == (second["one"][0], now)


# -- no model ever

NOTHING_YET = """query ($with: ID!) {
  activeModel { id }
  popular(first: 5) { degraded edges { node { __typename } } }
  viewer {
    discover(first: 5) { degraded edges { node { __typename } } }
    fromFriends(first: 5) { degraded edges { node { __typename } } }
    friendSuggestions(first: 5) { degraded edges { node { __typename } } }
    blend(with: [$with]) { degraded items { __typename } }
    tasteMatch(with: $with) { degraded } } }"""
START = "mutation { startRadio { __typename ... on RadioQueue { degraded now { __typename } } } }"
NOT_TO_BE_READ = {"imports", "player-let-in", "invitation-end", "invitation-open", "playlist-identified"}
ME = "{ viewer { profile { id } } }"


@pytest.mark.parametrize("played", [False, True])
def test_before_the_first_training_everything_answers_and_says_why_it_is_little(installation, played):
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    factories.befriended(ada, ben)
    if played:
        factories.listens(ben, factories.track())
        factories.listens(ada, factories.track())
    installation.web()
    told = installation.ask(
        ada, NOTHING_YET, **{"with": installation.ask(ben, ME).data["viewer"]["profile"]["id"]}
    ).data
    assert told["activeModel"] is None
    lists = {"popular": told["popular"], **told["viewer"]}
    print({name: one["degraded"] for name, one in lists.items()})
    assert {one["degraded"] for one in lists.values()} == {"NO_MODEL"}
    radio = installation.ask(ada, START)
    assert radio.data["startRadio"]["degraded"] == "NO_MODEL", radio.body
    client = Client()
    client.force_login(ada)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    seen = {}
    for page in pages:
        if page.pattern.converters or "(?P<" in str(page.pattern) or page.name in {"logout", "language"}:
            continue
        for jar in ({}, cookies):
            answer = installation.get(f"/{page.pattern}".replace("^", "").replace("/?$", "/"), cookies=jar)
            seen[page.name, bool(jar)] = answer.status
    odd = {key: status for key, status in seen.items() if status not in {200, 302}}
    print(f"{len(seen)} answers of pages; neither there nor elsewhere: {odd}")
    assert {name for name, _signed_in in odd} <= NOT_TO_BE_READ
    assert max(seen.values()) < 500
    ready = installation.get("/readyz").body["components"]
    assert (ready["model"]["ok"], ready["model"]["detail"]) == (False, "none was trained yet")
