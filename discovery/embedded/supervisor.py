"""Runs several processes as one: they start in order, and when one ends or we are told to, all end."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from discovery.embedded.process import child_start, child_stop, last_lines
from discovery.platform.errors import ServiceFailed

POLL_SECONDS = 0.2


class Stopped(BaseException):
    """Somebody asked us to end. Not an Exception, as KeyboardInterrupt is not one."""


@dataclass(frozen=True)
class Member:
    name: str
    child: subprocess.Popen[bytes]
    log: Path | None


class Supervisor:
    """``with stopping_signals(), Supervisor(logs) as supervisor: supervisor.start(…); supervisor.wait()``.

    Leaving the block ends all members. Should we be killed outright, the kernel ends them (see ``tether``).
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._members: list[Member] = []

    def start(
        self, name: str, command: Sequence[str], *, environment: Mapping[str, str] | None = None
    ) -> Member:
        """Start a member that writes to ``logs/<name>.log``, anew at each start."""
        log = self._logs / f"{name}.log"
        log.unlink(missing_ok=True)
        # Killed, not asked: nobody is left who would wait for a worker to finish its task.
        child = child_start(command, signal_number=signal.SIGKILL, log=log, environment=environment)
        member = Member(name, child, log)
        self._members.append(member)
        return member

    def run(self, name: str, command: Sequence[str]) -> None:
        """Run a step to its end with our own output. Raises ServiceFailed when it fails."""
        child = child_start(command, signal_number=signal.SIGKILL)
        self._members.append(Member(name, child, None))
        if child.wait():
            raise ServiceFailed(f"{name} failed, see above.")
        self._members.pop()

    def check(self) -> None:
        """Raises ServiceFailed when a member has ended."""
        for member in self._members:
            if member.child.poll() is not None:
                end = last_lines(member.log) if member.log else ""
                raise ServiceFailed(f"{member.name} ended by itself ({member.log}):\n{end}")

    def wait(self) -> None:
        """Until a member ends (ServiceFailed) or somebody asks us to (Stopped)."""
        while True:
            self.check()
            time.sleep(POLL_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for member in self._members:  # all at once: they need not wait for one another
            if member.child.poll() is None:
                member.child.terminate()
        for member in reversed(self._members):
            child_stop(member.child)


@contextmanager
def stopping_signals() -> Iterator[None]:
    """The first SIGINT, SIGTERM or SIGHUP raises Stopped in the main thread; later ones change nothing.

    A second Ctrl-C must not cut short the orderly end and leave processes behind.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        for other in caught:
            signal.signal(other, signal.SIG_IGN)
        raise Stopped(signal.Signals(number).name)

    caught = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # ignored under nohup
        caught.append(signal.SIGHUP)
    for number in caught:
        signal.signal(number, stop)
    yield
