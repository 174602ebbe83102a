"""Measures how small a model may be: int8 beside float32, and fewer columns."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from graph import snapshot


class Command(BaseCommand):
    help = "int8 beside float32, and the fewest columns that keep quality, on leak-free splits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", type=Path, help="write every number to this file")
        parser.add_argument("--markdown", type=Path, help="put the tables between the marks of this document")

    def handle(self, *args: Any, **options: Any) -> None:
        from graph.bench.compression import measure_compression, tables
        from graph.bench.report import write_between_marks
        from graph.ml.config import RecommenderConfig

        taken = snapshot.take()
        if not len(taken.artist_plays.user) and not len(taken.track_plays.user):
            raise CommandError("Nobody has granted that their plays train models, or there are no plays.")
        measured = measure_compression(
            taken,
            RecommenderConfig(),
            progress=lambda fraction, step: self.stderr.write(f"{fraction:4.0%} {step}"),
        )
        self.stdout.write(tables(measured))
        if options["json"]:
            options["json"].write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        if options["markdown"]:
            write_between_marks(options["markdown"], tables(measured), "lean")
