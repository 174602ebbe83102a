"""``undo_import ID``"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import Conflict
from graph.models import History
from graph.services.history import history_undo


class Command(BaseCommand):
    help = "Remove what an import brought, and nothing else. Its number is what import_history said."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int, metavar="ID")

    def handle(self, *, id: int, **_: Any) -> None:  # noqa: A002  # as the command line calls it
        history = History.objects.select_related("user").filter(pk=id).first()
        if history is None:
            raise CommandError(f"There is no import {id}.")
        try:
            history_undo(user=history.user, history_id=id)
        except Conflict as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"What import {id} brought {history.user.username} is gone.")
