"""Temporary folders that are removed even when their owner was killed: by the next one to make one."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from pathlib import Path

LOCK = "owner.lock"
YOUNG_SECONDS = 60.0  # its owner may be about to lock it


class ScratchFolder:
    """A new folder ``<prefix>…`` below the system's temporary folder, locked as long as we live."""

    def __init__(self, prefix: str) -> None:
        _sweep(prefix)
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        self._lock = (self.path / LOCK).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def _sweep(prefix: str) -> None:
    """Remove folders of this prefix whose owner is gone: the kernel freed its lock."""
    for path in Path(tempfile.gettempdir()).glob(f"{prefix}*/{LOCK}"):
        try:
            with path.open("r+") as lock:
                if time.time() - path.stat().st_mtime > YOUNG_SECONDS:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path.parent, ignore_errors=True)
        except (BlockingIOError, FileNotFoundError, PermissionError):
            continue  # alive, gone already, or somebody else's
