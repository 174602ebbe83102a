"""What a slow subscriber keeps, and how much it is told to have missed."""

import asyncio

from discovery.live.hub import WAITING, Inbox


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
