"""Signed JSON documents: Ed25519 over canonical JSON, with the public key beside the signature.

``{…, "proof": {"type": "Ed25519", "publicKey": base64, "signature": base64}}``. The signature covers
everything but ``proof``, as JSON with sorted keys, no white space and no ASCII escapes (UTF-8).
Checking one needs this file and ``cryptography``, no database and no network.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PROOF = "proof"


class SignatureInvalid(Exception):
    """The document is not what was signed, or was signed by somebody else."""


def canonical(document: Mapping[str, Any]) -> bytes:
    """The bytes a signature is over: the document without its proof."""
    signed = {key: value for key, value in document.items() if key != PROOF}
    return json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def public_key_text(secret: str) -> str:
    """The public key (base64) of a secret key (64 hex digits)."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret)).public_key()
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def signed(document: Mapping[str, Any], secret: str) -> dict[str, Any]:
    """``document`` with a proof by the key ``secret`` (64 hex digits)."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    signature = base64.b64encode(key.sign(canonical(document))).decode()
    proof = {"type": "Ed25519", "publicKey": public_key_text(secret), "signature": signature}
    return {**document, PROOF: proof}


def verify(document: Mapping[str, Any], public_key: str | None = None) -> None:
    """Check a signed document, by ``public_key`` (base64) or else by the key it carries itself.

    The key it carries shows that nobody changed it; only a key known from elsewhere shows who signed.

    Raises:
        SignatureInvalid: it does not check.

    """
    proof = document.get(PROOF)
    if not isinstance(proof, Mapping) or proof.get("type") != "Ed25519":
        raise SignatureInvalid("There is no Ed25519 proof in it.")
    if public_key is not None and proof.get("publicKey") != public_key:
        raise SignatureInvalid("It was signed with another key.")
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(str(proof["publicKey"]), validate=True))
        key.verify(base64.b64decode(str(proof["signature"]), validate=True), canonical(document))
    except (InvalidSignature, KeyError, ValueError, binascii.Error) as error:
        raise SignatureInvalid("The signature does not belong to this content.") from error
