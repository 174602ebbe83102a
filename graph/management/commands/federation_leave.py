"""``federation_leave KEY``"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import EarshotError


class Command(BaseCommand):
    help = "Learn no more from an installation's sums: the next training is as if they had never been joined."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "key",
            metavar="KEY",
            help="its public key or a round's name (federation_list), or how that begins",
        )

    def handle(self, *, key: str, **_: Any) -> None:
        from graph.exchange.federation import federation_leave

        try:
            bundle = federation_leave(key)
        except EarshotError as error:
            raise CommandError(f"{error.message} ({error.specific_code})") from error
        self.stdout.write(f"{bundle.signer} is joined no more.")
