"""What a running installation takes of the memory: ``python -m discovery.lab.at_rest [PID]``.

Proportional set size: what processes share is counted once, in parts. Of the process named and all that descend
from it; where none is named, of the demo that runs in ``EARSHOT_HOME``. Linux alone tells this.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from discovery.platform.home import home_dir

PROC = Path("/proc")
WORDS = 90  # characters shown of a command


@dataclass(frozen=True)
class Share:
    pid: int
    megabytes: float
    command: str


def shares(pid: int) -> list[Share]:
    """Of a process and its descendants, parents first."""
    return [found for each in _tree(pid) if (found := _share(each)) is not None]


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for tasks in sorted(PROC.glob(f"{pid}/task/*/children")):
        try:
            children = tasks.read_text().split()
        except (FileNotFoundError, ProcessLookupError):  # a thread that ended meanwhile
            continue
        for child in children:
            yield from _tree(int(child))


def _share(pid: int) -> Share | None:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        command = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):  # ended meanwhile
        return None
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return Share(pid, kilobytes / 1024, command.strip())


def _demo() -> int | None:
    """Whose lock it is, as the kernel says."""
    lock = home_dir() / "demo.lock"
    if not lock.exists():
        return None
    inode = f":{lock.stat().st_ino} "
    for line in (PROC / "locks").read_text().splitlines():
        if "FLOCK" in line and inode in line:
            return int(line.split()[4])
    return None


def main(arguments: list[str]) -> int:
    pid = int(arguments[0]) if arguments else _demo()
    if pid is None:
        print(f"No demo runs in {home_dir()}; name a process.", file=sys.stderr)
        return 1
    found = shares(pid)
    for share in found:
        print(f"{share.megabytes:8.1f} MB  {share.pid:>8}  {share.command[:WORDS]}")
    print(f"{sum(share.megabytes for share in found):8.1f} MB  in all")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
