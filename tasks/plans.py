"""Playlists that are made anew by the clock."""

from __future__ import annotations

from discovery.plans.services import plan_refresh as refresh
from discovery.plans.services import plans_due
from tasks.celery import app
from tasks.errands import errands_again


@app.task
def plan_refresh(*, key: str) -> None:
    """Make one anew; a second delivery finds it done, and a lost one is asked for again."""
    refresh(plan_id=int(key))


@app.task
def plans_refresh() -> None:
    """Ask for those whose time has come."""
    errands_again("tasks.plans.plan_refresh", plans_due())
