"""Requests of a web process share connections to PostgreSQL, and none is had that broke meanwhile."""

import pytest
from django.db import connection

from tests.discovery.platform.web_alone import printed

# Requests in turn and at once, with every connection ended in the middle; who asked the server is read off its own list.
ASKED = """
import asyncio, json
import httpx, psycopg
from discovery.asgi import application
from django.conf import settings
from django.db import connections

def backends(end=False):
    there = settings.DATABASES["default"]
    with psycopg.connect(dbname=there["NAME"], user=there["USER"], host=there["HOST"], autocommit=True) as own:
        chosen = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'web'"
        pids = [pid for (pid,) in own.execute(f"SELECT pid {chosen}")]
        if end:
            own.execute(f"SELECT pg_terminate_backend(pid) {chosen}")
        return pids

async def ask(client):
    answer = await client.post("/graphql/", json={"query": "{ popular(kind: TRACK, first: 1) { edges { node { __typename } } } }"})
    return answer.status_code, "errors" in answer.json()

async def scene():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://localhost") as client:
        one = [await ask(client) for _ in range(5)]
        first = backends()
        two = await asyncio.gather(*(ask(client) for _ in range(12)))
        before = backends(end=True)
        three = [await ask(client) for _ in range(3)]
        return {"answers": one + two + three, "first": first, "before": before, "after": backends()}

print(json.dumps(asyncio.run(scene())))
connections["default"].close_pool()
"""


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to share")
@pytest.mark.django_db(transaction=True)
def test_requests_share_connections_and_none_is_had_that_broke():
    seen = printed(
        ASKED, database="postgres://{USER}@/{HOST}/{NAME}?application_name=web", REQUESTS_AT_ONCE="4"
    )
    assert {tuple(answer) for answer in seen["answers"]} == {(200, False)}
    assert len(seen["first"]) == 1, "one after another takes one"
    assert len(seen["before"]) <= 4 + 1, "as many as are answered at once, and one whose answer is being sent"
    assert seen["after"]
    assert not set(seen["after"]) & set(seen["before"])


# Everything goes by a relay, which stops passing on; it neither answers then nor refuses, as a machine without power.
SILENT = """
import asyncio, json, os, sys, tempfile, time
import httpx

async def passed_on(reader, writer, flows):
    while data := await reader.read(65536):
        await flows.wait()
        writer.write(data)
    writer.close()

async def scene():
    flows = asyncio.Event()
    flows.set()
    async def relayed(reader, writer):
        there = await asyncio.open_unix_connection(os.environ["BEHIND"])
        ways = passed_on(reader, there[1], flows), passed_on(there[0], writer, flows)
        await asyncio.gather(*ways)
    place = tempfile.mkdtemp()
    await asyncio.start_unix_server(relayed, f"{place}/.s.PGSQL.5432")
    os.environ["DATABASE_URL"] = os.environ["DATABASE_URL"].replace("PLACE", place)
    from discovery.asgi import application
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://localhost") as client:
        async def ask():
            begun = time.monotonic()
            query = {"query": "{ popular(kind: TRACK, first: 1) { edges { node { __typename } } } }"}
            answer = await asyncio.wait_for(client.post("/graphql/", json=query), 20)
            return answer.status_code, time.monotonic() - begun
        before = await asyncio.gather(*(ask() for _ in range(4)))
        flows.clear()
        silent = [await ask() for _ in range(2)]
        flows.set()
        await asyncio.sleep(3)
        after = [await ask() for _ in range(2)]
    print(json.dumps([before, silent, after]))
    os._exit(0)

asyncio.run(scene())
"""


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to share")
@pytest.mark.django_db(transaction=True)
def test_a_server_that_falls_silent_is_away_in_seconds():
    before, silent, after = printed(
        SILENT,
        database="postgres://{USER}@/PLACE/{NAME}",
        BEHIND=f"{connection.settings_dict['HOST']}/.s.PGSQL.5432",
        REQUESTS_AT_ONCE="4",
        LOG_LEVEL="CRITICAL",
    )
    assert {status for status, _ in before} == {status for status, _ in after} == {200}
    assert {status for status, _ in silent} == {503}
    assert max(seconds for _, seconds in silent) < 4.0
