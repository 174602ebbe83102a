"""Whoever reads an answer slowly holds neither a place nor a connection to the database meanwhile."""

import pytest
from django.db import connection

from tests.discovery.platform.web_alone import printed

# More slow readers than there are connections, each of an answer that asked the database; then somebody else asks.
SLOWLY = """
import asyncio, json, os
import httpx
from discovery.asgi import application
from django.conf import settings
from django.db import connections

QUERY = json.dumps({"query": "{ popular(kind: TRACK, first: 1) { edges { node { __typename } } } }"}).encode()
MOST = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]

async def slow():
    begun, never = asyncio.Event(), asyncio.Event()
    asked = [{"type": "http.request", "body": QUERY, "more_body": False}]
    async def receive():
        if asked:
            return asked.pop()
        await never.wait()
    async def send(message):
        if message["type"] == "http.response.body":
            begun.set()
            await never.wait()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/graphql/", "raw_path": b"/graphql/", "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1),
        "server": ("localhost", 80), "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
    }
    task = asyncio.ensure_future(application(scope, receive, send))
    await asyncio.wait_for(begun.wait(), 30)
    return task

async def scene():
    readers = [await slow() for _ in range(MOST + 1)]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://localhost") as client:
        answer = await client.post("/graphql/", content=QUERY, headers={"content-type": "application/json"})
        told = answer.status_code, answer.json(), connections["default"].pool.get_stats()
    print(json.dumps(told))
    os._exit(0)  # nobody waits for those readers

asyncio.run(scene())
"""


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to share")
@pytest.mark.django_db(transaction=True)
def test_slow_readers_keep_no_connection_from_others():
    status, answer, stats = printed(SLOWLY, REQUESTS_AT_ONCE="1")
    assert (status, "errors" in answer) == (200, False), (answer, stats)
    assert stats["pool_size"] <= 3
