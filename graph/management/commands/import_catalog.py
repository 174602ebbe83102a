"""``import_catalog FILE … [--all]``"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from discovery.platform.errors import ImportFailed
from graph.importers.musicbrainz import catalog_import
from graph.management.commands.import_lastfm import Teller, file_summary


class Command(BaseCommand):
    help = "Import artists and recordings from MusicBrainz's JSON dumps. Running it again stores only what is new."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
        only = parser.add_mutually_exclusive_group()
        only.add_argument(
            "--only-known",
            action="store_true",
            help="what plays name already, by id or by name (the default)",
        )
        only.add_argument("--all", action="store_true", dest="everything", help="all that the dump holds")

    def handle(self, *, files: list[Path], everything: bool, verbosity: int, **_: Any) -> None:
        console = Console(stderr=True)
        bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeRemainingColumn(),
            console=console, disable=not console.is_terminal,
        )  # fmt: skip
        with bar:
            for path in files:
                watcher = Teller(console, bar, all_lines=verbosity > 1)
                try:
                    report = catalog_import(path=path, everything=everything, watcher=watcher)
                except ImportFailed as failure:
                    raise CommandError(failure.message) from failure
                for file in report.files:
                    self.stdout.write(file_summary(file))
