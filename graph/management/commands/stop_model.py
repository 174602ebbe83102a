"""``stop_model ID [--why WORDS]``"""

import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import Refusal
from graph.training.reinstate import model_stop


class Command(BaseCommand):
    help = "Take a model out that is tried or waits for it; in place of the active one, the one before it serves."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=uuid.UUID, metavar="ID", help="as promote_model --list prints it")
        parser.add_argument("--why", default="", help="what the audit is to say")

    def handle(self, *, id: uuid.UUID, why: str, **_: Any) -> None:  # noqa: A002  # as the command line calls it
        try:
            version = model_stop(version_id=id, why=why)
        except Refusal as refusal:
            raise CommandError(f"{refusal.specific_code}: {refusal.message}") from refusal
        self.stdout.write(f"Model {version.pk} is stopped.")
