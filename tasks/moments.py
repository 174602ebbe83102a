"""Playlists for moments that are about to begin."""

import logging

from discovery.moments.ready import playlists_make
from tasks.celery import app

logger = logging.getLogger(__name__)


@app.task
def playlists_ready() -> None:
    """Each minute; a second message finds the moments claimed."""
    if made := playlists_make():
        logger.info("made %d playlists for moments", made)
