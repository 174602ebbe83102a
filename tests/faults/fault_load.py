"""Ten times as many as can be answered ask for a minute: the rest are told to come back, consent gets through, and it is over when it is.

About two minutes.
"""

import asyncio
import json
import time
from collections import Counter
from statistics import median

import httpx
import pytest
from django.utils import timezone

from tests import factories
from tests.faults.installation import CONSENT, DISCOVER, Answer

pytestmark = [pytest.mark.worker, pytest.mark.timeout(600)]
PEOPLE = 20
MINUTE = 60.0


class Line:
    """One client's connection. Spoken by hand: four hundred of a library's would measure the library."""

    def __init__(self, installation):
        self._installation, self._streams = installation, None

    async def ask(self, user, query, **variables):
        begun = time.monotonic()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._installation.ports["web"])
        reader, writer = self._streams
        body = json.dumps({"query": query, "variables": variables}).encode()
        said = {"Host": "localhost", "Content-Type": "application/json", "Content-Length": str(len(body))}
        lines = [f"{name}: {value}" for name, value in (said | self._installation.headers(user)).items()]
        writer.write(("POST /graphql/ HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode() + body)
        first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
        headers = httpx.Headers([line.split(": ", 1) for line in rest])
        told = await reader.readexactly(int(headers["content-length"]))
        return Answer(int(first.split()[1]), json.loads(told), headers, time.monotonic() - begun)

    def close(self):
        if self._streams is not None:
            self._streams[1].close()


async def load(installation, people, *, seconds, clients, said):
    """``clients`` ask without a pause; one more sets a consent every second. Returns what each was told."""
    discovered, until = [], time.monotonic() + seconds

    async def one(number):
        line, user = Line(installation), people[number % len(people)]
        while time.monotonic() < until:
            answer = await line.ask(user, DISCOVER)
            discovered.append(answer)
            if answer.status == 503:  # as a client does that does not even read when it is to come back
                await asyncio.sleep(0.5)
        line.close()

    async def consents():
        line, number = Line(installation), 0
        while time.monotonic() < until:
            number += 1
            granted = bool(number % 2)
            said.append((granted, await line.ask(people[0], CONSENT, purpose="SOCIAL_OUT", granted=granted)))
            await asyncio.sleep(1)
        line.close()

    await asyncio.gather(consents(), *(one(number) for number in range(clients)))
    return discovered


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def test_ten_times_the_load_for_a_minute(installation):
    people = [factories.sharer(f"player{number}") for number in range(PEOPLE)]
    for user in people:
        factories.listens(user, factories.track(), times=20, at=timezone.now())
        installation.token(user)
    installation.web()
    # As many as are worked on and wait at once are what it takes; ten times as many are too many.
    at_once = 8 + 40
    asyncio.run(load(installation, people, seconds=5, clients=8, said=[]))  # warm
    before_memory = installation.memory()
    before = asyncio.run(load(installation, people, seconds=8, clients=4, said=[]))
    said = []
    during = asyncio.run(load(installation, people, seconds=MINUTE, clients=10 * at_once, said=said))
    peak = installation.memory()
    time.sleep(3)
    after = asyncio.run(load(installation, people, seconds=8, clients=4, said=[]))
    after_memory = installation.memory()

    admitted = [answer.seconds for answer in during if answer.status == 200]
    shed = [answer for answer in during if answer.status == 503]
    usual, again = ([answer.seconds for answer in answers] for answers in (before, after))
    print(f"before: median {median(usual):.3f} s; statuses {Counter(answer.status for answer in during)}")
    print(f"admitted: median {median(admitted):.2f} s, 99 % {percentile(admitted, 0.99):.2f} s")
    print(
        f"shed: median {median(answer.seconds for answer in shed):.2f} s, 99 % {percentile([answer.seconds for answer in shed], 0.99):.2f} s"
    )
    print(f"consents: {len(said)}, slowest {max(answer.seconds for _, answer in said):.2f} s")
    print(
        f"after: median {median(again):.3f} s; memory {before_memory >> 20}, {peak >> 20}, {after_memory >> 20} MiB"
    )
    assert {answer.status for answer in during} == {200, 503}
    assert all(answer.codes == {"BUSY"} and int(answer.headers["retry-after"]) > 0 for answer in shed)
    assert percentile(admitted, 0.99) < 6
    assert {answer.typename for _, answer in said} == {"ConsentChange"}, "privacy finds its way"
    assert median(again) < 2 * median(usual) + 0.02
    assert after_memory < before_memory + (150 << 20)
