"""``manage.py experiment_stop NAME``: from the next request on everybody is served alike."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.experiments.services import experiment_stop
from discovery.platform.errors import Refusal


class Command(BaseCommand):
    help = "End an experiment. What was shown in its last days is in the reports that follow."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="as experiment_report lists it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            experiment = experiment_stop(name=options["name"])
        except Refusal as refusal:
            raise CommandError(f"{refusal.specific_code}: {refusal.message}") from refusal
        self.stdout.write(
            f"{experiment.name} ended at {experiment.stopped_at:%Y-%m-%d %H:%M} UTC ({experiment.stopped_because})."
        )
