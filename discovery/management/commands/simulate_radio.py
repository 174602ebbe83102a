"""``manage.py simulate_radio``: how long simulated listeners stay, and whether off-policy estimates hold."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.lab import population, report, verdict, worlds
from discovery.lab.listener_model import ListenerModel
from discovery.lab.simulate import STATIONS, Model, run

PARTS = ("stations", "learning", "bandit", "growing", "hits", "turning", "sensitivity")
JOINED = (0.01, 0.05, 0.2, 1.0)  # share of contributors the model of each day knows, as a community grows
LEARNING_DAYS = 5  # on which the sum that learns is compared with the same that does not


class Command(BaseCommand):
    help = "Simulate listeners whose true tastes were held out of the model, on the consented snapshot."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--listeners", type=int, default=1_500)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to simulate")
        parser.add_argument("--repeats", type=int, default=10, help="runs of the bandit against greedy")
        parser.add_argument("--compared", type=int, default=500, help="listeners in each of them")
        parser.add_argument(
            "--sensitive", type=int, default=300, help="listeners for halved and doubled constants"
        )
        parser.add_argument("--runs", type=int, default=100, help="repetitions of the off-policy estimates")
        parser.add_argument("--json", type=Path, help="write the figures here, beside those of measure_radio")
        parser.add_argument("--markdown", type=Path, help="write the tables between this file's markers")

    def handle(self, *args: Any, **options: Any) -> None:
        seed = options["seed"]
        try:
            growing, listener_model = worlds.made(
                options["listeners"], seed, JOINED if "growing" in options["parts"] else worlds.EVERYBODY
            )
        except worlds.TooFewError as error:
            raise CommandError(str(error)) from error
        model = growing[-1]
        self.stderr.write(f"{len(listener_model.listeners):,} listeners, {len(model.index):,} artists")
        figures: dict[str, Any] = {
            "seed": seed, "listeners": len(listener_model.listeners), "artists": len(model.index),
            "assumed": asdict(listener_model.assumed),
        }  # fmt: skip
        compared, sensitive = (
            worlds.first(listener_model, options["compared"]),
            worlds.first(listener_model, options["sensitive"]),
        )
        if "stations" in options["parts"]:
            figures |= self._stations(model, listener_model, seed, options["runs"])
        hits = ListenerModel(
            compared.tag_weights, compared.listeners, compared.assumed, population.popularity(model.index)
        )
        for part, days, where in (
            ("bandit", [model], compared),
            ("growing", growing, compared),
            ("hits", [model], hits),
        ):
            if part in options["parts"]:
                figures[part] = verdict.bandits(days, where, runs=options["repeats"], seed=seed + 1)
        if "learning" in options["parts"]:
            figures["learning"] = verdict.learning(model, listener_model, runs=LEARNING_DAYS, seed=seed + 1)
        if "turning" in options["parts"]:
            figures["turning"] = verdict.turning(
                model, compared, hits, runs=options["repeats"], seed=seed + 1
            )
        if "sensitivity" in options["parts"]:
            figures["sensitivity"] = verdict.sensitivity(model, sensitive, seed=seed)
            figures["sensitivity_listeners"] = len(sensitive.listeners)
        report.written(figures, "simulation", options["json"], options["markdown"], self.stdout.write)

    def _stations(self, model: Model, listener_model: ListenerModel, seed: int, runs: int) -> dict[str, Any]:
        played = {}
        for station in STATIONS:
            begin = time.monotonic()
            played[station.name] = run([model], listener_model, station, seed)
            mean = played[station.name].length.mean()
            self.stderr.write(
                f"{station.name}: {mean:.2f} items a session ({time.monotonic() - begin:.0f} s)"
            )
        return {
            "stations": verdict.stations(played),
            "against": verdict.against(played, seed=seed),
            "off_policy": verdict.off_policy(played["radio"], runs=runs, seed=seed),
            "headroom": verdict.headroom(played["radio"]),
        }
