"""The one door to listening data for training and analysis.

`GraphSnapshot` is a frozen, numpy-backed copy of the graph that holds only what consent allows
for training, with id maps, a content hash and the position in the consent ledger it was taken at.
Rows (``user``, ``item``, ``tag``) index the id arrays; ids are database primary keys.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Rows = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Plays:
    """Listener–item edges of one item kind, one row a pair, sorted by (user, item)."""

    user: Rows  # [E] rows into GraphSnapshot.users
    item: Rows  # [E] rows into GraphSnapshot.artists or .tracks
    count: Floats  # [E] how often played, > 0


@dataclass(frozen=True, kw_only=True)
class Taggings:
    """Who called which item what. ``user`` is -1 for the catalogue's own tags."""

    user: Rows  # [E]
    item: Rows  # [E]
    tag: Rows  # [E]


@dataclass(frozen=True, kw_only=True)
class GraphSnapshot:
    """What may be learned from, at one position of the consent ledger."""

    users: Ids  # [U] people who granted CONTRIBUTE, ascending
    discoverable: NDArray[np.bool_]  # [U] who also granted DISCOVERABLE
    artists: Ids  # [A] the whole catalogue, ascending
    tracks: Ids  # [T] the whole catalogue, ascending
    tags: Ids  # [G] ascending
    track_artist: Rows  # [T] row of each track's artist
    artist_plays: Plays  # track plays rolled up, plus counts imported by artist
    track_plays: Plays
    artist_tags: Taggings
    track_tags: Taggings
    friendships: Rows  # [F, 2] accepted, low < high, both ends contribute
    ledger_position: int

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over every array, hence equal for equal content (hex)."""
        digest = hashlib.sha256()
        for name, array in self._arrays():
            digest.update(f"{name}:{array.dtype}:{array.shape};".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def _arrays(self) -> list[tuple[str, NDArray[np.generic]]]:
        found: list[tuple[str, NDArray[np.generic]]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                found.append((field.name, value))
            elif isinstance(value, Plays | Taggings):
                found += [(f"{field.name}.{f.name}", getattr(value, f.name)) for f in fields(value)]
        return found
