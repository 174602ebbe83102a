"""Measures what training costs as the graph grows, on generated graphs."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from graph.bench.report import ANALYTICS, INSTRUCTIONS, LATENCY, SCALE, WORKERS, write_measured


class Command(BaseCommand):
    help = "CPU seconds and peak memory of training, or with --nearest the time of a request, by size."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--plays", type=int, nargs="+", help="sizes (default 10⁵, 10⁶ and 10⁷)")
        parser.add_argument(
            "--fit-up-to", type=int, default=1_000_000, help="plays up to which a whole fit is measured"
        )
        parser.add_argument(
            "--nearest",
            type=int,
            nargs="*",
            metavar="ITEMS",
            help="instead: candidates by faiss beside every item scored",
        )
        parser.add_argument(
            "--workers", type=int, nargs="*", metavar="N",
            help="instead: training in so many processes (default 1, 2 and 4) beside one",
        )  # fmt: skip
        parser.add_argument(
            "--instructions",
            action="store_true",
            help="instead: instructions of a propagation, by valgrind (half an hour)",
        )
        parser.add_argument(
            "--analytics",
            action="store_true",
            help="instead: `analyze_snapshot` beside numpy with every play held",
        )
        parser.add_argument("--partitions", type=Path, help="with --workers: a snapshot written as Parquet")
        parser.add_argument(
            "--epochs", type=int, help="with --workers: of the network, fewer than a model takes"
        )
        parser.add_argument("--json", type=Path, help="write every number to this file")
        parser.add_argument("--markdown", type=Path, help="put the table between the marks of this document")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["nearest"] is not None:
            from graph.bench import latency

            measured = latency.benchmark(options["nearest"] or latency.SIZES, progress=self._progress)
            self._write(measured, latency.table(measured), LATENCY, options)
            return
        if options["analytics"]:
            from graph.bench import asked

            told = asked.benchmark(options["plays"] or asked.SIZES)
            self._write(told, asked.table(told), ANALYTICS, options)
            return
        if options["workers"] is not None:
            self._workers(options)
            return
        if options["instructions"]:
            self._instructions(options)
            return
        from graph.bench.scale import SIZES, benchmark, tables

        measured = benchmark(
            sizes=options["plays"] or SIZES,
            fit_up_to=options["fit_up_to"],
            progress=self._progress,
        )
        self._write(measured, tables(measured), SCALE, options)

    def _workers(self, options: dict[str, Any]) -> None:
        from graph.bench import workers

        measured = workers.benchmark(
            sizes=options["plays"] or workers.SIZES,
            data=options["partitions"],
            workers=options["workers"] or workers.WORKERS,
            epochs=options["epochs"],
            progress=self._progress,
        )
        self._write(measured, workers.tables(measured), WORKERS, options)

    def _instructions(self, options: dict[str, Any]) -> None:
        from graph.bench import instructions, scale

        measured = instructions.benchmark(sizes=options["plays"] or scale.SIZES, progress=self._progress)
        self._write(measured, instructions.table(measured), INSTRUCTIONS, options)

    def _progress(self, fraction: float, step: str) -> None:
        self.stderr.write(f"{fraction:4.0%} {step}")

    def _write(self, measured: dict[str, Any], text: str, place: str, options: dict[str, Any]) -> None:
        self.stdout.write(text)
        write_measured(measured, text, place, options)
