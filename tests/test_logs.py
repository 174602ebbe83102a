"""What is logged of requests has no token, no name and no address in it; without the filter it would."""

import asyncio
import io
import json
import logging

import httpx
import pytest

from discovery import metrics
from discovery.front import FrontDoor
from discovery.platform.discreet_log import Discreet, JsonLines

SECRETS = ("sEcReT-0123456789-abcdefgh", "ada@example.org", "192.0.2.7", "quiet-ada")
TOKEN, ADDRESS, IP, HANDLE = SECRETS
PATHS = (
    f"/privacy/exports/{TOKEN}",
    f"/invitations/{TOKEN}/",
    f"/library/cover/{TOKEN}",
    f"/1/user/{HANDLE}/listens",
    f"/nowhere/{HANDLE}/{ADDRESS}?token={TOKEN}",
    f"/music/?q={ADDRESS}",
)


@pytest.fixture
def logged(monkeypatch):
    """Two logs of everything: as the settings write it in JSON, and without what keeps it discreet."""
    discreet, bare = io.StringIO(), io.StringIO()
    plain = logging.StreamHandler(bare)
    handler = logging.StreamHandler(discreet)
    handler.setFormatter(JsonLines())
    handler.addFilter(Discreet())
    root = logging.getLogger()
    monkeypatch.setattr(root, "level", logging.INFO)
    monkeypatch.setattr(root, "handlers", [plain, handler])  # in this order: the filter changes the record
    root.manager._clear_cache()
    monkeypatch.setattr(metrics, "gates_watch", lambda _gates: None)
    yield discreet, bare
    monkeypatch.undo()
    root.manager._clear_cache()


def test_no_line_tells_who_it_was(logged, transactional_db, redis_url):
    async def scene():
        transport = httpx.ASGITransport(FrontDoor(), client=(IP, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            for path in PATHS:
                await client.get(path)
            query = {"query": f'{{ search(text: "{ADDRESS}") {{ __typename }} }}'}
            await client.post("/graphql/", json=query, headers=headers)

    asyncio.run(scene())
    discreet, bare = (log.getvalue() for log in logged)
    lines = [json.loads(line) for line in discreet.splitlines()]
    assert [secret for secret in SECRETS if secret in discreet] == []
    assert TOKEN in bare
    assert ADDRESS in bare
    told = [line for line in lines if line["logger"] == "discovery.front"]
    assert len(told) == len(PATHS) + 1
    assert told[0]["route"] == "privacy/exports/<str:token>"
    assert told[4]["route"] == "(no route)"
    assert {"at", "level", "message", "method", "status", "milliseconds"} <= told[0].keys()


def test_an_exception_is_told_without_its_words(logged):
    def stored():
        raise ValueError(f"Key (email)=({ADDRESS}) already exists")

    try:
        stored()
    except ValueError:
        logging.getLogger("accounts").exception("it could not be stored")
    line = json.loads(logged[0].getvalue())
    assert line["exception"] == "builtins.ValueError"
    assert "test_logs.py" in line["from"][0]
    assert ADDRESS not in logged[0].getvalue()
    assert ADDRESS in logged[1].getvalue()


def test_what_a_task_failed_with_is_told_by_its_kind(logged):
    from celery.app.trace import LOG_FAILURE

    error = ValueError(f"Key (email)=({ADDRESS}) already exists")
    about = {"name": "tasks.x", "id": "1", "description": "raised unexpected", "exc": repr(error)}
    logging.getLogger("celery.app.trace").error(LOG_FAILURE.strip(), about)
    assert json.loads(logged[0].getvalue())["message"] == "Task tasks.x[1] raised unexpected: ValueError"
    assert ADDRESS in logged[1].getvalue()
