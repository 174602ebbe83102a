"""What our PostgreSQL and our Redis have in common: a child that is waited for, and that a block's end stops."""

from __future__ import annotations

import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from discovery.embedded.process import last_lines
from discovery.platform.errors import ServiceFailed

POLL_SECONDS = 0.02


class Server(ABC):
    """``with Server() as server: …`` starts and stops it."""

    name: ClassVar[str]
    start_seconds: ClassVar[float]  # within which it answers, or has failed

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def start(self) -> None:
        """Returns when the server answers. Raises ServiceFailed when it does not."""

    @abstractmethod
    def stop(self) -> None:
        """End it and remove what it left; without effect where it was not started."""

    @abstractmethod
    def answers(self) -> bool: ...

    @property
    @abstractmethod
    def log(self) -> Path: ...

    @property
    def child(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise ServiceFailed(f"This {self.name} was not started.")
        return self._child

    def _wait(self) -> None:
        until = time.monotonic() + self.start_seconds
        while not self.answers():
            if self.child.poll() is not None or time.monotonic() > until:
                message = f"{self.name} did not start:\n{last_lines(self.log)}"
                self.stop()
                raise ServiceFailed(message)
            time.sleep(POLL_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
