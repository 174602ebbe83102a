"""The ASGI application: HTTP goes to Django's synchronous views in threads of their own, WebSockets to GraphQL."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

from discovery.platform.bodies import bounded
from discovery.platform.private_files import private_umask
from discovery.platform.web_process import one_thread, sqlite_hold_open

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
LARGEST_BODY = 16 << 20  # bytes; of a file that is handed in, as many as are read and a form around them


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """One application for both protocols."""
    if scope["type"] == "websocket":
        await _socket(scope, receive, send)
        return
    http: Any = _http
    largest = LARGEST_BODY
    if scope["path"].endswith("/imports/"):
        largest += settings.UPLOAD_LARGEST
    elif scope["path"].endswith("/graphql/"):
        largest = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    await bounded(http, scope, receive, send, largest=largest)
