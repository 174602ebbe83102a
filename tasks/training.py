"""Training, from a queue of its own: a worker that serves no other keeps nobody waiting (`celery -A tasks worker -Q training`)."""

from __future__ import annotations

import logging
from typing import Any

from django.utils import timezone

from graph.training import run as training
from tasks.celery import app
from tasks.errands import errand_send, errands_again

logger = logging.getLogger(__name__)


@app.task
def train(*, key: str, config: dict[str, Any] | None = None) -> None:
    """Train and publish. A second delivery of the same ``key`` leaves at once."""
    from graph.ml.config import RecommenderConfig  # torch stays out until there is something to train

    version = training.train_and_publish(
        key=key,
        holder=training.holder_name(),
        config=RecommenderConfig.from_dict(config) if config is not None else None,
    )
    if version is None:
        logger.info("%s is done or in other hands", key)


@app.task
def train_today() -> None:
    """Ask for the day's training, unless it would make the same model again. Later in the day: unless somebody has begun it."""
    key = f"daily:{timezone.now():%Y-%m-%d}"
    if not training.is_begun(key) and not training.is_up_to_date():
        errand_send("tasks.training.train", key)


@app.task
def train_when_due() -> None:
    """Ask for trainings that withdrawals make due, and for those whose worker died."""
    due = training.run_due()
    errands_again("tasks.training.train", [*training.runs_abandoned(), *([due] if due else [])])
