"""Health checks from outside: ``python -m discovery.platform.probe web|clock``. Standard library only, so that asking is cheap.

``web`` asks /livez as the proxy would, ``clock`` when beat last wrote down what it did. Exit status 0 is well.
"""

from __future__ import annotations

import os
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

SILENT_SECONDS = 10 * 60  # beat writes every three minutes


def main(arguments: Sequence[str]) -> int:
    parser = ArgumentParser(prog="python -m discovery.platform.probe", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("web").add_argument("--port", type=int, default=8000)
    kinds.add_parser("clock").add_argument("schedule", type=Path, help="the file of beat's --schedule")
    asked = parser.parse_args(arguments)
    failed = web_failure(asked.port) if asked.kind == "web" else clock_failure(asked.schedule)
    if failed:
        print(failed, file=sys.stderr)  # noqa: T201  # a command for the terminal
    return 1 if failed else 0


def web_failure(port: int) -> str:
    """Why the web process on this machine is not well; empty where it is."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().removeprefix(".")
    request = urllib.request.Request(f"http://127.0.0.1:{port}/livez", headers={"Host": host})  # ourselves
    try:
        with urllib.request.urlopen(request, timeout=5):  # noqa: S310
            return ""
    except (urllib.error.URLError, OSError) as error:
        return f"the web process does not answer: {error}"


def clock_failure(schedule: Path) -> str:
    """Why beat is not well; empty where it is."""
    written = [path.stat().st_mtime for path in schedule.parent.glob(f"{schedule.name}*")]
    if not written:
        return f"beat has not written {schedule}"
    silent = time.time() - max(written)
    return f"beat wrote last {silent:.0f} seconds ago" if silent > SILENT_SECONDS else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
