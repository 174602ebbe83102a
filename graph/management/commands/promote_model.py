"""``promote_model ID [--to shadow|canary|active] [--share 0.1] [--why WORDS]``, ``promote_model --list``"""

import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import Refusal
from graph.models import ModelVersion
from graph.training.reinstate import model_promote

State = ModelVersion.State
TO = {"shadow": State.SHADOW, "canary": State.CANARY, "active": State.ACTIVE}


class Command(BaseCommand):
    help = "Let a model serve, or be tried first; not one that learned from somebody who is gone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("id", type=uuid.UUID, metavar="ID", nargs="?")
        which.add_argument("--list", action="store_true", help="print the models there were, newest first")
        parser.add_argument(
            "--to", choices=list(TO), default="active", help="shadow: shown to nobody; canary: to a share"
        )
        parser.add_argument(
            "--share", type=float, help="of those who agreed to experiments; else EARSHOT_CANARY_SHARE"
        )
        parser.add_argument("--why", default="", help="what the audit is to say")

    def handle(
        self,
        *,
        id: uuid.UUID,  # noqa: A002  # as the command line calls it
        list: bool,  # noqa: A002
        to: str,
        share: float | None,
        why: str,
        **_: Any,
    ) -> None:
        if list:
            for version in ModelVersion.objects.order_by("-created_at"):
                why = version.damage or version.rejected_because
                self.stdout.write(
                    f"{version.pk} {version.state} {version.created_at:%Y-%m-%dT%H:%M} {why}".rstrip()
                )
            return
        try:
            version = model_promote(version_id=id, becomes=TO[to], share=share, why=why)
        except Refusal as refusal:
            raise CommandError(f"{refusal.specific_code}: {refusal.message}") from refusal
        part = f" for {version.share:.0%} of those who agreed to experiments" if version.share else ""
        self.stdout.write(f"Model {version.pk} is {version.state.lower()}{part}.")
