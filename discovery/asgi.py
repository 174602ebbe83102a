"""The ASGI application: HTTP goes to Django's synchronous views in threads of their own, WebSockets to GraphQL."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

from discovery.platform.private_files import private_umask
from discovery.platform.web_process import one_thread, sqlite_hold_open

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "discovery.settings")
private_umask()
one_thread()
sqlite_hold_open()
_http = get_asgi_application()

# Behind it: the schema needs the apps to be loaded.
from discovery.realtime.socket import Receive, Scope, Send, SubscriptionSocket  # noqa: E402
from discovery.schema import schema  # noqa: E402

_socket = SubscriptionSocket(schema)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """One application for both protocols."""
    door: Any = _socket if scope["type"] == "websocket" else _http
    await door(scope, receive, send)
