"""Addresses of Redis, and the names of the queues in it. Imports nothing of ours: the settings ask it."""

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

QUEUES = ("serving", "imports", "privacy", "training")
LONGEST = 100  # bytes; the kernel takes 107 and some clients less


def redis_socket(home: Path) -> Path:
    """``home/redis.sock``, or a short stand-in for it where that is longer than a socket's name may be."""
    path = home / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST:
        return path
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"earshot-{os.getuid()}-{digest}" / "redis.sock"


def celery_broker(redis_url: str) -> str:
    """The same server as Celery spells it: ``unix:///a.sock?db=2`` is ``redis+socket:///a.sock?virtual_host=2``."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={database}"
