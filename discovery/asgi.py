"""The ASGI application; Django runs synchronous views in threads of their own."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "discovery.settings")
application = get_asgi_application()
