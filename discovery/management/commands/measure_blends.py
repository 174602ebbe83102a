"""``measure_blends [--groups 1000] [--kind TRACK|ARTIST] [--seed 0]``"""

from argparse import ArgumentParser
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from discovery.lab.blend_fairness import fairness_measure
from discovery.together.fairness import FAIR
from graph.models import ItemKind


class Command(BaseCommand):
    help = "Measure how fair blends are to their least-served member, over random groups of people who share."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--groups", type=int, default=1_000)
        parser.add_argument("--kind", choices=ItemKind.values, default=ItemKind.TRACK.value)
        parser.add_argument("--seed", type=int, default=0)

    def handle(self, *, groups: int, kind: str, seed: int, **_: Any) -> None:
        fairness = fairness_measure(groups=groups, kind=ItemKind(kind), seed=seed)
        if not fairness.ratios:
            raise CommandError("Nobody shares with a friend here.")
        ratios = np.array(fairness.ratios)
        self.stdout.write(
            f"{len(ratios):,} groups of {min(fairness.sizes)} to {max(fairness.sizes)} people"
            f" ({np.mean(fairness.sizes):.1f} on average), {kind.lower()}s\n"
            f"least-served over mean satisfaction: at least {FAIR} in {fairness.fair:,};"
            f" lowest {ratios.min():.3f}, 1st percentile {np.percentile(ratios, 1):.3f}, median {np.median(ratios):.3f}\n"
            f"mean satisfaction {np.mean(fairness.means):.3f}, of the least-served {np.mean(fairness.least):.3f}"
        )
