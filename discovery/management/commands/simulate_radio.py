"""``manage.py simulate_radio``: how long simulated listeners stay, and whether off-policy estimates hold."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from discovery.lab import report, verdict
from discovery.lab import world as people
from discovery.lab.listener_model import World
from discovery.lab.simulate import STATIONS, Model, run
from graph import snapshot

PARTS = ("stations", "bandit", "growing", "hits", "sensitivity")
JOINED = (0.01, 0.05, 0.2, 1.0)  # share of contributors the model of each day knows, as a community grows
ALL = (1.0,)


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
        growing, world = _world(options["listeners"], seed, JOINED if "growing" in options["parts"] else ALL)
        model = growing[-1]
        self.stderr.write(f"{len(world.listeners):,} listeners, {len(model.index):,} artists")
        figures: dict[str, Any] = {
            "seed": seed, "listeners": len(world.listeners), "artists": len(model.index),
            "assumed": asdict(world.assumed),
        }  # fmt: skip
        compared, sensitive = _first(world, options["compared"]), _first(world, options["sensitive"])
        if "stations" in options["parts"]:
            figures |= self._stations(model, world, seed, options["runs"])
        hits = World(compared.words, compared.listeners, compared.assumed, people.popularity(model.index))
        for part, days, where in (
            ("bandit", [model], compared),
            ("growing", growing, compared),
            ("hits", [model], hits),
        ):
            if part in options["parts"]:
                figures[part] = verdict.bandits(days, where, runs=options["repeats"], seed=seed + 1)
        if "sensitivity" in options["parts"]:
            figures["sensitivity"] = verdict.sensitivity(model, sensitive, seed=seed)
            figures["sensitivity_listeners"] = len(sensitive.listeners)
        report.written(figures, "simulation", options["json"], options["markdown"], self.stdout.write)

    def _stations(self, model: Model, world: World, seed: int, runs: int) -> dict[str, Any]:
        played = {}
        for station in STATIONS:
            begin = time.monotonic()
            played[station.name] = run([model], world, station, seed)
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


def _first(world: World, count: int) -> World:
    return World(world.words, world.listeners[:count], world.assumed)


def _world(count: int, seed: int, joined: Sequence[float]) -> tuple[list[Model], World]:
    """Models without what is held out, of a growing community; the tags they did not see; the people."""
    from graph.ml.config import RecommenderConfig
    from graph.ml.split import split_snapshot
    from graph.ml.train import fit

    whole = snapshot.take()
    told, kept = people.taggers_split(whole, np.random.default_rng(seed))
    split = split_snapshot(told, seed=seed)
    days = []
    for train in people.grown(split.train, joined, seed):
        full = fit(train, RecommenderConfig()).artifact().index("ARTIST")
        if full is None:
            raise CommandError("Nobody has granted that their plays train models, or there are no plays.")
        days.append(Model(people.known_to(full, whole, split.train)))
    index = days[-1].index
    row_of = index.rows(whole.artists)  # by the snapshot's row; -1 where left out
    words = people.words(kept, row_of, len(index), len(whole.tags))
    tagged = np.asarray(words.getnnz(axis=1) > 0)
    listeners = people.listeners(split.train, split.artists, row_of, tagged, count, seed)
    if not listeners:
        raise CommandError("Nobody here plays enough to be simulated.")
    return days, World(words, listeners)
