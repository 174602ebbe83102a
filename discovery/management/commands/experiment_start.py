"""``manage.py experiment_start NAME``: compare two settings of recommendations among those who agreed to it."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.experiments.services import experiment_start
from discovery.models import ExperimentKind
from discovery.platform.errors import Refusal


def arm(text: str) -> Any:
    """What somebody typed, read as JSON; `Arm.of` says what an arm has."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise ArgumentTypeError(
            f"{text!r} is no JSON ({error}); quote it as in '{{\"variety\": 0.3}}'"
        ) from error


class Command(BaseCommand):
    help = "Begin an experiment. One runs at a time; it is reported on Mondays at 00:00 UTC."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "name", help="letters, digits, hyphens and underscores; never the name of an earlier one"
        )
        parser.add_argument(
            "--kind", choices=ExperimentKind.values, default=ExperimentKind.INTERLEAVING.value,
            help="both arms in each person's list, or each person one arm",
        )  # fmt: skip
        parser.add_argument(
            "--a", default={}, type=arm, help="arm A as JSON; the usual setting where nothing is said"
        )
        parser.add_argument(
            "--b", required=True, type=arm,
            help='arm B, such as {"variety": 0.3}, {"prior": 0.5} or {"weights": {"FRIEND": 1.5}}',
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            experiment = experiment_start(
                name=options["name"], kind=ExperimentKind(options["kind"]), arm_a=options["a"], arm_b=options["b"],
            )  # fmt: skip
        except Refusal as refusal:
            raise CommandError(f"{refusal.specific_code}: {refusal.message}") from refusal
        self.stdout.write(f"{experiment.name} runs since {experiment.started_at:%Y-%m-%d %H:%M} UTC.")
