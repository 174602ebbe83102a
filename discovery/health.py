"""Whether this process lives, and whether the installation can serve.

503 where requests cannot be answered as they should be: the database is away or not migrated, Redis is away, no worker
gives a sign of life, the active model cannot be read. Without a model, or without a worker for one of the queues,
discovery says that it is degraded, and goes on.

Looked at by one thread of its own, once a second at most, whoever asks: no request in work keeps an answer waiting.
"""

from __future__ import annotations

import asyncio
import logging
import pkgutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import redis
from django.apps import apps
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from discovery.platform.clock import clock_skew
from discovery.platform.errors import ModelUnavailable
from discovery.platform.pulse import CLOCK, client, pulse_missing
from discovery.platform.redis import QUEUES
from graph.serving import active_model

logger = logging.getLogger(__name__)

FRESH_SECONDS = 1.0  # for which an answer is everybody's
PATIENCE = 3.0  # for a look; a database that does not even refuse is away


@dataclass(frozen=True)
class Component:
    """``needed``: where it is not ``ok``, requests cannot be answered as they should be."""

    ok: bool
    detail: str
    needed: bool = True


Components = Mapping[str, Component]


def lives() -> JsonResponse:
    """The process answers; nothing else is asked."""
    components = {"process": {"ok": True, "detail": "answers"}}
    return JsonResponse({"status": "ok", "components": components}, headers={"Cache-Control": "no-store"})


def as_answer(components: Components) -> JsonResponse:
    """200 "ok" or "degraded", or 503 "unavailable"."""
    wrong = [component for component in components.values() if not component.ok]
    status = "unavailable" if any(each.needed for each in wrong) else "degraded" if wrong else "ok"
    told = {name: {"ok": each.ok, "detail": each.detail} for name, each in components.items()}
    return JsonResponse(
        {"status": status, "components": told},
        status=503 if status == "unavailable" else 200,
        headers={"Cache-Control": "no-store"},
    )


@never_cache
@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """Where no front door answers it: under WSGI."""
    return lives()


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    found: dict[str, Component] = {}
    look(found)
    return as_answer(found)


def look(found: dict[str, Component]) -> None:
    """Fill ``found``, one component after the other, so that whoever does not wait for the end sees how far it came."""
    for name, probe in PROBES.items():
        found[name] = probe()


class Readiness:
    """The last look, or a new one where it is older than a second. Used from one event loop."""

    def __init__(self, looking: Callable[[dict[str, Component]], None] = look) -> None:
        self._looking = looking
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readiness")
        self._found: dict[str, Component] = {}
        self._look: asyncio.Future[None] | None = None
        self._at = 0.0  # when it began

    async def now(self) -> Components:
        loop = asyncio.get_running_loop()
        if self._look is None or (self._look.done() and loop.time() - self._at >= FRESH_SECONDS):
            self._found, self._at = {}, loop.time()
            self._look = loop.run_in_executor(self._thread, self._looked, self._found)
        look, found = self._look, self._found
        await asyncio.wait({look}, timeout=PATIENCE)
        if not look.done():
            return _unfinished(found)
        look.result()
        return found

    def _looked(self, found: dict[str, Component]) -> None:
        try:
            self._looking(found)
        finally:
            connection.close()  # this thread's own


def _unfinished(found: Components) -> Components:
    """Where a look came to a stop."""
    told = dict(found)
    for name in PROBES:
        if name not in told:
            told[name] = _failed(f"{name} does not answer in time")
            break
    return told


def _database() -> Component:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return _failed("database does not answer")
    return Component(ok=True, detail=connection.vendor)


def _time() -> Component:
    skew = clock_skew()
    if skew is None:
        return Component(ok=True, detail="as the database's")
    return _failed(f"this machine's clock is off by {skew.total_seconds():.0f} s", needed=False)


def _migrations() -> Component:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            missing = migrations_of_this_release() - set(cursor.fetchall())
    except DatabaseError:
        return _failed("database is not migrated, or does not answer")
    if missing:
        return _failed(f"{len(missing)} migrations are not applied")
    return Component(ok=True, detail="applied")


@cache
def migrations_of_this_release() -> frozenset[tuple[str, str]]:
    """By their files' names: they need not be loaded."""
    found = set()
    for app in apps.get_app_configs():
        if find_spec(f"{app.name}.migrations") is not None:
            places = import_module(f"{app.name}.migrations").__path__
            found |= {
                (app.label, module.name) for module in pkgutil.iter_modules(places) if module.name[0] != "_"
            }
    return frozenset(found)


def _redis() -> Component:
    try:
        client().ping()
    except redis.RedisError:
        return _failed("Redis does not answer")
    return Component(ok=True, detail="answers")


def _worker() -> Component:
    try:
        missing = pulse_missing(QUEUES)
    except redis.RedisError:
        return _failed("cannot be told without Redis")
    if len(missing) == len(QUEUES):
        return _failed("no worker gives a sign of life")
    if missing:
        return Component(ok=False, detail=f"nobody works for {', '.join(missing)}", needed=False)
    return Component(ok=True, detail="alive")


def _clock() -> Component:
    try:
        stands = pulse_missing([CLOCK])
    except redis.RedisError:
        return _failed("cannot be told without Redis", needed=False)
    return _failed("the clock stands", needed=False) if stands else Component(ok=True, detail="ticks")


def _model() -> Component:
    try:
        model = active_model.active()
    except DatabaseError:
        return _failed("database does not answer")
    except ModelUnavailable:
        return _failed("the active model cannot be read")
    if model is None:
        return Component(ok=False, detail="none was trained yet", needed=False)
    return Component(ok=True, detail=str(model.version.pk))


def _failed(detail: str, *, needed: bool = True) -> Component:
    """The cause goes to the log: it may name addresses that are nobody's business outside."""
    logger.error("not ready: %s", detail)
    return Component(ok=False, detail=detail, needed=needed)


PROBES: dict[str, Callable[[], Component]] = {
    "database": _database,
    "time": _time,
    "migrations": _migrations,
    "redis": _redis,
    "worker": _worker,
    "clock": _clock,
    "model": _model,
}
