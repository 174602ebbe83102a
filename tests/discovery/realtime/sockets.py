"""A subscriber for tests: graphql-transport-ws over a real socket, step by step."""

import json
from contextlib import ExitStack

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

FRIENDS = (
    "subscription { friendActivity { listener { handle } item { ... on Track { title artist { name } } } } }"
)


class Subscriber:
    """Connects to the server at ``port``; ``token`` or ``headers`` say who asks."""

    def __init__(self, port, token=None, *, headers=None):
        self._opened = ExitStack()
        self.wire = self._opened.enter_context(connect(
            f"ws://127.0.0.1:{port}/graphql/", subprotocols=["graphql-transport-ws"],
            additional_headers=headers, proxy=None,
        ))  # fmt: skip
        params = {"Authorization": f"Bearer {token}"} if token else {}
        self.send(type="connection_init", payload=params)
        self.refused = None
        try:
            assert self.receive()["type"] == "connection_ack"
        except ConnectionClosed as closed:
            self.refused = closed.rcvd.code

    def subscribe(self, query, **variables):
        self.send(type="subscribe", id="1", payload={"query": query, "variables": variables})
        return self

    def send(self, **message):
        self.wire.send(json.dumps(message))

    def receive(self, *, seconds=20):
        return json.loads(self.wire.recv(timeout=seconds))

    def data(self):
        message = self.receive()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        (value,) = message["payload"]["data"].values()
        return value

    def code(self):
        """The code of the error that comes next, whether before or after the subscription began."""
        message = self.receive()
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        return errors[0]["extensions"]["code"]

    def silent(self, *, seconds=0.5):
        """Whether nothing comes for a while."""
        try:
            self.wire.recv(timeout=seconds)
        except TimeoutError:
            return True
        return False

    def close(self):
        self._opened.close()
