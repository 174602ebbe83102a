"""Cursors: where a page ended, sealed for whom it was made and for which list.

A cursor says a position (the values by which its row stands where it stands) or, of a ranking, what was shown so far.
Both are written under authenticated encryption with a key of this installation: a cursor tells nothing, counts nobody
up, cannot be made up, and opens only for the same viewer and the same list. Equal positions have equal cursors.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import json
import threading
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings
from django.utils.translation import gettext as _
from strawberry import Info

from discovery.platform.errors import InvalidInput

EVERYBODY = 0  # whom a cursor is for that is the same for all
LARGEST = 16_000  # characters; no list that is paged through makes a longer one

Value = str | int | dt.date | UUID | None


def viewer_of(info: Info[Any, Any]) -> int:
    """For whom cursors of an answer are."""
    viewer = info.context.viewer
    return EVERYBODY if viewer is None else int(viewer.pk)


# --- positions ------------------------------------------------------------------------------


def position_sealed(values: Iterable[Value], *, viewer: int, of: str) -> str:
    """The cursor of a row that stands where these values put it in the list ``of``."""
    plain = [_plain(value) for value in values]
    return _sealed(json.dumps(plain, separators=(",", ":")).encode(), viewer, of)


def _plain(value: Value) -> str | int | None:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def position_opened(after: str, *, viewer: int, of: str) -> list[str | int | None]:
    """The values of a position; moments in ISO 8601. Raises InvalidInput for what is no cursor of this list."""
    values: list[str | int | None] = json.loads(_opened(after, viewer, of))
    return values


# --- what was shown -------------------------------------------------------------------------


def shown_sealed(ids: Iterable[int], *, viewer: int, of: str) -> str:
    """The cursor behind a page of a ranking: the keys of everything that was shown up to there."""
    body, before = bytearray(), 0
    for key in sorted(ids):
        step, before = key - before, key
        while step > 127:  # seven bits a byte, the highest says that there is more
            body.append(step & 127 | 128)
            step >>= 7
        body.append(step)
    return _sealed(bytes(body), viewer, of)


def shown_opened(after: str | None, *, viewer: int, of: str) -> frozenset[int]:
    """Keys of what was shown already. Raises InvalidInput for what is no cursor of this list."""
    if after is None:
        return frozenset()
    ids, before, step, shift = [], 0, 0, 0
    for byte in _opened(after, viewer, of):
        step |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            before += step
            ids.append(before)
            step = shift = 0
    return frozenset(ids)


# --- the seal -------------------------------------------------------------------------------


class _Cipher(threading.local):
    """One thread's end of the cipher, whose nonce is its own tag: equal texts under equal names are equal."""

    def __init__(self, secret: bytes) -> None:
        self.cipher = AESSIV(secret)


@cache
def _cipher(signing_key: str) -> _Cipher:
    return _Cipher(hashlib.blake2b(signing_key.encode(), digest_size=32, person=b"cursor").digest())


def _names(viewer: int, of: str) -> Sequence[bytes]:
    return [viewer.to_bytes(8), of.encode()]


def _sealed(body: bytes, viewer: int, of: str) -> str:
    block = _cipher(settings.SIGNING_KEY).cipher.encrypt(b"\x01" + body, list(_names(viewer, of)))
    return base64.urlsafe_b64encode(block).rstrip(b"=").decode("ascii")


def _opened(after: str, viewer: int, of: str) -> bytes:
    refusal = InvalidInput(_("after is not a cursor of ours."), field="after", code="INVALID_CURSOR")
    if len(after) > LARGEST:
        raise refusal
    try:
        block = base64.b64decode(
            after.encode("ascii") + b"=" * (-len(after) % 4), altchars=b"-_", validate=True
        )
        return _cipher(settings.SIGNING_KEY).cipher.decrypt(block, list(_names(viewer, of)))[1:]
    except (UnicodeError, binascii.Error, InvalidTag, ValueError):
        raise refusal from None
