"""``model_card [ID]``"""

import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from graph.models import ModelVersion
from graph.serving.active_model import active_version
from graph.training.card import model_card


class Command(BaseCommand):
    help = (
        "What a model (or the active one) is, what it learned from, how it measured, and what became of it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "id",
            type=uuid.UUID,
            metavar="ID",
            nargs="?",
            help="as promote_model --list prints it; else the active one",
        )

    def handle(self, *, id: uuid.UUID | None, **_: Any) -> None:  # noqa: A002  # as the command line calls it
        version = active_version() if id is None else ModelVersion.objects.filter(pk=id).first()
        if version is None:
            raise CommandError("No model serves." if id is None else "There is no such model.")
        self.stdout.write(model_card(version))
