"""The Celery application: ``celery -A tasks worker``, ``celery -A tasks beat``."""

import gc
import os
import signal
from typing import Any

from celery import Celery
from celery.signals import (
    beat_embedded_init,
    beat_init,
    celeryd_after_setup,
    celeryd_init,
    worker_process_init,
    worker_process_shutdown,
)

from discovery.platform.private_files import private_umask
from discovery.platform.tether import tie_to_parent
from discovery.platform.tracing import tracing_begin, tracing_end
from tasks.fresh import FreshTask
from tasks.pulse import Pulse
from tasks.schedule import SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "discovery.settings")

app = Celery(
    "earshot",
    task_cls=FreshTask,
    include=[
        "tasks.training",
        "tasks.privacy",
        "tasks.histories",
        "tasks.outbox",
        "tasks.libraries",
        "tasks.plans",
        "tasks.models",
        "tasks.experiments",
        "tasks.engagement",
        "tasks.moments",
        "tasks.rollout",
    ],
)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = SCHEDULE
app.steps["worker"].add(Pulse)


@celeryd_init.connect
@beat_init.connect
def _files_are_private(**_: Any) -> None:
    private_umask()


@celeryd_after_setup.connect
def _share_what_is_loaded(**_: Any) -> None:
    """Before the pool and the clock are forked: the collector would write into every object, and each would get its own copy."""
    gc.collect()
    gc.freeze()


@worker_process_init.connect
@beat_embedded_init.connect
def tie_to_worker(**_: Any) -> None:
    """A pool process whose worker was killed outright would go on training for nobody."""
    tie_to_parent(signal.SIGKILL)


@worker_process_init.connect
def _trace(**_: Any) -> None:
    """After the fork: what sends spans is a thread, and threads are not forked."""
    tracing_begin()


@worker_process_shutdown.connect
def _send_traces(**_: Any) -> None:
    tracing_end()
