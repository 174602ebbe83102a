"""What this installation writes is for its own user alone: database, keys, models, exports. Imports nothing of ours."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

logger = logging.getLogger(__name__)

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def private_umask() -> None:
    """From here on, whatever this process creates is readable by its own user only. Called before anything else."""
    os.umask(_OTHERS)


def private_tighten(*places: Path) -> int:
    """Take from everybody else what earlier versions, or another umask, left readable; return how much.

    Of a folder, everything below it. What belongs to another user is theirs to close.
    """
    changed = sum(map(_tightened, _below(places)))
    if changed:
        logger.warning("closed %d files and folders that others on this machine could read", changed)
    return changed


def _below(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        yield place
        if place.is_dir() and not place.is_symlink():
            for folder, folders, files in os.walk(place):
                yield from (Path(folder) / name for name in (*folders, *files))


def _tightened(path: Path) -> bool:
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode) or not found.st_mode & _OTHERS or found.st_uid != os.geteuid():
            return False
        path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
    except (FileNotFoundError, PermissionError):  # gone meanwhile, or on a file system that knows no modes
        return False
    return True
