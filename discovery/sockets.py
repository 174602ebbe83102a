"""Where the embedded Redis listens. Imports nothing of ours: the settings ask it."""

import hashlib
import os
import tempfile
from pathlib import Path

LONGEST = 100  # bytes; the kernel takes 107 and some clients less


def redis_socket(home: Path) -> Path:
    """``home/redis.sock``, or a short stand-in for it where that is longer than a socket's name may be."""
    path = home / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST:
        return path
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"earshot-{os.getuid()}-{digest}" / "redis.sock"
