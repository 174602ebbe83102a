"""``manage.py simulate_radio``: how long simulated listeners stay, and whether off-policy estimates hold."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from discovery.radio import people, report, verdict
from discovery.radio.simulate import STATIONS, Model, run
from discovery.radio.world import World
from graph import snapshot

SENSITIVE = 300  # listeners on whom each assumption is halved and doubled


class Command(BaseCommand):
    help = "Simulate listeners whose true tastes were held out of the model, on the consented snapshot."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--listeners", type=int, default=1_500)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--days", type=int, default=20, help="repetitions of the bandit against greedy")
        parser.add_argument("--runs", type=int, default=100, help="repetitions of the off-policy estimates")
        parser.add_argument("--json", type=Path, help="write the figures here, beside those of measure_radio")
        parser.add_argument("--markdown", type=Path, help="write the tables between this file's markers")

    def handle(self, *args: Any, **options: Any) -> None:
        seed = options["seed"]
        model, world = _world(options["listeners"], seed)
        self.stderr.write(f"{len(world.listeners):,} listeners, {len(model.index):,} artists")
        played = {}
        for station in STATIONS:
            begin = time.monotonic()
            played[station.name] = run(model, world, station, seed)
            mean = played[station.name].length.mean()
            self.stderr.write(
                f"{station.name}: {mean:.2f} items a session ({time.monotonic() - begin:.0f} s)"
            )
        few = World(world.words, world.listeners[:SENSITIVE], world.assumed)
        found = {
            "listeners": len(world.listeners),
            "artists": len(model.index),
            "seed": seed,
            "assumed": asdict(world.assumed),
            "stations": verdict.stations(played),
            "against": verdict.against(played, seed=seed),
            "off_policy": verdict.off_policy(played["radio"], runs=options["runs"], seed=seed),
            "bandit": verdict.bandits(model, world, days=options["days"], seed=seed),
            "sensitivity": verdict.sensitivity(model, few, seed=seed),
            "sensitivity_listeners": len(few.listeners),
        }
        report.written(found, "simulation", options["json"], options["markdown"], self.stdout.write)


def _world(count: int, seed: int) -> tuple[Model, World]:
    """A model without what is held out, the tags it did not see, and the people."""
    from graph.ml.config import RecommenderConfig
    from graph.ml.split import split_snapshot
    from graph.ml.train import fit

    whole = snapshot.take()
    told, kept = people.taggers_split(whole, np.random.default_rng(seed))
    split = split_snapshot(told, seed=seed)
    full = fit(split.train, RecommenderConfig()).artifact().index("ARTIST")
    if full is None:
        raise CommandError("Nobody has granted that their plays train models, or there are no plays.")
    index = people.known_to(full, whole, split.train)
    row_of = index.rows(whole.artists)  # by the snapshot's row; -1 where left out
    words = people.words(kept, row_of, len(index), len(whole.tags))
    tagged = np.asarray(words.getnnz(axis=1) > 0)
    found = people.listeners(split.train, split.artists, row_of, tagged, count, seed)
    if not found:
        raise CommandError("Nobody here plays enough to be simulated.")
    return Model(index), World(words, found)
