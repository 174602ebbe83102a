"""Training, from a queue of its own."""

from __future__ import annotations

import logging
from typing import Any

from django.utils import timezone

from graph.training import run as training
from tasks.celery import app

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
    """Ask for the day's training, unless it would make the same model again."""
    if not training.is_up_to_date():
        train.delay(key=f"daily:{timezone.now():%Y-%m-%d}")


@app.task
def train_when_due() -> None:
    """Ask for trainings that withdrawals make due, and for those whose worker died."""
    due = training.run_due()
    for key in [*training.runs_abandoned(), *([due] if due else [])]:
        train.delay(key=key)
