"""The model that serves, looked at by the clock."""

from __future__ import annotations

from graph.serving.active_model import active_verify
from tasks.celery import app


@app.task
def model_verify() -> None:
    """Find files that were damaged since they were loaded; the previous model serves then, and a training follows."""
    active_verify()
