"""Messages that never end, from many sockets at once: the process does not keep them."""

import base64
import os
import socket
import struct

import psutil
import pytest

from tests.processes import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
SOCKETS = 40
LARGE = 15 << 20  # bytes that each would send
MOST_BYTES = 60 << 20
CONTINUED, TEXT, LAST, MASKED = 0x0, 0x1, 0x80, 0x80


def opened(port):
    """A socket of GraphQL's protocol behind its handshake; None where it is refused."""
    there = socket.create_connection(("127.0.0.1", port), timeout=10)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = (
        "GET /graphql/ HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: graphql-transport-ws",
    )  # fmt: skip
    there.sendall("\r\n".join([*lines, "", ""]).encode())
    if b" 101 " in there.recv(4096).split(b"\r\n")[0]:
        return there
    there.close()
    return None


def frame(kind, payload, *, size=None):
    """A client's frame; ``size`` where it says that it is longer than what comes of it."""
    return bytes([kind, MASKED | 127]) + struct.pack(">Q", size or len(payload)) + bytes(4) + payload


def one_long_frame():
    yield frame(TEXT | LAST, b" " * (1 << 20), size=LARGE)
    for _ in range(LARGE // (1 << 20) - 2):
        yield b" " * (1 << 20)


def many_fragments():
    piece = b" " * 60_000
    yield frame(TEXT, piece)
    for _ in range(LARGE // len(piece) - 1):
        yield frame(CONTINUED, piece)


@pytest.mark.parametrize("message", [one_long_frame, many_fragments])
def test_what_does_not_end_is_not_kept(live, processes, message):
    process = psutil.Process(processes.pids[0])
    warm = [opened(live.ports[0]) for _ in range(3)]
    assert all(warm)
    before = process.memory_info().rss
    sockets = [each for each in (opened(live.ports[0]) for _ in range(SOCKETS)) if each]
    assert sockets, "some come in"
    sent = []
    for each in sockets:
        try:
            sent.append(0)
            for piece in message():
                each.sendall(piece)
                sent[-1] += len(piece)
        except OSError:  # the server has closed it
            pass
    most = process.memory_info().rss
    print(
        f"{len(sockets)} came in, {max(sent) >> 10} KiB at most were sent, {(most - before) / (1 << 20):.1f} MiB more"
    )
    assert max(sent) < LARGE - (1 << 20), "nobody was heard to the end"
    assert most - before < MOST_BYTES
    for each in (*warm, *sockets):
        each.close()
    again = wait_for(lambda: opened(live.ports[0]), seconds=20, what="a place again")
    again.close()
