"""Many names as two arrays: a text object for each of a million would take ten times the memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from graph.arrays import Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class PackedNames(Sequence[str]):
    """Names in order: their UTF-8 behind one another, and where each ends."""

    letters: NDArray[np.uint8]  # [B]
    stops: Ints  # [n]

    @classmethod
    def of(cls, names: Iterable[str]) -> PackedNames:
        """These names, of which none is kept longer than it takes to pack it."""
        letters, stops = bytearray(), []
        for name in names:
            letters += name.encode()
            stops.append(len(letters))
        return cls(letters=np.frombuffer(bytes(letters), np.uint8), stops=np.array(stops, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.stops)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if not 0 <= place < len(self):
            raise IndexError(place)
        start = int(self.stops[place - 1]) if place else 0
        return self.letters[start : int(self.stops[place])].tobytes().decode()


NO_NAMES = PackedNames.of(())
