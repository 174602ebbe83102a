"""A staged rollout goes on by the clock, and drift of the model that serves asks for a training."""

from __future__ import annotations

from graph.training.rollout import drift_due, models_advance
from graph.training.run import is_begun
from tasks.celery import app
from tasks.errands import errand_send


@app.task
def models_further() -> None:
    """Take what is tried one state further where it is time."""
    models_advance()


@app.task
def model_drift() -> None:
    """Ask for a training where answers are made of other things than in the model's first days; once a day."""
    key = drift_due()
    if key is not None and not is_begun(key):
        errand_send("tasks.training.train", key)
