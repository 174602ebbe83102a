"""Exports and erasures, the ledger's heads, and what the clock ends: dated consents, old notes, old files."""

from __future__ import annotations

import logging

from django.db import OperationalError

from accounts.services.expiry import consents_expire
from accounts.services.ledger_head import ledger_head_publish_due
from discovery.platform.pulse import housekeeping_note
from discovery.privacy import erasure, export
from discovery.privacy.retention import retention_enforce
from discovery.privacy.withdrawals_kept import withdrawals_compact, withdrawals_note
from graph.services.standing import catalog_sweep
from graph.training.rollout import models_forget
from tasks.celery import app
from tasks.errands import errands_again

logger = logging.getLogger(__name__)


@app.task
def export_build(*, key: str) -> None:
    """Write one export; a second delivery finds nothing to do."""
    export.data_export_build(export_id=key)


@app.task
def erasure_advance(*, key: str) -> None:
    """Take one erasure as far as it can go now."""
    erasure.erasure_advance(erasure_id=key)


@app.task
def privacy_resume() -> None:
    """Take up what a lost message or a killed worker left behind."""
    errands_again("tasks.privacy.erasure_advance", erasure.erasures_open())
    errands_again("tasks.privacy.export_build", export.exports_waiting())


@app.task
def withdrawals_complete() -> None:
    """Add to the list beside the database what a killed process, or a full disk, left out of it."""
    if added := withdrawals_note():
        logger.warning("added %d withdrawals that nobody had written down", added)


@app.task
def ledger_head_publish() -> None:
    """Sign where the consent ledger stands, once a day; where somebody writes into it for long, the next hour does."""
    try:
        head = ledger_head_publish_due()
    except OperationalError:
        logger.warning("the ledger is being written to; its head waits for the next hour")
    else:
        if head is not None:
            logger.info(
                "published head %d of the consent ledger, up to position %d", head.number, head.position
            )


@app.task
def privacy_expire() -> None:
    """End what ends by its date: dated consents, and what is kept no longer (`discovery.privacy.retention`)."""
    ended = {"consents": consents_expire(), **retention_enforce(), "words of nobody": catalog_sweep()}
    ended["models"] = models_forget()
    ended["lines of withdrawals"] = withdrawals_compact()
    housekeeping_note(ended)
    logger.info(
        "ended: %s", ", ".join(f"{count} {name}" for name, count in ended.items() if count) or "nothing"
    )
