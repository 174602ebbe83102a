"""``import_lastfm DIR [--assume-consent]``"""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from discovery.platform.errors import ImportFailed
from graph.importers.lastfm import lastfm_import
from graph.importers.report import FileReport, ImportReport

LINES_PER_REASON = 20  # of broken rows, unless -v 2


class Command(BaseCommand):
    help = "Import a folder of Last.fm HetRec 2011 files. Running it again stores only what is new."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument(
            "--assume-consent",
            action="store_true",
            help="for research: write into the ledger that listeners who never answered granted recording, "
            "personalization, contribution, sharing and being found",
        )

    def handle(self, *, folder: Path, assume_consent: bool, verbosity: int, **_: Any) -> None:
        console = Console(stderr=True)
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        try:
            with bar:
                watcher = Teller(console, bar, all_lines=verbosity > 1)
                report = lastfm_import(folder=folder, assume_consent=assume_consent, watcher=watcher)
        except ImportFailed as failure:
            raise CommandError(failure.message) from failure
        self.stdout.write(summary(report))


class Teller:
    """Tells a person how far the import is: a bar on a terminal, a line a file elsewhere."""

    def __init__(self, console: Console, bar: Progress, *, all_lines: bool) -> None:
        self.console, self.bar, self.all_lines = console, bar, all_lines
        self.tasks: dict[str, TaskID] = {}
        self.broken: Counter[tuple[str, str]] = Counter()

    def file_started(self, file: str, *, size: int) -> None:
        self.tasks[file] = self.bar.add_task(file, total=size)

    def bytes_read(self, file: str, count: int) -> None:
        self.bar.advance(self.tasks[file], count)

    def row_broken(self, file: str, *, line: int, reason: str) -> None:
        self.broken[file, reason] += 1
        if self.all_lines or self.broken[file, reason] <= LINES_PER_REASON:
            self._print(f"{file}:{line}: {reason}")
        elif self.broken[file, reason] == LINES_PER_REASON + 1:
            self._print(f"{file}: {reason}: further rows are only counted (-v 2 lists them)")

    def file_done(self, report: FileReport) -> None:
        if self.bar.disable:
            self._print(f"{report.file}: done")

    def _print(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)


def file_summary(file: FileReport) -> str:
    """Rows read, stored, skipped and why."""
    why = "; ".join(f"{count:,} {reason}" for reason, count in file.skipped.most_common())
    skipped = f"{file.skipped.total():,} skipped" + (f" ({why})" if why else "")
    return f"{file.file}: {file.read:,} rows read, {file.stored:,} stored, {skipped}"


def summary(report: ImportReport) -> str:
    """A line a file: rows read, stored, skipped and why; then the people."""
    lines = [file_summary(file) for file in report.files]
    lines.append(f"{report.listeners_new:,} new listeners")
    if report.consents_assumed_for:
        lines.append(f"{report.consents_assumed_for:,} listeners whose consent is now assumed")
    return "\n".join(lines)
