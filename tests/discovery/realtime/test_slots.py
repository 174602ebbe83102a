"""How many sockets a viewer has, over processes that come, die and lose Redis."""

import asyncio
from contextlib import asynccontextmanager

import pytest
import redis

from discovery.embedded.redis import RedisServer
from discovery.realtime.slots import Slots

LIFETIME = 0.6  # seconds


@pytest.fixture
def server(tmp_path):
    with RedisServer(tmp_path / "r.sock", log=tmp_path / "redis.log") as server:
        yield server


@asynccontextmanager
async def processes(url, *, lifetime=LIFETIME):
    both = [Slots(url, lifetime=lifetime, most=3) for _ in range(2)]
    try:
        yield both
    finally:
        for one in both:
            await one.close()


def test_places_are_counted_over_processes_and_given_back(server):
    async def taken():
        async with processes(server.url) as (one, other):
            places = [await one.take(7), await other.take(7), await one.take(7)]
            full = [await one.take(7), await other.take(7)]
            another = await other.take(8)
            await one.give_back(places[0])
            return all(places), full, another is not None, await other.take(7) is not None

    assert asyncio.run(taken()) == (True, [None, None], True, True)


def test_a_living_process_keeps_its_places_and_a_dead_ones_run_out(server):
    async def held():
        async with processes(server.url) as (living, dead):
            assert await living.take(7)
            assert await dead.take(7)
            assert await dead.take(7)
            await dead.close()
            assert await living.take(7) is None
            await asyncio.sleep(2 * LIFETIME)
            return [await living.take(7) is not None for _ in range(3)]

    assert asyncio.run(held()) == [True, True, False]  # its first one still counts


def test_closing_ends_the_renewal_though_the_client_swallows_its_cancelation(server, monkeypatch):
    """As redis-py does where its own timeout falls into the same moment."""

    async def closed():
        async with processes(server.url) as (one, _):
            assert await one.take(7)
            renewing = asyncio.Event()

            async def swallows(*_args, **_kwargs):
                renewing.set()
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError as cancelation:
                    raise redis.TimeoutError from cancelation

            monkeypatch.setattr(one._redis, "eval", swallows)
            await renewing.wait()
            await asyncio.wait_for(one.close(), timeout=10)
            return one._renewing.done()

    assert asyncio.run(closed())


def test_without_redis_each_process_counts_for_itself_and_says_it_again_afterwards(server):
    async def lost():
        async with processes(server.url) as (one, other):
            assert await one.take(7)
            assert await one.take(7)
            server.child.kill()
            server.child.wait()
            alone = [await one.take(7) is not None for _ in range(2)]
            await asyncio.to_thread(server.start)  # it forgot everything
            await asyncio.sleep(LIFETIME)
            return alone, await other.take(7)

    assert asyncio.run(lost()) == ([True, False], None)
