"""What was to follow from a play and did not leave at once."""

from __future__ import annotations

from graph.ingest.outbox import news_deliver_all
from tasks.celery import app


@app.task
def news_deliver() -> None:
    """Tell friends what a killed process, or a Redis that was away, left untold."""
    news_deliver_all()
