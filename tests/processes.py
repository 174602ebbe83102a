"""Looking at real process trees."""

import time

import psutil


def tree_of(pid: int) -> list[psutil.Process]:
    """A process and all that descend from it."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def is_alive(process: psutil.Process) -> bool:
    """A zombie is gone: it waits only for somebody to read its status."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def survivors(processes: list[psutil.Process], *, seconds: float = 20.0) -> list[str]:
    """Names of those that are still alive, after giving them time to end."""
    until = time.monotonic() + seconds
    while any(map(is_alive, processes)) and time.monotonic() < until:
        time.sleep(0.05)
    return [f"{process.pid} {process.name()}" for process in processes if is_alive(process)]


def wait_for(condition, *, seconds: float = 60.0, what: str = "condition"):
    """The first true answer of ``condition``; fails when there is none in time."""
    until = time.monotonic() + seconds
    while not (outcome := condition()):
        if time.monotonic() > until:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.05)
    return outcome
