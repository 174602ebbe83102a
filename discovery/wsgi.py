"""The WSGI application, for servers without WebSockets."""

import os

import django
from django.core.wsgi import get_wsgi_application

from discovery.platform.private_files import private_umask
from discovery.platform.safe_settings import refuse_unsafe
from discovery.platform.tracing import tracing_begin
from discovery.platform.web_process import one_thread, sqlite_keep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "discovery.settings")
private_umask()
one_thread()
sqlite_keep()
django.setup(set_prefix=False)
refuse_unsafe()
tracing_begin()  # before the middleware is loaded
application = get_wsgi_application()
