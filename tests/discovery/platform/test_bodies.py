"""No request's body is longer than the longest that is read, or slower than a slow line; whoever sends one is told."""

import asyncio
import json

import pytest

from discovery.platform import bodies
from discovery.platform.bodies import bounded


def asked(parts, *, declared=None, largest=10):
    """What the client is sent, and the parts that the application was given, of a body that comes in like this.

    A part is its bytes, or how many seconds nothing comes.
    """

    async def conversation():
        waiting, sent, given = list(parts), [], []

        async def receive():
            if isinstance(waiting[0], float):
                await asyncio.sleep(waiting.pop(0))
            part = waiting.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(waiting)}

        async def send(message):
            sent.append(message)

        async def application(_scope, receive, send):
            while (message := await receive())["type"] == "http.request":
                given.append(message["body"])
                if not message["more_body"]:
                    await send({"type": "http.response.start", "status": 200})
                    return

        headers = [] if declared is None else [(b"content-length", str(declared).encode())]
        await bounded(application, {"headers": headers}, receive, send, largest=largest)
        return sent, given

    sent, given = asyncio.run(conversation())
    code = json.loads(sent[1]["body"])["errors"][0]["extensions"]["code"] if len(sent) > 1 else None
    return sent[0]["status"], code, given


@pytest.mark.parametrize(
    ("parts", "declared", "status", "code", "given"),
    [
        ([b"xxxx", b"xxxxxx"], 10, 200, None, 2),
        ([b""], None, 200, None, 1),
        ([b"xxxx", b"xxxxxxx"], None, 413, "LIMIT_EXCEEDED", 1),
        ([b"x" * 11], None, 413, "LIMIT_EXCEEDED", 0),
        ([b"never asked for"], 11, 413, "LIMIT_EXCEEDED", 0),
        ([b"x"], "9" * 5_000, 200, None, 1),  # no length
        ([b"x"], "-1", 200, None, 1),
    ],
)
def test_a_body_is_no_longer_than_what_is_read(parts, declared, status, code, given):
    told = asked(parts, declared=declared)
    assert (told[0], told[1], len(told[2])) == (status, code, given)


def test_a_body_comes_in_as_fast_as_a_slow_line(monkeypatch):
    monkeypatch.setattr(bodies, "SECONDS", 0.2)
    assert asked([b"x", 0.02, b"x"])[0] == 200
    assert asked([b"x", 5.0, b"x"])[:2] == (408, "TOO_SLOW")
    assert asked([0.12, b"x", 0.12, b"x", 0.12, b"x"])[:2] == (408, "TOO_SLOW")  # in all, not for each part
    monkeypatch.setattr(bodies, "SLOWEST", 10)
    assert asked([b"x" * 5, 0.4, b"x"])[0] == 200  # half a second more for what is there already


def test_who_was_answered_is_not_told_a_second_time():
    async def answers_first(_scope, receive, send):
        await send({"type": "http.response.start", "status": 401})
        await receive()

    async def conversation():
        sent = []

        async def receive():
            return {"type": "http.request", "body": b"x" * 11}

        async def send(message):
            sent.append(message)

        await bounded(answers_first, {"headers": []}, receive, send, largest=10)
        return sent

    assert [message["status"] for message in asyncio.run(conversation())] == [401]


def taken(pieces):
    """What a client is sent, who takes each piece so many seconds after it was offered; and whether they are told of as gone."""

    async def conversation():
        sent, told = [], asyncio.Event()

        async def receive():
            if not told.is_set():
                told.set()
                return {"type": "http.request", "body": b"", "more_body": False}
            return await asyncio.Event().wait()

        async def send(message):
            await asyncio.sleep(pieces[len(sent)])
            sent.append(message)

        async def application(_scope, receive, send):
            await receive()
            listening = asyncio.ensure_future(receive())
            for _ in pieces:
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
                await asyncio.sleep(0)
            await asyncio.sleep(0)
            if listening.done():
                return listening.result()["type"]
            listening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await listening
            return None

        result = []

        async def kept(*asked):
            result.append(await application(*asked))

        await asyncio.wait_for(bounded(kept, {"headers": []}, receive, send, largest=10), 5)
        return len(sent), result[0]

    return asyncio.run(conversation())


def test_an_answer_is_taken_as_fast_as_by_a_slow_line(monkeypatch):
    monkeypatch.setattr(bodies, "SECONDS", 0.2)
    assert taken([0.1, 0.1, 0.1]) == (3, None)  # each piece has its time: a song takes minutes
    assert taken([0.0, 60.0, 0.0, 0.0]) == (1, "http.disconnect")
