"""A worker and the clock give signs of life, and a worker sees to the clock that is in it.

The signs come from the loop in which a worker takes messages: one that hangs there gives none.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from celery import bootsteps
from celery.beat import EmbeddedService, PersistentScheduler

from discovery.platform.private_files import private_umask
from discovery.platform.pulse import CLOCK, EVERY_SECONDS, pulse_give

logger = logging.getLogger(__name__)


class Pulse(bootsteps.StartStopStep):  # type: ignore[misc]  # celery has no types
    """Every few seconds: which queues this worker serves; and a clock in it that has died is started again."""

    requires = frozenset({"celery.worker.components:Timer", "celery.worker.components:Beat"})

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._clock: Any = None  # one that we started, and have to end
        self._timer: Any = None

    def start(self, worker: Any) -> None:
        self._sign(worker)
        self._timer = worker.timer.call_repeatedly(EVERY_SECONDS, self._sign, (worker,))

    def stop(self, worker: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._clock is not None:
            self._clock.stop()

    def _sign(self, worker: Any) -> None:
        pulse_give(worker.app.amqp.queues.consume_from)
        if worker.beat is not None and not worker.beat.is_alive():
            logger.error("the clock has ended; starting it again")
            self._clock = worker.beat = EmbeddedService(
                worker.app, schedule_filename=worker.schedule_filename, scheduler_cls=worker.scheduler
            )
            self._clock.start()


class Clock(PersistentScheduler):  # type: ignore[misc]
    """Celery's, which says that it ticks."""

    _signed = 0.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        private_umask()  # before its file is there; Celery tells that the clock begins only after
        super().__init__(*arguments, **options)
        self.max_interval: float = EVERY_SECONDS  # it sleeps no longer, whatever is due

    def tick(self, *arguments: Any, **options: Any) -> Any:
        if time.monotonic() - self._signed >= EVERY_SECONDS - 1:
            pulse_give([CLOCK])
            self._signed = time.monotonic()
        return super().tick(*arguments, **options)
