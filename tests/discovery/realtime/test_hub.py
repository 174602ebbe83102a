"""What a slow subscriber keeps, how much it is told to have missed, and what it hears after a time without Redis."""

import asyncio

import pytest

from discovery.embedded.redis import RedisServer
from discovery.platform.events import publish
from discovery.realtime.hub import LOOK_AGAIN, NEWEST, WAITING, Hub, Inbox


def test_the_oldest_messages_go_first_and_are_counted_once():
    async def slow():
        inbox = Inbox()
        for number in range(WAITING + 3):
            inbox.put({"number": number})
        first = await inbox.get()
        return first, inbox.missed_take(), inbox.missed_take()

    assert asyncio.run(slow()) == ({"number": 3}, 3, 0)


def test_messages_come_in_their_order_and_an_empty_inbox_waits():
    async def in_order():
        inbox = Inbox()
        inbox.put({"number": 1})
        inbox.put({"number": 2})
        got = [(await inbox.get())["number"] for _ in range(2)]
        late = asyncio.create_task(inbox.get())
        await asyncio.sleep(0)
        waited = not late.done()
        inbox.put({"number": 3})
        return got, waited, (await late)["number"]

    assert asyncio.run(in_order()) == ([1, 2], True, 3)


def test_of_a_state_the_newest_message_waits_alone():
    async def slow():
        inbox = Inbox(NEWEST)
        for number in range(5):
            inbox.put({"number": number})
        return await inbox.get(), inbox.missed_take()

    assert asyncio.run(slow()) == ({"number": 4}, 4)


@pytest.fixture
def server(tmp_path, settings):
    with RedisServer(tmp_path / "r.sock", log=tmp_path / "redis.log") as server:
        settings.REDIS_URL = server.url
        yield server


def heard(inbox, seconds=10):
    return asyncio.wait_for(inbox.get(), seconds)


def test_a_subscriber_hears_what_happens_from_its_beginning_on(server):
    async def listens():
        async with Hub(server.url).opened(["one", "other"]) as inbox:
            await asyncio.to_thread(publish, ["one", "third"], {"number": 1})
            await asyncio.to_thread(publish, ["other"], {"number": 2})
            return [await heard(inbox), await heard(inbox)]

    assert asyncio.run(listens()) == [{"number": 1}, {"number": 2}]


def test_after_a_time_without_redis_everybody_looks_again_once_and_hears_on(server):
    async def listens():
        hub = Hub(server.url)
        async with hub.opened(["one"]) as before:
            server.child.kill()
            server.child.wait()
            async with hub.opened(["one"]) as meanwhile:
                await asyncio.to_thread(server.start)
                again = [await heard(before), await heard(meanwhile)]
                await asyncio.to_thread(publish, ["one"], {"number": 1})
                return again, [await heard(before), await heard(meanwhile)]

    assert asyncio.run(listens()) == ([LOOK_AGAIN] * 2, [{"number": 1}] * 2)


def test_many_who_come_at_once_while_the_connection_is_made_all_hear(server):
    async def listens():
        hub = Hub(server.url)

        async def one(number):
            await asyncio.sleep(number / 10_000)  # before, while and after it connects
            async with hub.opened([f"viewer:{number}"]) as inbox:
                ready.release()
                return await heard(inbox)

        ready = asyncio.Semaphore(0)
        tasks = [asyncio.create_task(one(number)) for number in range(100)]
        for _ in tasks:
            await ready.acquire()
        await asyncio.to_thread(publish, [f"viewer:{number}" for number in range(100)], {"number": 1})
        return await asyncio.gather(*tasks)

    assert asyncio.run(listens()) == [{"number": 1}] * 100
