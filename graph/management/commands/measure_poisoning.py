"""``manage.py measure_poisoning``: into how many lists fake accounts push what nobody asked for."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from graph import snapshot
from graph.bench.report import POISONING, write_measured


class Command(BaseCommand):
    help = "Add fake accounts to the consented snapshot in memory, train anew, and compare people's lists."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--targets", type=int, default=3, help="artists that are pushed, one at a time")
        parser.add_argument("--people", type=int, default=600, help="honest people whose lists are compared")
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--json", type=Path, help="write the figures here")
        parser.add_argument("--markdown", type=Path, help="put the table between the marks of this document")

    def handle(self, *args: Any, **options: Any) -> None:
        from graph.bench import poisoning
        from graph.ml.config import RecommenderConfig
        from graph.ml.train import learned_blends

        taken, config = snapshot.take(), RecommenderConfig()
        if not len(taken.artist_plays.user):
            raise CommandError("Nobody has granted that their plays train models, or there are no plays.")
        blend = learned_blends(taken, config, progress=self._say).get("ARTIST", config.blend)
        figures = poisoning.measured(
            taken, config, blend=blend, pushed=options["targets"], asked=options["people"],
            seed=options["seed"], progress=self._say,
        )  # fmt: skip
        text = poisoning.table(figures)
        self.stdout.write(text)
        write_measured(figures, text, POISONING, options)

    def _say(self, fraction: float, step: str) -> None:
        self.stderr.write(f"{fraction:4.0%} {step}")
