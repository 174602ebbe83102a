"""``promote_model ID``, ``promote_model --list``"""

import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import Refusal
from graph.models import ModelVersion
from graph.training.reinstate import model_promote


class Command(BaseCommand):
    help = "Let a model serve that was served before; not one that learned from somebody who is gone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("id", type=uuid.UUID, metavar="ID", nargs="?")
        which.add_argument("--list", action="store_true", help="print the models there were, newest first")

    def handle(self, *, id: uuid.UUID, list: bool, **_: Any) -> None:  # noqa: A002  # as the command line calls it
        if list:
            for version in ModelVersion.objects.order_by("-created_at"):
                why = version.damage or version.rejected_because
                self.stdout.write(
                    f"{version.pk} {version.state} {version.created_at:%Y-%m-%dT%H:%M} {why}".rstrip()
                )
            return
        try:
            version = model_promote(version_id=id)
        except Refusal as refusal:
            raise CommandError(f"{refusal.specific_code}: {refusal.message}") from refusal
        self.stdout.write(f"Model {version.pk} is active.")
