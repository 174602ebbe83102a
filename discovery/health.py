"""Whether this process lives, and whether it can serve.

Without the database nothing can be answered, so that alone makes a process unready. Without Redis
no background work starts, and without a model discovery says that it is degraded; both are
reported, and the rest goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypedDict

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from discovery.platform.errors import ModelUnavailable
from graph.serving import active_model

logger = logging.getLogger(__name__)

SECONDS_FOR_REDIS = 1.0


class Component(TypedDict):
    ok: bool
    detail: str


@never_cache
@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok", "components": {"process": Component(ok=True, detail="answers")}})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 "ok" or "degraded", or 503 "unavailable" when requests cannot be answered."""
    components = {name: probe() for name, probe in PROBES.items()}
    if not components["database"]["ok"]:
        status = "unavailable"
    else:
        status = "ok" if all(component["ok"] for component in components.values()) else "degraded"
    body = {"status": status, "components": components}
    return JsonResponse(body, status=503 if status == "unavailable" else 200)


def _database() -> Component:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return _failed("database does not answer")
    return Component(ok=True, detail=connection.vendor)


def _redis() -> Component:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=SECONDS_FOR_REDIS, socket_connect_timeout=SECONDS_FOR_REDIS
        ) as client:
            client.ping()
    except redis.RedisError:
        return _failed("Redis does not answer")
    return Component(ok=True, detail="answers")


def _model() -> Component:
    try:
        model = active_model.active()
    except DatabaseError:
        return _failed("database does not answer")
    except ModelUnavailable:
        return _failed("the active model cannot be read")
    if model is None:
        return Component(ok=False, detail="none was trained yet")
    return Component(ok=True, detail=str(model.version.pk))


def _failed(detail: str) -> Component:
    """The cause goes to the log: it may name addresses that are nobody's business outside."""
    logger.error("not ready: %s", detail)
    return Component(ok=False, detail=detail)


PROBES: dict[str, Callable[[], Component]] = {"database": _database, "redis": _redis, "model": _model}
