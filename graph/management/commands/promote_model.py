"""``promote_model ID``"""

import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import Refusal
from graph.training.reinstate import model_promote


class Command(BaseCommand):
    help = "Let a model serve that was served before; not one that learned from somebody who is gone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=uuid.UUID, metavar="ID")

    def handle(self, *, id: uuid.UUID, **_: Any) -> None:  # noqa: A002  # as the command line calls it
        try:
            version = model_promote(version_id=id)
        except Refusal as refusal:
            raise CommandError(f"{refusal.specific_code}: {refusal.message}") from refusal
        self.stdout.write(f"Model {version.pk} is active.")
