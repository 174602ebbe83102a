"""``import_model FILE [--trust KEY]``, ``import_model --list``, ``import_model --forget DIGEST``"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import EarshotError
from graph.models import Bundle, ModelVersion


class Command(BaseCommand):
    help = "Take a model of another installation: it serves where it is better, and trainings begin with it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", metavar="FILE")
        parser.add_argument(
            "--trust", action="append", default=[], metavar="KEY", help="a public key to take files of"
        )
        parser.add_argument(
            "--list", action="store_true", dest="listed", help="the models that were imported"
        )
        parser.add_argument("--forget", metavar="DIGEST", help="begin no training with this one any more")

    def handle(
        self, *, file: Path | None, trust: list[str], listed: bool, forget: str | None, **_: Any
    ) -> None:
        try:
            if forget is not None:
                self._forget(forget)
            elif file is not None:
                self._import(file, trust)
            elif not listed:
                raise CommandError("Name a file, or --list, or --forget DIGEST.")
        except EarshotError as error:
            raise CommandError(f"{error.message} ({error.specific_code})") from error
        if listed:
            for bundle in Bundle.objects.filter(kind=Bundle.Kind.MODEL).order_by("pk"):
                self.stdout.write(f"{bundle.digest} of {bundle.made_at:%Y-%m-%d} by {bundle.signer}")
            if not Bundle.objects.filter(kind=Bundle.Kind.MODEL).exists():
                self.stdout.write("No model was imported.")

    def _import(self, file: Path, trust: list[str]) -> None:
        from graph.exchange.receive import model_import

        received = model_import(file, trusted=trust)
        version = received.version
        self.stdout.write(
            ", ".join(f"{number} {what}" for what, number in received.brought.items()) + " new here"
        )
        if version.state == ModelVersion.State.REJECTED:
            raise CommandError(
                f"The model was refused: {version.rejected_because}. No training begins with it; what it names is in the catalog."
            )
        self.stdout.write(f"Model {version.pk} is {version.state.lower()}; the next training begins with it.")

    def _forget(self, digest: str) -> None:
        from graph.exchange.receive import model_forget

        bundle = model_forget(digest)
        self.stdout.write(f"No training begins with {bundle.digest} any more.")
