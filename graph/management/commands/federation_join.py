"""``federation_join FILE [--trust KEY] [--only-known]``"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import EarshotError


class Command(BaseCommand):
    help = "Learn from the sums of another installation, in place of what it said before, from the next training on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--trust", action="append", default=[], metavar="KEY", help="a public key to take files of"
        )
        parser.add_argument("--only-known", action="store_true", help="bring nothing into the catalog")

    def handle(self, *, file: Path, trust: list[str], only_known: bool, **_: Any) -> None:
        from graph.exchange.federation import federation_join

        try:
            joined = federation_join(file, trusted=trust, only_known=only_known)
        except EarshotError as error:
            raise CommandError(f"{error.message} ({error.specific_code})") from error
        told = ", ".join(f"{number} {what}" for what, number in joined.brought.items())
        self.stdout.write(
            f"Joined {joined.bundle.signer}" + (" in place of what it said before" if joined.replaced else "")
        )
        if told:
            self.stdout.write(f"{told} new here")
