"""Check the consent ledger's hash chains, its heads, and its projection."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services.audit import ledger_verify
from accounts.services.ledger_head import heads_read


class Command(BaseCommand):
    help = "Check every hash chain of the consent ledger, all signed heads of it, and the current states against it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head", type=Path, action="append", default=[], metavar="FILE",
            help="A copy of heads from elsewhere (one JSON document, or one a line) to compare with, too.",
        )  # fmt: skip
        parser.add_argument(
            "--key",
            action="append",
            default=[],
            help="A public key (base64) of earlier heads, after a change of keys.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            heads = [head for path in options["head"] for head in heads_read(path)]
        except (OSError, ValueError) as error:
            raise CommandError(f"The heads cannot be read: {error}") from error
        problems = 0
        for problem in ledger_verify(heads=heads, keys=options["key"]):
            self.stderr.write(problem)
            problems += 1
        if problems:
            raise CommandError(f"{problems} problems found.")
        self.stdout.write("Every chain is whole, every head is true, and the current states agree with them.")
