"""A signed document of one long array of 64-bit words, written and read in blocks: it need not fit into memory.

The same form as every document's (`graph.elsewhere.document`): one safetensors file with a signed manifest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accounts.signatures import PROOF, SignatureInvalid, signed, verify
from graph.elsewhere.document import FORMAT, HEADER, METADATA, array_said, forged, manifest_of, unreadable

Words64 = NDArray[np.uint64]
WORD = np.dtype("<u8")
NAME = "cells"
UNKNOWN_YET = "0" * 64  # stands where the hash will, which is as long


@dataclass(frozen=True)
class Large:
    """A file whose manifest was checked; its array is checked while it is read."""

    path: Path
    manifest: dict[str, Any]
    start: int  # of the array in the file
    size: int  # words

    @property
    def signer(self) -> str:
        """The public key (base64)."""
        return str(self.manifest[PROOF]["publicKey"])

    def blocks(self, length: int) -> Iterator[Words64]:
        """The array, ``length`` words at a time. Raises InvalidInput (BUNDLE_FORGED) at its end where it is not the signed one."""
        digest = _begun(self.size)
        with self.path.open("rb") as file:
            file.seek(self.start)
            for begin in range(0, self.size, length):
                data = file.read(WORD.itemsize * min(length, self.size - begin))
                digest.update(data)
                if len(data) % WORD.itemsize or not data:
                    raise unreadable("it is cut off")
                yield np.frombuffer(data, dtype=WORD)
        if digest.hexdigest() != self.manifest.get("arrays"):
            raise forged("its arrays are not the signed ones")


def large_write(
    path: Path, told: Mapping[str, Any], blocks: Iterable[Words64], *, size: int, secret: str
) -> None:
    """The file of ``size`` words, signed with ``secret``; ``told`` names its ``type``."""
    digest = _begun(size)
    with path.open("wb") as file:
        header = _header(told, UNKNOWN_YET, size, secret)
        file.write(header)
        for block in blocks:
            data = block.astype(WORD, copy=False).tobytes()
            digest.update(data)
            file.write(data)
        if file.tell() != len(header) + WORD.itemsize * size:
            raise ValueError(f"there are not {size} words")
        file.seek(0)
        file.write(_header(told, digest.hexdigest(), size, secret))


def large_read(path: Path, *, expected: str) -> Large:
    """The file, whoever signed it. Raises InvalidInput (BUNDLE_UNREADABLE, BUNDLE_FORGED)."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            head = file.read(length) if length <= HEADER else b""
            there = file.seek(0, 2)
        size = (there - 8 - length) // WORD.itemsize
        manifest = manifest_of(length.to_bytes(8, "little") + head)
        described = json.loads(head)[NAME]
    except OSError as error:
        raise unreadable(str(error)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable("it has no cells") from error
    if manifest.get("type") != expected or manifest.get("format") != FORMAT:
        raise unreadable(f"it is no {expected} of format {FORMAT}")
    if described != _described(size) or there != 8 + length + WORD.itemsize * size:
        raise unreadable("it is cut off, or of another form")
    try:
        verify(manifest)
    except SignatureInvalid as error:
        raise forged(str(error)) from error
    return Large(path, manifest, 8 + length, size)


def _begun(size: int) -> Any:
    """What `graph.elsewhere.document.arrays_hash` begins with for this array."""
    return hashlib.sha256(array_said(NAME, WORD, (size,)))


def _described(size: int) -> dict[str, Any]:
    return {"dtype": "U64", "shape": [size], "data_offsets": [0, WORD.itemsize * size]}


def _header(told: Mapping[str, Any], arrays: str, size: int, secret: str) -> bytes:
    """As long whatever the hash is: it, and a signature, have one length."""
    manifest = json.dumps(signed({**told, "format": FORMAT, "arrays": arrays}, secret), ensure_ascii=False)
    text = json.dumps(
        {"__metadata__": {METADATA: manifest}, NAME: _described(size)}, ensure_ascii=False
    ).encode()
    text += b" " * (-len(text) % WORD.itemsize)
    return len(text).to_bytes(8, "little") + text
