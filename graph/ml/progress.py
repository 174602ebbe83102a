"""How a long computation tells how far it is. Needs no torch, so that whoever only waits may import it."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]  # fraction in [0, 1], what is being done


def silent(_fraction: float, _message: str) -> None:
    """A progress that nobody looks at."""


def within(progress: Progress, start: float, stop: float, what: str = "") -> Progress:
    """For a part that takes from ``start`` to ``stop`` of the whole; its messages begin with ``what``."""
    prefix = f"{what}: " if what else ""
    return lambda fraction, message: progress(start * (1 - fraction) + stop * fraction, prefix + message)
