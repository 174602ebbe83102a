"""Measures how well a model travels to servers of a few people."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import TrainingFailed
from graph.training.run import snapshot_to_learn_from


class Command(BaseCommand):
    help = "NDCG@20 of an imported model for servers of four, whom its training never saw, beside the exporter's own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--servers", type=int, default=50)
        parser.add_argument("--trained", type=int, default=10, help="on how many of them a training follows")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--dtype", choices=("int8", "float16", "float32"), default="int8")
        parser.add_argument(
            "--forms",
            action="store_true",
            help="each form of the file on a fresh server of all listeners: numbers by width",
        )
        parser.add_argument("--json", type=Path, dest="output", help="write every number to this file")

    def handle(
        self, *, servers: int, trained: int, seed: int, dtype: str, forms: bool, output: Path | None, **_: Any
    ) -> None:
        from graph.bench.portable import forms_table, measure_forms, measure_portable, tables
        from graph.ml.config import RecommenderConfig

        try:
            taken = snapshot_to_learn_from()
        except TrainingFailed as error:
            raise CommandError(error.message) from error

        def progress(fraction: float, step: str) -> None:
            self.stderr.write(f"{fraction:4.0%} {step}")

        if forms:
            measured = measure_forms(taken, RecommenderConfig(), seed=seed, progress=progress)
            told = forms_table(measured)
        else:
            measured = measure_portable(
                taken, RecommenderConfig(), servers=servers, trained=trained, seed=seed, dtype=dtype,
                progress=progress,
            )  # fmt: skip
            told = tables(measured)
        self.stdout.write(told)
        if output is not None:
            output.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
