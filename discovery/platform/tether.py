"""Ends a process when its parent ends, even when the parent is killed outright.

Run as a file it is a launcher: it ties itself to its parent, changes to another account where
asked, and becomes the given command. A launcher rather than a ``preexec_fn``, which may deadlock
in a parent with threads. Linux keeps the tie; elsewhere only the orderly ways end a child.
Only the standard library is used, so that it starts in a few milliseconds.
"""

import argparse
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def tie_to_parent(signal_number: int, *, parent: int | None = None) -> None:
    """Have the kernel send this process a signal when its parent's thread ends.

    ``parent`` is who the parent should be: if it is gone already, the signal comes now.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), signal_number)


def main(argv: list[str]) -> None:
    """Become the command in ``argv``, tied to the process ``--parent``."""
    parser = argparse.ArgumentParser(prog="tether")
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--signal", type=int, default=int(signal.SIGTERM))
    parser.add_argument("--user", type=int, help="become this user id; only root can")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args(argv)
    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if arguments.user is not None:  # before the tie, because a change of user unties
        os.setgroups([])
        os.setgid(arguments.user)
        os.setuid(arguments.user)
    tie_to_parent(arguments.signal, parent=arguments.parent)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
