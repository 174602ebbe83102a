"""Measures what two servers gain by each other's sums."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import TrainingFailed
from graph.training.run import snapshot_to_learn_from


class Command(BaseCommand):
    help = "Two halves of the listeners as two servers: alone, federated by sums, and as one; and that sums equal the pool. Or three, by a round."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--epsilon", type=float, help="with noise in the sums")
        parser.add_argument(
            "--rounds", action="store_true", help="three servers, plain files beside a round under masks"
        )
        parser.add_argument("--json", type=Path, dest="output", help="write every number to this file")

    def handle(
        self, *, seed: int, epsilon: float | None, rounds: bool, output: Path | None, **_: Any
    ) -> None:
        from graph.bench import federated, federated_rounds
        from graph.ml.config import RecommenderConfig

        try:
            taken = snapshot_to_learn_from()
        except TrainingFailed as error:
            raise CommandError(error.message) from error
        measure = federated_rounds.measure_rounds if rounds else federated.measure_federated
        measured = measure(
            taken, RecommenderConfig(), seed=seed, epsilon=epsilon,
            progress=lambda fraction, step: self.stderr.write(f"{fraction:4.0%} {step}"),
        )  # fmt: skip
        self.stdout.write((federated_rounds if rounds else federated).tables(measured))
        if output is not None:
            output.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
