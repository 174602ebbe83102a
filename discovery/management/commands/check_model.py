"""``manage.py check_model``: the model that this code makes of this database, beside the committed baseline."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.lab import model_check
from discovery.platform.errors import TrainingFailed
from graph.training.run import snapshot_to_learn_from

SEED = 601  # of the split and of who is planted: nothing was chosen on it


class Command(BaseCommand):
    help = (
        "Train on what is here, measure quality, cost, faithfulness and privacy, and fail on a loss outside noise."
        " Takes a database made for it, for the model is published there (make model-ci makes one)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", required=True, help="what is measured, by which the baseline knows it")
        parser.add_argument("--baselines", type=Path, required=True, help="figures by data, as JSON")
        parser.add_argument("--report", type=Path, required=True, help="a folder for the report")
        parser.add_argument(
            "--write", action="store_true", help="make what is measured the baseline; review it"
        )
        parser.add_argument(
            "--listeners", type=int, default=100, help="how many people's reasons are tested (100)"
        )
        parser.add_argument(
            "--planted",
            type=int,
            default=50,
            help="how many are planted and erased (50); of fewer, chance alone leaves the bound",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            taken = snapshot_to_learn_from()
        except TrainingFailed as error:
            raise CommandError(error.message) from error
        tell = self.stderr.write
        path, data = options["baselines"], options["data"]
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if data not in kept and not options["write"]:
            tell(f"There is no baseline of {data} in {path}: what is measured now is compared with nothing.")
        now = {
            **model_check.quality(taken, seed=SEED, tell=tell),
            **model_check.faithfulness(listeners=options["listeners"], tell=tell),
            **model_check.privacy(planted=options["planted"], seed=SEED, tell=tell),
        }
        if options["write"]:
            kept[data] = model_check.as_json(now)
            path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        before = model_check.from_json(kept.get(data, {}))
        lost = model_check.losses(now, before)
        folder = options["report"]
        folder.mkdir(parents=True, exist_ok=True)
        text = model_check.report(data, now, before, lost)
        (folder / f"{data}.md").write_text(text, encoding="utf-8")
        (folder / f"{data}.svg").write_text(model_check.picture(now, before), encoding="utf-8")
        self.stdout.write(text)
        if not before:
            raise CommandError(
                f"There is no baseline of {data} in {path} yet: --write (make model-ci WRITE=1) makes one."
            )
        if lost:
            raise CommandError("The model lost something; the report says what.")
