"""Masks that are gone once all are added up: each two servers share a stream, which one of them adds and the other takes off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from graph.arrays import Ints
from graph.elsewhere.document import invalid
from graph.elsewhere.laid_over import MOST
from graph.elsewhere.large import WORD, Words64
from graph.exchange.rounds.agreement import Agreement
from graph.exchange.rounds.cells import Share
from graph.exchange.rounds.refusals import garbled

BLOCK = 1 << 20  # cells at a time
PURPOSE = b"earshot federation round 1"


@dataclass(frozen=True)
class Mask:
    """What is shared with one other server."""

    seed: bytes  # 32
    adds: bool  # the other one takes it off


def masks_of(private: bytes, agreement: Agreement, *, signer: str) -> list[Mask]:
    """One for each other server. Raises InvalidInput (BUNDLE_INVALID) for a key with which nothing is secret."""
    key, own = X25519PrivateKey.from_private_bytes(private), agreement.publics[signer]
    masks = []
    for other, public in agreement.publics.items():
        if other == signer:
            continue
        try:
            shared = key.exchange(X25519PublicKey.from_public_bytes(public))
        except ValueError as error:  # a point of low order
            raise invalid(f"the key of {other} is none") from error
        low, high = sorted((own, public))
        about = b"".join(
            (PURPOSE, bytes.fromhex(agreement.round_id), bytes.fromhex(agreement.digest), low, high)
        )
        seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=about).derive(shared)
        masks.append(Mask(seed, adds=own == low))
    return masks


def masked(share: Share, masks: Sequence[Mask], *, size: int) -> Iterator[Words64]:
    """All ``size`` cells, block by block, each with every mask: uniform words to whoever lacks one of them."""
    # A seed is used for one stream alone, so that its nonce may be 0.
    streams = [Cipher(ChaCha20(mask.seed, bytes(16)), mode=None).encryptor() for mask in masks]
    for start in range(0, size, BLOCK):
        stop = min(start + BLOCK, size)
        cells, nothing = share.dense(start, stop), bytes(WORD.itemsize * (stop - start))
        for mask, stream in zip(masks, streams, strict=True):
            words = np.frombuffer(stream.update(nothing), dtype=WORD)
            cells = cells + words if mask.adds else cells - words
        yield cells


def added_up(files: Sequence[Iterator[Words64]], own: Share, *, size: int) -> Share:
    """What all but oneself have together. Raises InvalidInput (ROUND_GARBLED) where masks remain, and what reading raises."""
    at: list[Ints] = []
    value: list[Ints] = []
    start, remain = 0, False
    for blocks in zip(*files, strict=True):
        total: Words64 = np.add.reduce(blocks)
        stop = start + len(total)
        others = (total - own.dense(start, stop)).view(np.int64)
        # Told at the end, when every file was seen to be the signed one.
        remain = remain or bool((others > MOST).any() or (others < -MOST).any())
        there = np.flatnonzero(others) if not remain else np.zeros(0, dtype=np.int64)
        at.append(there + start)
        value.append(others[there])
        start = stop
    if remain or start != size:
        raise garbled("masks remain")
    return Share(np.concatenate(at), np.concatenate(value))
