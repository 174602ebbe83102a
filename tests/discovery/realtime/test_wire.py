"""A peer that reads nothing: its message does not wait for ever, and it is let go."""

import asyncio

import pytest
from strawberry.http.exceptions import WebSocketDisconnected

from discovery.realtime import socket


def test_who_takes_nothing_is_treated_as_gone(monkeypatch):
    monkeypatch.setattr(socket, "SEND_SECONDS", 0.05)

    async def stalled():
        never = asyncio.Event()
        wire = socket._Wire(receive=never.wait, send=lambda _event: never.wait())
        reading = asyncio.create_task(anext(wire.iter_json(), "the end"))
        await asyncio.sleep(0)
        with pytest.raises(WebSocketDisconnected):
            await wire.send_json({"type": "next"})
        ended = await asyncio.wait_for(reading, 5)
        with pytest.raises(WebSocketDisconnected):  # and nothing more is tried
            await wire.send_json({"type": "next"})
        return ended

    assert asyncio.run(stalled()) == "the end"
