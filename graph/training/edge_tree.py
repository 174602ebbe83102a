"""The Merkle tree over what a model was trained on: its root, and proofs for some leaves. See `accounts.edge_proofs`.

Goes in: hashes of edges, the model's salt, and a secret from which the filling of buckets comes. Comes out: hashes that tell nobody how many
edges there are, nor which of them another model has, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accounts.edge_proofs import FULL, bucket_of, leaf_in, leaf_write, node_hash, root_hash

MEAN = FULL // 2  # edges a bucket holds on average, at most: nearly none holds more than FULL


class EdgeTree:
    """A tree over leaves, each once; ``salt`` is told to everybody, ``blind`` fills its buckets.

    Takes about 1 µs a leaf and 64 bytes a bucket.
    """

    def __init__(self, leaves: NDArray[np.uint64], *, salt: bytes, blind: bytes) -> None:
        self._salt = salt
        shown = (leaf_in(salt, leaf) for leaf in leaves.tolist())
        leaves = np.unique(np.fromiter(shown, dtype=np.uint64, count=len(leaves)))
        self.depth = max(int(np.ceil(np.log2(max(len(leaves), 1) / MEAN))), 0)
        size = 2**self.depth
        shift = np.uint64(64 - self.depth)
        place = leaves >> shift if self.depth else np.zeros(len(leaves), dtype=np.uint64)
        self._held = _filled(leaves, place.astype(np.int64), size, blind)
        row = [hashlib.sha256(b"\0" + bucket.astype(">u8").tobytes()).digest() for bucket in self._held]
        self._rows = [row]
        while len(row) > 1:
            row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
            self._rows.append(row)

    @property
    def root(self) -> str:
        """SHA-256 (hex)."""
        return root_hash(self._salt, self._rows[-1][0]).hex()

    def proof(self, leaves: Iterable[int]) -> dict[str, Any]:
        """What shows of each of these leaves whether it is there."""
        wanted = sorted({bucket_of(leaf_in(self._salt, leaf), self.depth) for leaf in leaves})
        buckets = {str(index): [leaf_write(int(leaf)) for leaf in self._held[index]] for index in wanted}
        nodes, on_way = [], set(wanted)
        for row in self._rows[:-1]:
            beside = sorted({index ^ 1 for index in on_way} - on_way)
            nodes.append({str(index): row[index].hex() for index in beside})
            on_way = {index >> 1 for index in on_way}
        return {"depth": self.depth, "salt": self._salt.hex(), "buckets": buckets, "nodes": nodes}


def _filled(
    leaves: NDArray[np.uint64], place: NDArray[np.int64], size: int, blind: bytes
) -> list[NDArray[np.uint64]]:
    """The leaves of each bucket [size], with others among them that nobody can tell from them."""
    held = np.bincount(place, minlength=size)
    missing = np.maximum(-(-held // FULL), 1) * FULL - held
    drawn = np.frombuffer(hashlib.shake_256(blind).digest(int(missing.sum()) * 8), dtype="<u8")
    where = np.repeat(np.arange(size), missing)
    depth = size.bit_length() - 1
    if depth:
        drawn = (drawn >> np.uint64(depth)) | (where.astype(np.uint64) << np.uint64(64 - depth))
    everything = np.concatenate([leaves, drawn])
    bucket = np.concatenate([place, where])
    order = np.lexsort((everything, bucket))
    return np.split(everything[order], np.cumsum(held + missing)[:-1])
