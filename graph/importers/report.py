"""What an import did, row by row counted, and whom it tells while it works."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

ALREADY_STORED = "already stored"


@dataclass
class FileReport:
    """``read`` = ``stored`` + all of ``skipped``, which is keyed by the reason."""

    file: str
    read: int = 0
    stored: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


@dataclass
class ImportReport:
    files: list[FileReport] = field(default_factory=list)
    listeners_new: int = 0
    consents_assumed_for: int = 0

    @property
    def stored(self) -> int:
        return sum(file.stored for file in self.files)


class Watcher(Protocol):
    """Told of the progress while the import runs."""

    def file_started(self, file: str, *, size: int) -> None:
        """``size`` in bytes."""

    def bytes_read(self, file: str, count: int) -> None:
        """``count`` more bytes of the file were read."""

    def row_broken(self, file: str, *, line: int, reason: str) -> None:
        """A row that cannot be stored; the import goes on."""

    def file_done(self, report: FileReport) -> None:
        """Every row of the file has its verdict."""


class Silent:
    """A watcher who does not look."""

    def file_started(self, file: str, *, size: int) -> None:
        pass

    def bytes_read(self, file: str, count: int) -> None:
        pass

    def row_broken(self, file: str, *, line: int, reason: str) -> None:
        pass

    def file_done(self, report: FileReport) -> None:
        pass
