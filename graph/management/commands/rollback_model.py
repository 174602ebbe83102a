"""``rollback_model [ID] [--why WORDS]``"""

import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import Refusal
from graph.training.reinstate import model_rollback


class Command(BaseCommand):
    help = "Let the model serve that did before the active one, or an earlier one that is named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "id",
            type=uuid.UUID,
            metavar="ID",
            nargs="?",
            help="as promote_model --list prints it; else the last one that served",
        )
        parser.add_argument("--why", default="", help="what the audit is to say")

    def handle(self, *, id: uuid.UUID | None, why: str, **_: Any) -> None:  # noqa: A002  # as the command line calls it
        try:
            version = model_rollback(version_id=id, why=why)
        except Refusal as refusal:
            raise CommandError(f"{refusal.specific_code}: {refusal.message}") from refusal
        self.stdout.write(f"Model {version.pk} is active.")
