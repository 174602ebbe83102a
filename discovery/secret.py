"""The installation's signing key when SECRET_KEY is not set: made once, kept beside the data."""

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key


def secret_key_get_or_create(home: Path) -> str:
    """Read ``home/secret_key``, writing a random one first where there is none (mode 0600)."""
    path = home / "secret_key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"secret_key.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(get_random_secret_key())
        try:
            os.link(draft, path)  # fails where another process was first: then its key counts
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
