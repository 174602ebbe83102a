"""Tells an operator how listening spreads, without telling of anybody."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import TrainingFailed
from graph.analytics import KINDS, TooFewPeople, analyze
from graph.bench.report import write_json
from graph.training.run import snapshot_to_learn_from


class Command(BaseCommand):
    help = "How activity, items and words spread among contributors, by DuckDB over the snapshot's Parquet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--kind", choices=KINDS, default="artist")
        parser.add_argument("--json", type=Path, help="write the report to this file")

    def handle(self, *, kind: str, **options: Any) -> None:
        try:
            told = analyze(snapshot_to_learn_from(), kind)
        except TrainingFailed as error:
            raise CommandError(error.message) from error
        except TooFewPeople as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(told, indent=1))
        write_json(told, options["json"])
