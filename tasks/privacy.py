"""Exports and erasures, and what the clock ends: dated consents, old notes, old files."""

from __future__ import annotations

import logging

from accounts.services.device import devices_forget
from accounts.services.expiry import consents_expire
from discovery.privacy import erasure, export
from discovery.recommend.disclosure import social_use_forget
from discovery.room.services import rooms_close
from tasks.celery import app

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
    for key in export.exports_waiting():
        export_build.delay(key=key)
    for key in erasure.erasures_open():
        erasure_advance.delay(key=key)


@app.task
def privacy_expire() -> None:
    """End what ends by its date."""
    logger.info(
        "ended: %d consents, %d notes of social use, %d export files, %d rooms, %d devices",
        consents_expire(), social_use_forget(), export.exports_expire(), rooms_close(), devices_forget(),
    )  # fmt: skip
