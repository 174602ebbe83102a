"""The ASGI application: HTTP goes to Django's synchronous views in threads of their own, WebSockets to GraphQL."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

from discovery.platform.private_files import private_umask
from discovery.platform.safe_settings import refuse_unsafe
from discovery.platform.web_process import bounded, one_thread, sqlite_hold_open

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "discovery.settings")
private_umask()
one_thread()
sqlite_hold_open()
_http = get_asgi_application()
refuse_unsafe()

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
    else:
        http: Any = _http
        file = scope["path"].endswith("/imports/")
        await http(scope, bounded(receive, LARGEST_BODY + file * settings.UPLOAD_LARGEST), send)
