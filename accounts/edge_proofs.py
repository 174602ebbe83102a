"""Whether a model learned from something: a Merkle tree over keyed hashes, and proofs that are checked with this file alone.

An *edge* is what somebody did, as words: ``("track_plays", "an opaque id")``. Its *leaf* is 64 bits of BLAKE2b under a
key of this person alone, so that leaves tell nothing to anybody else. In a model's tree stands another 64 bits for each: those
of the leaf under the ``salt`` of this model, so that nobody can tell from two models what is in both. They lie in 2^depth
buckets by their first bits; each bucket is filled up with random ones to a multiple of ``FULL``, so that neither a bucket nor a
proof says how many edges there are. Hashes of buckets are the lowest row of a binary tree of SHA-256, with other first
bytes for buckets (0) and for what lies above them (1), as RFC 6962 has it; the root is of the salt and what lies on top (2).

A proof shows the buckets in which some leaves would lie, and the hashes beside their way to the root. Who has the
edges, their own key and the root needs nobody's word: a leaf is in its bucket, or it is not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

FULL = 32  # leaves a bucket is filled up to, or a multiple of it
DEEPEST = 32
SALT = 32  # bytes
LEAF = re.compile("[0-9a-f]{16}")

Edge = tuple[str, ...]


class ProofInvalid(Exception):
    """The proof does not lead to the root, or does not show what it is asked for."""


def leaf_of(key: bytes, edge: Sequence[str]) -> int:
    """The 64 bits that stand for an edge of the person whose key this is."""
    return int.from_bytes(hashlib.blake2b(" ".join(edge).encode(), digest_size=8, key=key).digest())


def leaf_in(salt: bytes, leaf: int) -> int:
    """What stands for a leaf in the tree of the model whose salt this is."""
    return int.from_bytes(hashlib.blake2b(leaf.to_bytes(8), digest_size=8, key=salt).digest())


def commitment(key: bytes) -> str:
    """What may be known of a person's key before it is: whoever named it cannot bring another one later (hex)."""
    return hashlib.sha256(b"training key:" + key).hexdigest()


def bucket_of(leaf: int, depth: int) -> int:
    """In which of 2^depth buckets a leaf lies."""
    return leaf >> (64 - depth)


def bucket_hash(leaves: Iterable[int]) -> bytes:
    """Of leaves in ascending order."""
    return hashlib.sha256(b"\0" + b"".join(leaf.to_bytes(8) for leaf in leaves)).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Of the two nodes below."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_hash(salt: bytes, top: bytes) -> bytes:
    """Of a whole tree: another salt is another root, or else whoever proves could choose what is absent."""
    return hashlib.sha256(b"\2" + salt + top).digest()


def proven(proof: Mapping[str, Any], root: str, leaves: Iterable[int]) -> dict[int, bool]:
    """Of each leaf whether it is in the tree with this ``root`` (hex). Raises ProofInvalid."""
    try:
        depth, salt = _depth(proof["depth"]), _salt(proof["salt"])
        buckets = {_index(name, depth): _leaves(told) for name, told in proof["buckets"].items()}
        beside = [
            {_index(name, depth - level): bytes.fromhex(told) for name, told in row.items()}
            for level, row in enumerate(proof["nodes"])
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ProofInvalid(f"It is no proof: {error!r}.") from error
    for index, held in buckets.items():
        if any(bucket_of(leaf, depth) != index for leaf in held):
            raise ProofInvalid(f"Bucket {index} holds what lies elsewhere.")
    if root_hash(salt, _top(buckets, beside, depth)).hex() != root:
        raise ProofInvalid("It leads to another root.")
    found = {}
    for leaf in leaves:
        shown = leaf_in(salt, leaf)
        if (index := bucket_of(shown, depth)) not in buckets:
            raise ProofInvalid(f"It says nothing of {leaf:016x}.")
        found[leaf] = shown in buckets[index]
    return found


def _top(buckets: Mapping[int, Sequence[int]], beside: Sequence[Mapping[int, bytes]], depth: int) -> bytes:
    row = {index: bucket_hash(held) for index, held in buckets.items()}
    if not row or len(beside) != depth:
        raise ProofInvalid("It does not reach from a bucket to a root.")
    for given in beside:
        above = {}
        for index, own in row.items():
            other = row.get(index ^ 1) or given.get(index ^ 1)
            if other is None:
                raise ProofInvalid("A hash is missing on the way.")
            above[index >> 1] = node_hash(other, own) if index & 1 else node_hash(own, other)
        row = above
    return row[0]


def _depth(told: Any) -> int:
    if type(told) is not int or not 0 <= told <= DEEPEST:
        raise ValueError("depth")
    return told


def _salt(told: str) -> bytes:
    if len(salt := bytes.fromhex(told)) != SALT:
        raise ValueError("salt")
    return salt


def _index(told: str, depth: int) -> int:
    index = int(told)
    if not 0 <= index < 2**depth:
        raise ValueError("index")
    return index


def _leaves(told: Sequence[str]) -> list[int]:
    """Raises ValueError where they do not ascend: one bucket has one hash."""
    held = [leaf_read(leaf) for leaf in told]
    if held != sorted(held):
        raise ValueError("order")
    return held


def leaf_read(told: str) -> int:
    """A leaf as it is written, in 16 hexadecimal digits. Raises ValueError."""
    if not isinstance(told, str) or not LEAF.fullmatch(told):
        raise ValueError("leaf")
    return int(told, 16)


def leaf_write(leaf: int) -> str:
    """The same the other way."""
    return f"{leaf:016x}"
