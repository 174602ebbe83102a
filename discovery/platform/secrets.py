"""The installation's keys when the environment names none: made once, kept beside the data."""

import os
import secrets
from pathlib import Path

from django.core.management.utils import get_random_secret_key


def secret_key_get_or_create(home: Path) -> str:
    """Read ``home/secret_key``, writing a random one first where there is none (mode 0600)."""
    return _get_or_create(home / "secret_key", get_random_secret_key())


def signing_key_get_or_create(home: Path) -> str:
    """The same for ``home/signing_key``: an Ed25519 secret key as 64 hex digits, which signs receipts."""
    return _get_or_create(home / "signing_key", secrets.token_hex(32))


def _get_or_create(path: Path, fresh: str) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(fresh)
        try:
            os.link(draft, path)  # fails where another process was first: then its key counts
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
