"""``manage.py measure_radio``: what a skip does, what an advance costs and what ``variety`` changes, measured."""

from __future__ import annotations

import statistics
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.test.utils import override_settings

from accounts.models import PersonalizationLevel, User
from discovery.embedded.redis import redis_there
from discovery.lab import radio_measure as measure
from discovery.lab import report
from discovery.radio.session import Outcome
from discovery.recommend import feed
from discovery.recommend.serving import index_for, playable_kind
from graph.models import ItemKind

RADIOS = 20  # radios that the cost is measured on
SKIPS = 10  # advances of each


class Command(BaseCommand):
    help = "Measure skips, the cost of an advance and the variety slider on the model that is served."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--skips", type=int, default=1_000)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--name", default="this database", help="what is measured, in words")
        parser.add_argument(
            "--json", type=Path, help="write the figures here, beside those of simulate_radio"
        )
        parser.add_argument("--markdown", type=Path, help="write the tables between this file's markers")

    def handle(self, *args: Any, **options: Any) -> None:
        kind = playable_kind()
        serving = index_for(kind)
        if serving.index is None:
            raise CommandError(f"There is no model to measure ({serving.degraded}).")
        viewers = list(User.objects.filter(level__gte=PersonalizationLevel.OWN).order_by("pk")[:400])
        if not viewers:
            raise CommandError("Nobody here lets their plays shape what they are shown.")
        rng = np.random.default_rng(options["seed"])
        with redis_there(settings.REDIS_URL) as url, override_settings(REDIS_URL=url):  # as it is served
            figures = {
                "kind": kind.value,
                "skips": measure.skips(viewers, kind, options["skips"], rng),
                "cost": self._cost(viewers, kind, rng),
                "variety": measure.variety(viewers, kind, rng),
            }
        part = f"served {options['name']}"
        report.written(figures, part, options["json"], options["markdown"], self.stdout.write)

    def _cost(self, viewers: list[User], kind: ItemKind, rng: np.random.Generator) -> dict[str, float]:
        """CPU milliseconds of one request, in turn: the plain query, and an advance after a skip."""
        plain, advance = [], []
        for viewer in rng.choice(np.array(viewers), RADIOS):
            playing = measure.started(viewer, kind)
            for _ in range(SKIPS):
                begin = time.process_time()
                feed.for_you(viewer, kind)
                middle = time.process_time()
                playing = measure.advanced(viewer, playing, Outcome.SKIPPED)
                plain.append(middle - begin)
                advance.append(time.process_time() - middle)
        added = [after - before for before, after in zip(plain, advance, strict=True)]
        return {
            "plain_ms": 1e3 * statistics.median(plain),
            "advance_ms": 1e3 * statistics.median(advance),
            "added_ms": 1e3 * statistics.median(added),
            "added_mean_ms": 1e3 * statistics.mean(added),
        }
