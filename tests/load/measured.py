"""What processes take, and how long ``/livez`` takes: measured beside the load."""

import contextlib
import http.client
import threading
import time
from typing import Self

import psutil

from discovery.lab.at_rest import shares

LIVEZ_EVERY = 0.5  # seconds


class Service:
    """A process and its descendants."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._root = psutil.Process(pid)

    def cpu(self) -> float:
        """CPU seconds since it began, of those that ended as well."""
        spent = 0.0
        for process in [self._root, *self._root.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                spent += sum(process.cpu_times()[:4])  # its own, and of the children whose end it saw
        return spent

    def memory(self) -> float:
        """Megabytes, proportional set size."""
        return sum(share.megabytes for share in shares(self.pid))


class Lives:
    """Asks ``/livez`` twice a second, each time on a new connection, until told to end."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.milliseconds: list[float] = []
        self.failed: list[str] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._over.wait(LIVEZ_EVERY):
            begun = time.perf_counter()
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
                connection.request("GET", "/livez")
                response = connection.getresponse()
                response.read()
                connection.close()
            except OSError as error:
                self.failed.append(str(error))
                continue
            self.milliseconds.append(1000 * (time.perf_counter() - begun))
            if response.status != 200:
                self.failed.append(f"HTTP {response.status}")


def percentile(values: list[float], share: float) -> float:
    """The value that ``share`` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")
