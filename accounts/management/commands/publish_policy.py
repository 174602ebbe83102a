"""Publish the newest policy text, and ask people again where it changes what they agreed to."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Purpose
from accounts.services.expiry import policy_publish
from discovery.platform.errors import Conflict


class Command(BaseCommand):
    help = "Publish the newest text in accounts/policy_texts; name the purposes it changes materially."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--material", nargs="*", default=[], choices=Purpose.values, metavar="PURPOSE",
            help="Purposes whose consents expire, because people agreed to something else.",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            row, expired = policy_publish(material_for=[Purpose(purpose) for purpose in options["material"]])
        except Conflict as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Policy {row.version} is published; {expired} consents expired.")
