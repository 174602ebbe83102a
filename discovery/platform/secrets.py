"""The installation's keys when the environment names none, and words that only this installation can write and read."""

import base64
import binascii
import hashlib
import json
import os
import secrets
import zlib
from collections.abc import MutableMapping
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.core.management.utils import get_random_secret_key

SECRETS = ("SECRET_KEY", "SIGNING_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL")


def secrets_from_files(environment: MutableMapping[str, str]) -> None:
    """Take each secret that the environment does not say from the file that ``<NAME>_FILE`` names."""
    for name in SECRETS:
        if (path := environment.get(f"{name}_FILE")) and not environment.get(name):
            environment[name] = Path(path).read_text(encoding="utf-8").strip()


def secret_key_get_or_create(home: Path) -> str:
    """Read ``home/secret_key``, writing a random one first where there is none (mode 0600)."""
    return _get_or_create(home / "secret_key", get_random_secret_key())


def signing_key_get_or_create(home: Path) -> str:
    """The same for ``home/signing_key``: an Ed25519 secret key as 64 hex digits, which signs receipts."""
    return _get_or_create(home / "signing_key", secrets.token_hex(32))


def _get_or_create(path: Path, fresh: str) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
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


def sealed(values: Any, *, purpose: str, key: str) -> str:
    """JSON ``values`` as a word that tells nothing; the same word each time (AES-SIV, RFC 5297)."""
    plain = zlib.compress(json.dumps(values, separators=(",", ":")).encode())
    return base64.urlsafe_b64encode(_cipher(key).encrypt(plain, [purpose.encode()])).decode().rstrip("=")


def unsealed(word: str, *, purpose: str, key: str) -> Any:
    """What was `sealed` for this purpose. Raises ValueError for every other word."""
    try:
        block = base64.b64decode(
            word.encode("ascii") + b"=" * (-len(word) % 4), altchars=b"-_", validate=True
        )
        return json.loads(zlib.decompress(_cipher(key).decrypt(block, [purpose.encode()])))
    except (UnicodeError, binascii.Error, InvalidTag, zlib.error) as error:
        raise ValueError("not a word of this installation") from error


@cache
def _cipher(key: str) -> AESSIV:
    return AESSIV(hashlib.blake2b(key.encode(), digest_size=64, person=b"sealed words").digest())
