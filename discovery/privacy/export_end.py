"""The end of exports: their files after a few days, the note that there was one some months later."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from discovery.models import DataExport

logger = logging.getLogger(__name__)

LIVES = timedelta(days=7)
EXPORTS_KEPT = timedelta(days=90)  # that there was one, after its file is gone


def exports_expire() -> int:
    """Delete files whose time is over, and those of nobody; return how many."""
    over = DataExport.objects.filter(state=DataExport.State.READY, expires_at__lte=timezone.now())
    over.update(state=DataExport.State.EXPIRED)
    folder = Path(settings.EXPORT_DIR)
    if not folder.is_dir():
        return 0
    kept = DataExport.objects.filter(state=DataExport.State.READY).values_list("pk", flat=True)
    names = {f"{key}.zip" for key in kept}
    gone = [path for path in folder.glob("*.zip") if path.name not in names and _is_old(path)]
    gone += [path for path in folder.glob("*.draft") if _is_old(path, timedelta(days=1))]
    for path in gone:
        path.unlink(missing_ok=True)
        logger.info("deleted the export %s", path.name)
    return len(gone)


def exports_forget() -> int:
    """Delete the notes of old exports; return how many. One that was never written is asked for anew."""
    return DataExport.objects.filter(requested_at__lt=timezone.now() - EXPORTS_KEPT).delete()[0]


def _is_old(path: Path, age: timedelta = timedelta(minutes=10)) -> bool:
    """Not one that was moved into place a moment before its row says so."""
    return path.stat().st_mtime < (timezone.now() - age).timestamp()
