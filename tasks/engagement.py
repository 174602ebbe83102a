"""The week that is over, measured by the clock."""

from __future__ import annotations

import logging

from django.db import IntegrityError

from discovery.engagement.reports import report_due
from tasks.celery import app

logger = logging.getLogger(__name__)


@app.task
def engagement_measure() -> None:
    """Make the report of the last week; who finds it made leaves at once."""
    try:
        report = report_due()
    except IntegrityError:
        logger.info("somebody else measured the week meanwhile")
    else:
        if report is not None:
            logger.info("measured the week of %s", report.week)
