"""Sockets with nobody behind them yet: few of one address, and few in all, for each takes memory before it says who it is."""

from __future__ import annotations

import asyncio
from collections import Counter
from weakref import WeakKeyDictionary

from django.conf import settings

MOST = 500  # of all addresses, in one process


class Waiting:
    """The sockets of a process that wait for their first message, by address."""

    def __init__(self) -> None:
        self._by_address: Counter[str] = Counter()
        self._all = 0

    def come(self, address: str) -> bool:
        """Whether one more may wait; then it is counted until it goes (`go`)."""
        if self._all >= MOST or self._by_address[address] >= settings.SOCKETS_WAITING:
            return False
        self._by_address[address] += 1
        self._all += 1
        return True

    def go(self, address: str) -> None:
        self._all -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]


_waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, Waiting] = WeakKeyDictionary()


def waiting() -> Waiting:
    """Those of the running event loop's process."""
    return _waiting.setdefault(asyncio.get_running_loop(), Waiting())
