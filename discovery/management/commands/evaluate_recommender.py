"""Measures the recommender on held-out data, alone or beside what people would use instead."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from discovery.platform.errors import Conflict, TrainingFailed
from graph.bench import report
from graph.models import ItemKind
from graph.training.run import snapshot_to_learn_from


class Command(BaseCommand):
    help = "Offline evaluation on leak-free splits; --compare fits peers on the same splits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--compare", action="store_true", help="fit peers in the same run")
        parser.add_argument("--json", type=Path, help="write every number to this file")
        parser.add_argument("--markdown", type=Path, help="put the tables between the marks of this document")
        parser.add_argument("--summary", type=Path, help="put one line a question between its marks here")
        parser.add_argument("--seeds", type=int, default=1, help="how many splits (default 1)")
        parser.add_argument("--first-seed", type=int, default=0, help="of the splits (default 0)")
        parser.add_argument(
            "--tune", action="store_true", help="search ALS's parameters on a validation split"
        )
        parser.add_argument(
            "--tuning-file", type=Path, help="remember what --tune tried here, by training part"
        )
        parser.add_argument(
            "--ablations", action="store_true", help="what each source and choice brings, on the same splits"
        )
        parser.add_argument(
            "--ways", action="store_true", help="whether the figures hold however plays are held out"
        )
        parser.add_argument(
            "--protocol", choices=("recbole",), help="as published comparisons hold out, rank and measure"
        )
        parser.add_argument(
            "--explanations", action="store_true", help="measure whether the active model's reasons are true"
        )
        parser.add_argument(
            "--listeners", type=int, default=500, help="of how many people, with --explanations (default 500)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["explanations"]:
            self._explanations(options)
            return
        from graph.ml.config import RecommenderConfig
        from graph.ml.evaluate import evaluate

        try:
            taken = snapshot_to_learn_from()
        except TrainingFailed as error:
            raise CommandError(error.message) from error
        seeds = range(options["first_seed"], options["first_seed"] + options["seeds"])
        if options["compare"]:
            from graph.bench.compare import compare

            measured = compare(
                taken,
                RecommenderConfig(),
                seeds=seeds,
                tune=options["tune"],
                tuned_before=options["tuning_file"],
                progress=self._say,
            )
            self._print_comparison(measured)
            self._write_comparison(measured, options)
        elif options["protocol"]:
            from graph.bench.protocol import protocol, table

            measured = protocol(taken, RecommenderConfig(), seeds=seeds, progress=self._say)
            self._written(measured, table(measured), report.PROTOCOL, options)
        elif options["ways"]:
            from graph.bench import ways

            measured = ways.compare_ways(taken, RecommenderConfig(), seeds=seeds, progress=self._say)
            self._written(measured, ways.table(measured), report.WAYS, options)
        elif options["ablations"]:
            from graph.bench.ablations import ablate

            measured = ablate(taken, RecommenderConfig(), seeds=seeds, progress=self._say)
            self._written(measured, report.ablation_table(measured), report.ABLATIONS, options)
        else:
            measured = evaluate(taken, RecommenderConfig()).to_dict()
            self.stdout.write(json.dumps(measured, indent=1))
            report.write_json(measured, options["json"])

    def _explanations(self, options: dict[str, Any]) -> None:
        from discovery.lab.faithfulness import explanations_measure, table

        explained = []
        for kind in ItemKind:
            try:
                measured = explanations_measure(kind, listeners=options["listeners"])
            except Conflict as error:
                raise CommandError(error.message) from error
            if measured is not None:
                explained.append(measured)
        text = table(explained)
        self.stdout.write(text)
        report.write_measured([measured.to_dict() for measured in explained], text, report.MEASURED, options)
        if not all(measured.holds for measured in explained):
            raise CommandError("A bound of the explanations is not kept.")

    def _written(self, measured: Any, text: str, place: str, options: dict[str, Any]) -> None:
        self.stdout.write(text)
        report.write_measured(measured, text, place, options)

    def _say(self, fraction: float, step: str) -> None:
        self.stderr.write(f"{fraction:4.0%} {step}")

    def _write_comparison(self, comparison: dict[str, Any], options: dict[str, Any]) -> None:
        from graph.bench.plot import bars

        report.write_measured(comparison, report.tables(comparison), report.MEASURED, options)
        if options["summary"]:
            report.write_between_marks(options["summary"], report.summary(comparison), report.SUMMARY)
        if options["json"]:
            options["json"].with_suffix(".svg").write_text(bars(comparison), encoding="utf-8")

    def _print_comparison(self, comparison: dict[str, Any]) -> None:
        console = Console(file=cast("IO[str]", self.stdout), width=100)
        for part in report.PARTS:
            if part in comparison:
                console.print(_table(part.replace("_", " "), comparison[part]))
        cost = comparison["cost"]
        console.print(
            f"training: {cost['training_cpu_seconds']:.1f} CPU seconds, {cost['training_cpu_to_als']:.2f} × ALS; "
            f"top 20 for everyone: {cost['export_cpu_seconds']:.2f} CPU seconds, "
            f"{cost['export_cpu_to_als']:.2f} × ALS; peak memory {cost['peak_mebibytes']:.0f} MiB"
        )


def _table(title: str, part: dict[str, Any]) -> Table:
    table = Table(title=title, caption="\n".join(_ratio(peer) for peer in part["ratios"]))
    for heading in ("method", part["measure"], "95 % interval", "CPU seconds"):
        table.add_column(heading, justify="left" if heading == "method" else "right")
    for name, row in part["methods"].items():
        low, high = row["interval"]
        table.add_row(name, f"{row['mean']:.4f}", f"{low:.4f}–{high:.4f}", f"{row['cpu_seconds']:.1f}")
    return table


def _ratio(peer: dict[str, Any]) -> str:
    low, high = peer["interval"]
    return f"earshot / {peer['to']} = {peer['ratio']:.3f} ({low:.3f}–{high:.3f})"
