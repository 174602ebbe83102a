"""The ASGI application: HTTP goes to Django's synchronous views in threads of their own, WebSockets to GraphQL."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

from discovery.platform.private_files import private_umask
from discovery.platform.web_process import bounded, one_thread, sqlite_hold_open

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "discovery.settings")
private_umask()
one_thread()
sqlite_hold_open()
_http = get_asgi_application()

# Behind it: the schema needs the apps to be loaded.
from django.conf import settings  # noqa: E402

from discovery.realtime.socket import Receive, Scope, Send, SubscriptionSocket  # noqa: E402
from discovery.schema import schema  # noqa: E402

_socket = SubscriptionSocket(schema)
BESIDE = 1 << 16  # bytes of a body that are not the file in it


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """One application for both protocols."""
    if scope["type"] == "websocket":
        await _socket(scope, receive, send)
    else:
        http: Any = _http
        await http(scope, bounded(receive, settings.UPLOAD_LARGEST + BESIDE), send)
