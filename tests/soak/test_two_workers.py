"""Withdrawn in one web process, obeyed by the other with its next read. ``make soak`` does it a thousand times."""

import hashlib
import os
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import httpx
import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from accounts.services.consent import consent_set
from accounts.services.token import token_issue
from graph.models import ModelVersion
from graph.serving.artifact import MANIFEST
from tests import factories
from tests.graph.small_artifact import write_artifact
from tests.processes import survivors, tree_of, wait_for

TIMES = int(os.environ.get("EARSHOT_WITHDRAWALS", "20"))
READ = """{ viewer {
  fromFriends(first: 5) { edges { node { reasons { kind } } } }
  discover(first: 5) { modelVersion { id } edges { node { reasons { kind } } } }
  activity(first: 5) { edges { node { __typename } } } } }"""
SET = "mutation($on: Boolean!) { setConsent(purpose: SOCIAL_OUT, granted: $on) { __typename } }"


def database_url():
    """The test's own database, as another process is told of it."""
    there = django_settings.DATABASES["default"]
    if there["ENGINE"].endswith("sqlite3"):
        pytest.skip("two processes need a database server here")
    known = urlsplit(os.environ["DATABASE_URL"])
    return known._replace(path=f"{known.path.rpartition('/')[0]}/{there['NAME']}").geturl()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def workers(transactional_db, tmp_path):
    """Clients of two web processes on one database."""
    environment = os.environ | {
        "DATABASE_URL": database_url(), "LOG_LEVEL": "WARNING", "ARTIFACT_DIR": str(tmp_path),
    }  # fmt: skip
    ports = [free_port(), free_port()]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "discovery.asgi:application", "--port", str(port), "--log-level", "error"],
            env=environment,
        )
        for port in ports
    ]  # fmt: skip
    clients = [httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) for port in ports]
    try:
        for client in clients:
            wait_for(lambda client=client: answers(client), seconds=150, what="a web process")
        yield clients
    finally:
        for client in clients:
            client.close()
        trees = [process for worker in started for process in tree_of(worker.pid)]
        for worker in started:
            worker.terminate()
        for worker in started:
            worker.wait(timeout=20)
        assert survivors(trees) == []


def answers(client):
    try:
        return client.get("/livez").status_code == 200
    except httpx.TransportError:
        return False


def ask(client, token, query, **variables):
    answer = client.post(
        "/graphql/",
        json={"query": query, "variables": variables},
        headers={"Authorization": f"Bearer {token}"},
    ).json()
    assert "errors" not in answer, answer
    return answer["data"]


def model_publish(directory, track):
    """A model that knows this track, for both processes."""
    version = ModelVersion(
        state=ModelVersion.State.ACTIVE, data_hash="", ledger_position=0, config={}, metrics={}
    )
    folder = directory / str(version.pk)
    folder.mkdir()
    write_artifact(folder, {"TRACK": {track.pk: (1.0,)}})
    version.manifest_hash = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    version.save()


def uses(answer):
    """How many parts of an answer a friend's play has shaped: 3 when it is permitted, 0 when it is not."""
    viewer = answer["viewer"]
    assert viewer["discover"]["modelVersion"], "a model serves"
    from_friends, discover = (
        any(
            reason["kind"] == "FRIEND" for edge in viewer[name]["edges"] for reason in edge["node"]["reasons"]
        )
        for name in ("fromFriends", "discover")
    )
    return bool(viewer["activity"]["edges"]) + from_friends + discover


@pytest.mark.timeout(400 + 4 * TIMES)
def test_a_withdrawal_on_one_worker_is_obeyed_by_the_other(workers, tmp_path):
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    factories.befriended(ada, ben)
    track = factories.track()
    factories.listens(ben, track, at=timezone.now())
    consent_set(user=ben, purpose="SOCIAL_OUT", granted=True)
    model_publish(tmp_path, track)
    tokens = {"ada": token_issue(user=ada), "ben": token_issue(user=ben)}
    obeyed = 0
    for time in range(TIMES):
        worker, other = workers if time % 2 else reversed(workers)
        ask(worker, tokens["ben"], SET, on=True)
        assert uses(ask(other, tokens["ada"], READ)) == 3, "warm, and it can be seen"
        ask(worker, tokens["ben"], SET, on=False)
        obeyed += uses(ask(other, tokens["ada"], READ)) == 0
    print(f"{obeyed} of {TIMES} withdrawals were obeyed by the other process's next read.")
    assert obeyed == TIMES
