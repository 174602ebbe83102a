"""Music servers that people connect."""

from __future__ import annotations

from discovery.library.accounts import libraries_refresh, libraries_waiting
from discovery.library.reading import library_read as read
from tasks.celery import app
from tasks.errands import errands_again


@app.task
def library_read(*, key: str) -> None:
    """Read one; a second delivery finds it in other hands, or done, and a later one goes on where a killed one was."""
    read(account_id=int(key))


@app.task
def libraries_resume() -> None:
    """Take up what a lost message or a killed worker left behind."""
    errands_again("tasks.libraries.library_read", libraries_waiting())


@app.task
def libraries_read_again() -> None:
    """What came to servers since, and what went."""
    libraries_refresh()
