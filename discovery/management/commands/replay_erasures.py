"""``replay_erasures [FILE …]``"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.privacy.erasures_kept import erasures_note, erasures_replay


class Command(BaseCommand):
    help = "After a restore, before the first request: erase again whoever the older copy brought back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "files", type=Path, nargs="*", metavar="FILE", help="lists from before the restore"
        )

    def handle(self, *, files: list[Path], **_: Any) -> None:
        if missing := [str(path) for path in files if not path.is_file()]:
            raise CommandError(f"There is no {', '.join(missing)}.")
        try:
            back = erasures_replay(files)
        except ValueError as error:
            raise CommandError(str(error)) from error
        erasures_note()
        self.stdout.write(f"Erased again: {len(back)}.")
