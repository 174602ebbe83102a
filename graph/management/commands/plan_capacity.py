"""Says what an installation of a given size needs, from factors measured smaller, and what it costs at given prices."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Storage, training, web processes and cost of so many listeners and plays; measures at three sizes first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--listeners", type=int, default=10**7)
        parser.add_argument("--plays", type=int, default=10**9)
        parser.add_argument("--items", type=int, default=10**7)
        parser.add_argument("--workers", type=int, default=64, help="of a training")
        parser.add_argument("--requests", type=float, default=500.0, help="a second, the mean of a day")
        parser.add_argument("--answer-bytes", type=int, default=10_000, help="sent for a request")
        parser.add_argument(
            "--wait", type=float, default=0.05, help="seconds that 95 %% of requests wait at most"
        )
        parser.add_argument(
            "--heard",
            type=float,
            default=10.0,
            help="plays of a listener that are recorded in a day, one a request",
        )
        parser.add_argument("--trainings", type=int, default=30, help="a month")
        parser.add_argument("--hour-price", type=float, help="of a core")
        parser.add_argument("--stored-price", type=float, help="of a GB for a month")
        parser.add_argument("--sent-price", type=float, help="of a GB")
        parser.add_argument("--results", type=Path, default=Path(settings.BASE_DIR) / "docs" / "results")
        parser.add_argument("--json", type=Path, help="write every number to this file")
        parser.add_argument("--markdown", type=Path, help="put the tables between the marks of this document")

    def handle(self, *args: Any, **options: Any) -> None:
        from graph.bench import capacity
        from graph.bench.report import MEASURED, write_measured

        wanted = capacity.Wanted(**{part.name: options[part.name] for part in fields(capacity.Wanted)})
        if min(wanted.listeners, wanted.plays, wanted.items, wanted.workers, wanted.requests) <= 0:
            raise CommandError("Sizes are above 0.")
        if wanted.wait < 0:
            raise CommandError("--wait is 0 or more.")
        try:
            factors, sent = capacity.measure(options["results"]), capacity.halo(options["results"])
        except FileNotFoundError as error:
            raise CommandError(f"There is no {error.filename}.") from error
        planned = capacity.plan(wanted, factors, sent)
        of_listeners = ("links_bytes", "record_p50_ms", "discover_p50_ms", "discover_p95_ms")
        sizes = dict.fromkeys(("lists_bytes", "model_bytes"), wanted.items) | dict.fromkeys(
            of_listeners, wanted.listeners
        )
        measured = {
            "wanted": asdict(wanted),
            "factors": {
                name: factor.told() | {"far": factor.is_far(sizes.get(name, wanted.plays))}
                for name, factor in factors.items()
            },
            "halo": asdict(sent) if sent else None,
            "plan": planned,
            "cost": capacity.cost(wanted, planned),
        }
        text = capacity.tables(measured)
        self.stdout.write(text)
        write_measured(measured, text, MEASURED, options)
