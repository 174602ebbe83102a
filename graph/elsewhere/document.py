"""A signed file from one installation to another: named arrays, and a manifest that tells of them (docs/portable.md).

One safetensors file, its manifest in the header's metadata: nothing is unpacked, and no name in it leads to a path. The
manifest tells the SHA-256 of all arrays, and is signed with Ed25519 by the installation's key, as a receipt is.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from accounts.signatures import PROOF, SignatureInvalid, signed, verify
from discovery.platform.errors import InvalidInput, NotAllowed

FORMAT = 1
MODEL, SUMS, HELLO, MASKED = "EarshotModel", "EarshotSums", "EarshotRoundHello", "EarshotRoundMasked"
METADATA = "earshot"
LARGEST = 1 << 30  # bytes of a file
HEADER = 16 << 20  # of them at most that describe it
KINDS = ("ARTIST", "TRACK")
TOLD = 300  # letters of an error

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Document:
    """A file whose signature and hash were checked. What its arrays say is not."""

    manifest: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    digest: str  # SHA-256 of what was signed, and the signature (hex)

    @property
    def type(self) -> str:
        return str(self.manifest["type"])

    @property
    def signer(self) -> str:
        """The public key (base64)."""
        return str(self.manifest[PROOF]["publicKey"])

    def views(self) -> dict[str, dict[str, Any]]:
        """What the manifest tells of each kind of item."""
        return dict(self.manifest["views"])

    def section(self, prefix: str) -> dict[str, NDArray[Any]]:
        """The arrays whose names begin so, without that."""
        start = f"{prefix}."
        return {name.removeprefix(start): a for name, a in self.arrays.items() if name.startswith(start)}


def document_write(told: Mapping[str, Any], arrays: Arrays, secret: str) -> bytes:
    """The file of these arrays, signed with ``secret``; ``told`` names its ``type``."""
    arrays = {name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}
    manifest = signed({**told, "format": FORMAT, "arrays": arrays_hash(arrays)}, secret)
    return save(arrays, metadata={METADATA: json.dumps(manifest, ensure_ascii=False)})


def arrays_hash(arrays: Arrays) -> str:
    """SHA-256 over names, types, shapes and values (hex)."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(array_said(name, array.dtype, array.shape))
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def array_said(name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """What stands before an array's bytes in the hash: how long its name is and how long it is itself, so that none runs into another."""
    size = dtype.itemsize * math.prod(shape)
    return f"{len(name.encode())}:{name}:{dtype.str}:{shape}:{size};".encode()


def document_read(blob: bytes, *, expected: str) -> Document:
    """The file, whoever signed it.

    Raises InvalidInput: it is no such file of the ``expected`` type (BUNDLE_UNREADABLE), it is not what was signed
    (BUNDLE_FORGED), or holds what is no number (BUNDLE_INVALID).
    """
    manifest = manifest_of(blob)
    if manifest.get("type") != expected or manifest.get("format") != FORMAT:
        raise unreadable(f"it is no {expected} of format {FORMAT}")
    try:
        arrays = load(blob)
    except (SafetensorError, ValueError, TypeError, KeyError) as error:
        raise unreadable(str(error)) from error
    try:
        verify(manifest)
    except SignatureInvalid as error:
        raise forged(str(error)) from error
    if manifest.get("arrays") != arrays_hash(arrays):
        raise forged("its arrays are not the signed ones")
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise invalid(f"{name} holds what is no number")
    views = manifest.get("views")
    if not isinstance(views, dict) or not set(views) <= set(KINDS):
        raise invalid("it tells of no kind of item")
    if not all(isinstance(told, dict) for told in (*views.values(), manifest.get("config", {}))):
        raise invalid("what it tells of a kind of item, or its choices, is no object")
    return Document(manifest, arrays, _digest(manifest))


def _digest(manifest: Mapping[str, Any]) -> str:
    """Of what was signed and the signature, however it was written down: the arrays' hash is in it."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def manifest_of(blob: bytes) -> dict[str, Any]:
    """The manifest in the header, unchecked. Raises InvalidInput (BUNDLE_UNREADABLE)."""
    if len(blob) > LARGEST:
        raise unreadable(f"it is larger than {LARGEST} bytes")
    size = int.from_bytes(blob[:8], "little")
    if len(blob) < 8 + size or not 0 < size <= HEADER:
        raise unreadable("it is cut off, or no such file")
    try:
        manifest = json.loads(json.loads(blob[8 : 8 + size])["__metadata__"][METADATA])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise unreadable("it has no manifest") from error
    if not isinstance(manifest, dict):
        raise unreadable("it has no manifest")
    return manifest


def ensure_trusted(document: Document, trusted: Collection[str]) -> None:
    """Raises NotAllowed (BUNDLE_UNTRUSTED) where the operator named another key than the signer's, or none."""
    if document.signer not in trusted:
        raise NotAllowed(
            f"It is signed by {document.signer}, whom nobody here trusts. Ask its operator for their key, and name it with --trust.",
            code="BUNDLE_UNTRUSTED",
        )


def unreadable(why: str) -> InvalidInput:
    return InvalidInput(f"The file cannot be read: {_shown(why)}.", code="BUNDLE_UNREADABLE")


def forged(why: str) -> InvalidInput:
    return InvalidInput(f"The file is not what was signed: {_shown(why)}.", code="BUNDLE_FORGED")


def invalid(why: str) -> InvalidInput:
    return InvalidInput(f"The file contradicts itself: {_shown(why)}.", code="BUNDLE_INVALID")


def _shown(why: str) -> str:
    """Words of a stranger's file for an operator's terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in why)[:TOLD]
