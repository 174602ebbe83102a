"""``/metrics`` for Prometheus: what this process counted, and what the installation shares, asked anew every few seconds.

For this machine alone, or with ``METRICS_TOKEN`` as a bearer token. A proxy on the same machine makes everybody look like
this machine, so whoever comes through one needs the token.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from discovery.platform.gate import Gate
from discovery.platform.meters import REGISTRY
from discovery.platform.pulse import CLOCK, client, housekeeping_read, pulse_missing
from discovery.platform.redis import QUEUES
from discovery.privacy.erasure import erasures_open
from discovery.privacy.export import exports_waiting
from graph.models import FriendNews
from graph.selectors import deletions_after
from graph.services.history import histories_abandoned
from graph.serving.active_model import active_version
from graph.serving.eligible import contributions_withdrawn

logger = logging.getLogger(__name__)

FRESH_SECONDS = 5.0
LOOPBACK = frozenset({"127.0.0.1", "::1", None})  # None: a Unix socket
FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip"})

Gauges = dict[str, tuple[str, str | None, Mapping[str, float]]]


class _Gates(Collector):
    def __init__(self, gates: Mapping[str, Gate]) -> None:
        self._gates = gates

    def collect(self) -> Iterator[Metric]:
        running = GaugeMetricFamily("earshot_requests_running", "Requests in work.", labels=["gate"])
        waiting = GaugeMetricFamily(
            "earshot_requests_waiting", "Requests that wait for a place.", labels=["gate"]
        )
        shed = CounterMetricFamily("earshot_requests_shed", "Requests told to come back.", labels=["gate"])
        for name, gate in self._gates.items():
            running.add_metric([name], gate.taken)
            waiting.add_metric([name], gate.waiting)
            shed.add_metric([name], gate.shed)
        yield from (running, waiting, shed)


class _Shared(Collector):
    """What all processes would tell alike. What cannot be asked is left out, as Prometheus expects of what is unknown."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: list[Metric] = []
        self._at: float | None = None

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            if self._at is None or time.monotonic() - self._at > FRESH_SECONDS:
                self._asked = [*_asked(_in_redis, redis.RedisError), *_asked(_in_database, DatabaseError)]
                self._at = time.monotonic()
            yield from self._asked


def _asked(ask: Callable[[], Iterator[Metric]], away: type[Exception]) -> list[Metric]:
    try:
        return list(ask())
    except away as error:
        logger.warning("metrics lack what cannot be asked: %s", type(error).__name__)
        return []


def _in_redis() -> Iterator[Metric]:
    asked = client()
    waiting = GaugeMetricFamily(
        "earshot_queue_messages", "Messages that no worker has taken.", labels=["queue"]
    )
    alive = GaugeMetricFamily(
        "earshot_alive", "Whether somebody works for a queue, or the clock ticks.", labels=["part"]
    )
    missing = set(pulse_missing([*QUEUES, CLOCK]))
    for queue in QUEUES:
        waiting.add_metric([queue], int(asked.llen(queue)))
    for part in (*QUEUES, CLOCK):
        alive.add_metric([part], part not in missing)
    kept, at = housekeeping_read()
    ended = CounterMetricFamily(
        "earshot_housekeeping_ended", "What the clock has ended, by kind.", labels=["kind"]
    )
    for kind, count in sorted(kept.items()):
        ended.add_metric([kind], count)
    yield from (waiting, alive, ended)
    if at is not None:
        yield GaugeMetricFamily(
            "earshot_housekeeping_age_seconds", "Since the clock last ended what is over.", time.time() - at
        )


def _in_database() -> Iterator[Metric]:
    now = timezone.now()
    errands = GaugeMetricFamily(
        "earshot_errands_open", "Work that stands in the database and is not done.", labels=["kind"]
    )
    errands.add_metric(["export"], len(exports_waiting()))
    errands.add_metric(["erasure"], len(erasures_open()))
    errands.add_metric(["import"], len(histories_abandoned()))
    errands.add_metric(["news"], FriendNews.objects.count())
    yield errands
    version = active_version()
    if version is not None:
        yield GaugeMetricFamily(
            "earshot_model_age_seconds",
            "Since the active model was made.",
            (now - version.created_at).total_seconds(),
        )
        gone = [event.occurred_at for event in contributions_withdrawn(after=version.ledger_position)]
        gone += [row.deleted_at for row in deletions_after(version.deletion_position)]
        yield GaugeMetricFamily(
            "earshot_withdrawn_untrained_seconds", "Since the oldest withdrawal or deletion that the active model does not know.",
            (now - min(gone)).total_seconds() if gone else 0.0,
        )  # fmt: skip


_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="metrics")
REGISTRY.register(_Shared())


def gates_watch(gates: Mapping[str, Gate]) -> None:
    REGISTRY.register(_Gates(gates))


async def answer(scope: MutableMapping[str, Any]) -> HttpResponse:
    if not _may_read(scope):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    told = await asyncio.get_running_loop().run_in_executor(_thread, _told)
    return HttpResponse(told, content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _told() -> bytes:
    try:
        return generate_latest(REGISTRY)
    finally:
        connection.close()  # this thread's own


def _may_read(scope: MutableMapping[str, Any]) -> bool:
    headers = dict(scope["headers"])
    if settings.METRICS_TOKEN:
        asked = headers.get(b"authorization", b"")
        return hmac.compare_digest(asked, b"Bearer " + settings.METRICS_TOKEN.encode())
    host = (scope.get("client") or (None,))[0]
    return host in LOOPBACK and not FORWARDED & headers.keys()
