"""What an experiment does by the clock: it ends where it does harm, and is reported at fixed times."""

import logging

from discovery.experiments.services import experiment_guard, reports_make
from tasks.celery import app

logger = logging.getLogger(__name__)


@app.task
def experiments_look() -> None:
    """Once a day for all; a second message finds the reports made."""
    experiment_guard()
    for report in reports_make():
        logger.info("reported experiment %s as of %s", report.experiment.name, report.at.date())
