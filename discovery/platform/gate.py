"""How many requests a process works on at once, how many wait, and for how long. Nobody waits for what cannot come in time.

Python runs one of many threads at a time, so more of them at once would answer nobody sooner. Imports nothing of ours.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Shed(Exception):
    """There is no place; come back in ``after`` seconds."""

    def __init__(self, after: int) -> None:
        super().__init__(f"no place; again in {after} s")
        self.after = after


class Gate:
    """``async with gate.place(): …``: ``places`` at once, ``most_waiting`` wait in their order, each for ``seconds`` at most.

    Used from one event loop.
    """

    def __init__(self, *, places: int, most_waiting: int, seconds: float) -> None:
        self.places = places
        self.taken = self.waiting = self.shed = 0
        self._free = asyncio.Semaphore(places)
        self._most_waiting, self._seconds = most_waiting, seconds

    def full(self) -> bool:
        """Whether the next one would wait."""
        return self._free.locked()

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Raises Shed where there is none in time."""
        await self._take()
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
            self._free.release()

    async def _take(self) -> None:
        if self.full() and self.waiting >= self._most_waiting:
            self._refuse()
        self.waiting += 1
        try:
            await asyncio.wait_for(self._free.acquire(), self._seconds)
        except TimeoutError:
            self._refuse()
        finally:
            self.waiting -= 1

    def _refuse(self) -> None:
        self.shed += 1
        raise Shed(max(1, round(self._seconds)))
