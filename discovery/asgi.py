"""The ASGI application: HTTP goes by the front door to Django's synchronous views, in threads of their own; WebSockets to GraphQL."""

import logging
import os

import django

from discovery.platform.bodies import bounded
from discovery.platform.private_files import private_umask
from discovery.platform.safe_settings import refuse_unsafe
from discovery.platform.tracing import tracing_begin
from discovery.platform.web_process import (
    connections_keep,
    files_many,
    loaded,
    loading,
    one_thread,
    quick_turns,
)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "discovery.settings")
private_umask()
loading()
one_thread()
quick_turns()
files_many()
django.setup(set_prefix=False)
refuse_unsafe()
tracing_begin()

# Behind it: the schema needs the apps to be loaded.
from discovery.front import FrontDoor, largest_body  # noqa: E402
from discovery.realtime.socket import Receive, Scope, Send, SubscriptionSocket  # noqa: E402
from discovery.schema import schema  # noqa: E402

BESIDE = 8  # connections for health, metrics and what sockets ask
# The front door tells of each request by its route; the server's own lines have addresses with all that stands in them.
logging.getLogger("uvicorn.access").disabled = True
_http = FrontDoor()
connections_keep(sum(gate.places for gate in _http.gates.values()) + BESIDE)
_socket = SubscriptionSocket(schema)
loaded()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """One application for both protocols."""
    if scope["type"] == "websocket":
        await _socket(scope, receive, send)
        return
    await bounded(_http, scope, receive, send, largest=largest_body(scope["path"]))
