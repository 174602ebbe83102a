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
        which.add_argument("id", type=uuid.UUID, metavar="ID", nargs="?", help="as --list prints it")
        which.add_argument(
            "--list",
            action="store_true",
            help="print the models there were, newest first: id, state, made at (UTC), a canary's share, why",
        )
        parser.add_argument(
            "--to",
            choices=list(TO),
            default="active",
            help="active (where nothing is said): serves everybody; shadow: is shown to nobody; canary: serves a share",
        )
        parser.add_argument(
            "--share",
            type=float,
            help="with --to canary: of those who agreed to experiments, 0.1 for a tenth; else EARSHOT_CANARY_SHARE",
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
            self._list()
            return
        if share is not None and to != "canary":
            raise CommandError("A share is a canary's: --to canary --share 0.1.")
        try:
            version = model_promote(version_id=id, becomes=TO[to], share=share, why=why)
        except Refusal as refusal:
            raise CommandError(f"{refusal.specific_code}: {refusal.message}") from refusal
        part = f" for {version.share:.0%} of those who agreed to experiments" if version.share else ""
        self.stdout.write(f"Model {version.pk} is {version.state.lower()}{part}.")

    def _list(self) -> None:
        versions = ModelVersion.objects.order_by("-created_at")
        if not versions:
            self.stderr.write(
                "There is no model yet; train_recommender makes one."
            )  # not where a script reads ids
        for version in versions:
            part = f"{version.share:.0%}" if version.share else ""
            why = version.damage or version.rejected_because
            words = (f"{version.pk}", version.state, f"{version.created_at:%Y-%m-%dT%H:%M}", part, why)
            self.stdout.write(" ".join(filter(None, words)))
