"""Histories that people hand in."""

from __future__ import annotations

from graph.importers.history import history_run
from graph.services.history import histories_abandoned
from tasks.celery import app
from tasks.errands import errands_again


@app.task
def history_read(*, key: str) -> None:
    """Read one; a second delivery finds it in other hands, or done, and a later one goes on where a killed one was."""
    history_run(history_id=int(key))


@app.task
def histories_resume() -> None:
    """Take up what a lost message or a killed worker left behind."""
    errands_again("tasks.histories.history_read", histories_abandoned())
