"""Starting children that end with us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from discovery.platform import tether

STOP_SECONDS = 10.0


def child_start(
    command: Sequence[str],
    *,
    signal_number: int = signal.SIGTERM,
    log: Path | None = None,
    environment: Mapping[str, str] | None = None,
    user: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``command`` so that it gets ``signal_number`` when this process ends in any way.

    Call from the main thread: the tie is to the thread. The child has a session of its own, so
    that Ctrl-C reaches us alone and we end the children in order. Its output is appended to
    ``log``; without one it shares ours. ``user`` is a user id to run it under (root only).
    """
    launcher = [sys.executable, "-I", "-S", tether.__file__, "--parent", str(os.getpid())]
    launcher += ["--signal", str(int(signal_number))]
    if user is not None:
        launcher += ["--user", str(user)]
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
    output = log.open("ab") if log is not None else None
    try:
        return subprocess.Popen(
            [*launcher, "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    finally:
        if output is not None:
            output.close()


def child_stop(
    child: subprocess.Popen[bytes], *, signal_number: int = signal.SIGTERM, seconds: float = STOP_SECONDS
) -> int:
    """Ask a child to end, and kill its whole session when it takes longer than ``seconds``."""
    if child.poll() is None:
        child.send_signal(signal_number)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
    return child.wait()


def last_lines(log: Path, count: int = 20) -> str:
    """The end of a log, for a message about a child that failed."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
