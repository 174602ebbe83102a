"""Measures what training costs as the graph grows, on generated graphs."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "CPU seconds and peak memory of training on generated graphs of growing size."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--plays", type=int, nargs="+", help="sizes (default 10⁵, 10⁶ and 10⁷)")
        parser.add_argument(
            "--fit-up-to", type=int, default=1_000_000, help="plays up to which a whole fit is measured"
        )
        parser.add_argument("--json", type=Path, help="write every number to this file")
        parser.add_argument("--markdown", type=Path, help="put the table between the marks of this document")

    def handle(self, *args: Any, **options: Any) -> None:
        from graph.ml.report import write_between_marks
        from graph.ml.scale import SIZES, benchmark, tables

        found = benchmark(
            sizes=options["plays"] or SIZES,
            fit_up_to=options["fit_up_to"],
            progress=lambda fraction, step: self.stderr.write(f"{fraction:4.0%} {step}"),
        )
        self.stdout.write(tables(found))
        if options["json"]:
            options["json"].write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        if options["markdown"]:
            write_between_marks(options["markdown"], tables(found), "scale")
