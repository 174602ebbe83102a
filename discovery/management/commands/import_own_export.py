"""Put a person's own export back."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Purpose
from accounts.policies import permits
from discovery.platform.errors import ImportFailed
from discovery.privacy.restore import OBSERVED, export_restore


class Command(BaseCommand):
    help = "Create the person an export is of, with everything in it. They sign in with a token first (issue_token)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="The zip of requestDataExport.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user, stored = export_restore(options["file"])
        except ImportFailed as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{user.username} is here.")
        for name, rows in stored.items():
            self.stdout.write(f"  {name}: {rows}")
        if not permits(user, Purpose.RECORD):
            self.stdout.write(
                f"  {' and '.join(OBSERVED)} were left out: keeping plays (RECORD) is not granted."
            )
