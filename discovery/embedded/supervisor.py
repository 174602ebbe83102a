"""Several processes as one: they start in order, one that dies comes back, and when we are told to, all end.

The standard library and our own small modules alone, for a supervisor lives as long as what it watches.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from discovery.embedded.process import child_start, child_stop, last_lines
from discovery.embedded.server import Server
from discovery.platform.errors import ServiceFailed

POLL_SECONDS = 0.2
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds between a death and the next start; each time twice as long
MOST_DEATHS = 5  # of one member within …
MEMORY_SECONDS = 600.0  # … before nobody believes in it any more


class Stopped(BaseException):
    """Somebody asked us to end. Not an Exception, as KeyboardInterrupt is not one."""


@dataclass
class Member:
    """What is kept alive. ``launch`` starts it, once more each time; ``deaths`` are the moments it ended by itself."""

    name: str
    launch: Callable[[], subprocess.Popen[bytes]]
    child: subprocess.Popen[bytes]
    log: Path
    server: Server | None = None  # which knows how to end it
    deaths: list[float] = field(default_factory=list)
    due: float | None = None  # when it starts again; None while it lives


class Supervisor:
    """``with stopping_signals(), Supervisor(logs) as supervisor: supervisor.start(…); supervisor.wait()``.

    Leaving the block ends all members. Should we be killed outright, the kernel ends them (see ``tether``).
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._members: list[Member] = []
        self._step: subprocess.Popen[bytes] | None = None

    def start(
        self, name: str, command: Sequence[str], *, environment: Mapping[str, str] | None = None
    ) -> Member:
        """Start a member that writes to ``logs/<name>.log``: anew now, going on there when it comes back."""
        log = self._logs / f"{name}.log"
        log.unlink(missing_ok=True)

        def launch() -> subprocess.Popen[bytes]:
            # Killed, not asked: nobody is left who would wait for a worker to finish its task.
            return child_start(command, signal_number=signal.SIGKILL, log=log, environment=environment)

        member = Member(name, launch, launch(), log)
        self._members.append(member)
        return member

    def serve(self, server: Server) -> Member:
        """Start a server of ours, and start it again when it dies."""

        def launch() -> subprocess.Popen[bytes]:
            server.start()
            return server.child

        member = Member(server.name, launch, launch(), server.log, server)
        self._members.append(member)
        return member

    def run(self, name: str, command: Sequence[str]) -> None:
        """Run a step to its end with our own output. Raises ServiceFailed when it fails."""
        self._step = child_start(command, signal_number=signal.SIGKILL)
        while self._step.poll() is None:
            self.check()
            time.sleep(POLL_SECONDS)
        if self._step.returncode:
            raise ServiceFailed(f"{name} failed, see above.")
        self._step = None

    def check(self) -> None:
        """Start again what has ended, each in its time. Raises ServiceFailed for one that keeps ending."""
        for member in self._members:
            now = time.monotonic()
            if member.due is None and member.child.poll() is not None:
                self._died(member, f"with status {member.child.returncode}", now)
            elif member.due is not None and member.due <= now:
                member.due = None
                try:
                    member.child = member.launch()
                except ServiceFailed as error:
                    self._died(member, error.message, time.monotonic())

    def _died(self, member: Member, how: str, now: float) -> None:
        member.deaths = [*(at for at in member.deaths if at > now - MEMORY_SECONDS), now]
        times = len(member.deaths)
        if times >= MOST_DEATHS:
            raise ServiceFailed(
                f"{member.name} ended {times} times within {MEMORY_SECONDS / 60:.0f} minutes, the last time {how}; "
                f"it is not started again, and everything ends. The end of {member.log}:\n{last_lines(member.log)}"
            )
        pause = min(FIRST_PAUSE * 2 ** (times - 1), LONGEST_PAUSE)
        member.due = now + pause
        print(f"{member.name} ended {how}; starting it again in {pause:.1f} s.", file=sys.stderr, flush=True)

    def wait(self) -> None:
        """Until one keeps ending (ServiceFailed) or somebody asks us to end (Stopped)."""
        while True:
            self.check()
            time.sleep(POLL_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        own = [member.child for member in self._members if member.server is None]
        own += [self._step] if self._step is not None else []
        for child in own:  # all at once: they need not wait for one another
            if child.poll() is None:
                child.terminate()
        for child in own:
            child_stop(child)
        for member in self._members:  # last, because the others ask them
            if member.server is not None:
                member.server.stop()


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
