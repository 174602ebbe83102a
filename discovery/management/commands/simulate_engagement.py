"""``manage.py simulate_engagement``: weeks of the radio beside weeks of the most popular, on what is assumed of people."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.lab import engagement, report, worlds
from discovery.lab.habits import Habits


class Command(BaseCommand):
    help = (
        "Simulate weeks of listening: session length, plays, playlists and churn, against the most popular."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--listeners", type=int, default=600, help="how many of this database are simulated"
        )
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument(
            "--sensitive",
            type=int,
            default=150,
            help="listeners for halved and doubled constants; 0 for no table of them",
        )
        parser.add_argument("--json", type=Path, help="write the figures here")
        parser.add_argument("--markdown", type=Path, help="write the tables between this file's markers")

    def handle(self, *args: Any, **options: Any) -> None:
        seed = options["seed"]
        try:
            (model,), listener_model = worlds.made(options["listeners"], seed)
        except worlds.TooFewError as error:
            raise CommandError(str(error)) from error
        habits = Habits()
        traces = engagement.played(model, listener_model, habits, seed)
        figures = engagement.measured(model, listener_model, traces, habits, seed)
        self._write(figures, options)
        if options["sensitive"]:
            few = worlds.first(listener_model, options["sensitive"])
            figures["sensitivity"] = engagement.sensitivity(model, few, traces, habits, seed)
            figures["sensitivity_listeners"] = len(few.listeners)
            self._write(figures, options)

    def _write(self, figures: dict[str, Any], options: dict[str, Any]) -> None:
        text = engagement.tables(figures)
        self.stdout.write(text)
        if options["json"]:
            options["json"].write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        if options["markdown"]:
            report.between_markers(options["markdown"], text)
