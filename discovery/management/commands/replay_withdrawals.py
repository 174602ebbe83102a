"""``replay_withdrawals [FILE …]``"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from discovery.privacy.withdrawals_kept import KEPT, copy_made_at, withdrawals_lost, withdrawals_replay

CLOSED = "--lost makes everything that anybody allowed expire, and asks them again."


class Command(BaseCommand):
    help = "After a restore, before the first request: take back again what people withdrew since the copy was made."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "files", type=Path, nargs="*", metavar="FILE", help="lists from before the restore"
        )
        parser.add_argument(
            "--signing-key", type=Path, action="append", default=[], metavar="FILE",
            help="a SIGNING_KEY from before, for lines that were written under it",
        )  # fmt: skip
        parser.add_argument(
            "--lost", action="store_true", help="there is no list: all that was allowed expires"
        )

    def handle(self, *, files: list[Path], signing_key: list[Path], lost: bool, **_: Any) -> None:
        if missing := [str(path) for path in (*files, *signing_key) if not path.is_file()]:
            raise CommandError(f"There is no {', '.join(missing)}.")
        made = copy_made_at()
        if lost:
            done = withdrawals_lost()
        elif made is None and not files:
            return self.stdout.write("Nobody has answered anything.")
        elif not files and not Path(settings.WITHDRAWALS).exists():
            raise CommandError(f"There is no list of withdrawals. {CLOSED}")
        elif made is not None and made < timezone.now() - KEPT:
            raise CommandError(f"The copy is older than the list reaches back ({KEPT.days} days). {CLOSED}")
        else:
            try:
                done = withdrawals_replay(files, keys=[path.read_text().strip() for path in signing_key])
            except ValueError as error:
                raise CommandError(f"{error}. {CLOSED}") from error
        return self.stdout.write(
            f"Taken back again: {done.withdrawn}. Expired, for nobody can tell: {done.unknown}."
        )
