"""``federation_contribute FILE [--epsilon E]``"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import EarshotError


class Command(BaseCommand):
    help = "Write signed sums of the listeners here who allow it, for other installations to learn from."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--epsilon", type=float, help="add noise that hides one listener's part so well")

    def handle(self, *, file: Path, epsilon: float | None, **_: Any) -> None:
        from graph.exchange.federation import federation_contribute
        from graph.exchange.files import our_key

        if epsilon is not None and not 0 < epsilon <= 1:
            raise CommandError("--epsilon is more than 0 and at most 1.")
        try:
            size = federation_contribute(file, epsilon=epsilon)
        except EarshotError as error:
            raise CommandError(f"{error.message} ({error.specific_code})") from error
        self.stdout.write(f"{file}: {size:,} bytes, signed by {our_key()}")
