"""Withdrawn in one web process, obeyed by the other with its next read. ``make soak`` does it a thousand times."""

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
from tests import factories
from tests.processes import survivors, tree_of, wait_for

TIMES = int(os.environ.get("EARSHOT_WITHDRAWALS", "20"))
READ = "{ viewer { discover { notUsed } activity(first: 5) { edges { node { __typename } } } } }"
SET = "mutation($on: Boolean!) { setConsent(purpose: SOCIAL_OUT, granted: $on) { __typename } }"


def database_url():
    """The test's own database, as another process is told of it."""
    there = django_settings.DATABASES["default"]
    if there["ENGINE"].endswith("sqlite3"):
        pytest.skip("two processes need a database server here")
    known = urlsplit(os.environ["DATABASE_URL"])
    return known._replace(path=f"{known.path.rpartition('/')[0]}/{there['NAME']}").geturl()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def workers(transactional_db, tmp_path):
    """Clients of two web processes on one database."""
    environment = os.environ | {"DATABASE_URL": database_url(), "LOG_LEVEL": "WARNING"}
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
            wait_for(lambda client=client: answers(client), what="a web process")
        yield clients
    finally:
        trees = [process for each in started for process in tree_of(each.pid)]
        for each in started:
            each.terminate()
        for each in started:
            each.wait(timeout=20)
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


@pytest.mark.timeout(120 + TIMES)
def test_a_withdrawal_on_one_worker_is_obeyed_by_the_other(workers):
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    factories.befriended(ada, ben)
    factories.listens(ben, factories.track(), at=timezone.now())
    consent_set(user=ben, purpose="SOCIAL_OUT", granted=True)
    tokens = {"ada": token_issue(user=ada), "ben": token_issue(user=ben)}
    obeyed = 0
    for time in range(TIMES):
        one, other = workers if time % 2 else reversed(workers)
        ask(one, tokens["ben"], SET, on=True)
        assert ask(other, tokens["ada"], READ)["viewer"]["activity"]["edges"], "warm, and it can be seen"
        ask(one, tokens["ben"], SET, on=False)
        obeyed += not ask(other, tokens["ada"], READ)["viewer"]["activity"]["edges"]
    print(f"{obeyed} of {TIMES} withdrawals were obeyed by the other process's next read.")
    assert obeyed == TIMES
