"""Our rows under names that look like MusicBrainz ids: clients take nothing else, and a number would count people up."""

import hashlib
import uuid
from functools import cache

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from django.conf import settings

TRACK, PLAYLIST, MIX = 1, 2, 3  # kinds of things


def reference(kind: int, key: int) -> str:
    """The id under which a client knows the row of this kind and key."""
    block = kind.to_bytes(8) + key.to_bytes(8)
    encryptor = _cipher(settings.SIGNING_KEY).encryptor()
    return str(uuid.UUID(bytes=encryptor.update(block) + encryptor.finalize()))


def referred(kind: int, word: str) -> int | None:
    """The key of the row; None where the word is no id of this kind made here."""
    try:
        block = uuid.UUID(word).bytes
    except ValueError:
        return None
    decryptor = _cipher(settings.SIGNING_KEY).decryptor()
    plain = decryptor.update(block) + decryptor.finalize()
    there, key = int.from_bytes(plain[:8]), int.from_bytes(plain[8:])
    return key if there == kind and key < 2**63 else None


@cache
def _cipher(key: str) -> Cipher[ECB]:
    secret = hashlib.blake2b(key.encode(), digest_size=32, person=b"references").digest()
    return Cipher(AES(secret), ECB())  # noqa: S305  # of one block, where it is a permutation and nothing else
