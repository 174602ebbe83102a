"""Measures how small a model may be: int8 beside float32, and fewer columns."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import TrainingFailed
from graph.training.run import snapshot_to_learn_from


class Command(BaseCommand):
    help = "int8 beside float32, and the fewest columns that keep quality, on leak-free splits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", type=Path, help="write every number to this file")
        parser.add_argument("--markdown", type=Path, help="put the tables between the marks of this document")

    def handle(self, *args: Any, **options: Any) -> None:
        from graph.bench.compression import measure_compression, tables
        from graph.bench.report import COMPRESSION, write_measured
        from graph.ml.config import RecommenderConfig

        try:
            taken = snapshot_to_learn_from()
        except TrainingFailed as error:
            raise CommandError(error.message) from error
        measured = measure_compression(
            taken,
            RecommenderConfig(),
            progress=lambda fraction, step: self.stderr.write(f"{fraction:4.0%} {step}"),
        )
        self.stdout.write(tables(measured))
        write_measured(measured, tables(measured), COMPRESSION, options)
