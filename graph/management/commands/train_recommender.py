"""Trains the recommender in the foreground."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from discovery.platform.errors import TrainingFailed
from graph.models import ModelVersion
from graph.training import run as training


class Command(BaseCommand):
    help = "Snapshot, training, evaluation and promotion; the Celery task runs the same service."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--config", type=Path, help="a JSON file of a model's configuration")
        parser.add_argument(
            "--if-needed", action="store_true", help="do nothing when the active model knows all of this"
        )

        parser.add_argument(
            "--workers",
            type=int,
            help="processes that train (default EARSHOT_TRAINING_WORKERS): docs/scale.md",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        from graph.ml.config import RecommenderConfig

        config = RecommenderConfig()
        if options["config"]:
            try:
                config = RecommenderConfig.from_json(options["config"].read_text(encoding="utf-8"))
            except (OSError, TypeError, ValueError) as error:
                raise CommandError(f"{options['config']}: {error}") from error
        if options["if_needed"] and training.is_up_to_date(config):
            self.stdout.write("The active model is up to date.")
            return
        try:
            version = self._train(config, options["workers"])
        except TrainingFailed as error:
            raise CommandError(error.message) from error
        if version.state == ModelVersion.State.REJECTED:
            raise CommandError(f"The model was refused: {version.rejected_because}")
        for line in _told(version.metrics):
            self.stdout.write(line)
        state = (
            "active"
            if version.state == ModelVersion.State.ACTIVE
            else "a candidate: it is tried before it serves"
        )
        self.stdout.write(f"Model {version.pk} is {state}.")

    def _train(self, config: Any, workers: int | None) -> ModelVersion:
        lines = _Lines(self.stdout.write)
        console = Console()
        bar = Progress(
            *Progress.get_default_columns()[1:3], TimeElapsedColumn(), TextColumn("{task.description}"),
            console=console, disable=not console.is_terminal,
        )  # fmt: skip
        with bar:
            task = bar.add_task("", total=1.0)

            def report(fraction: float, step: str) -> None:
                bar.update(task, completed=fraction, description=step)
                if not console.is_terminal:
                    lines.report(fraction, step)

            version = training.train_and_publish(
                key=f"{training.BY_HAND}{uuid.uuid4()}",
                holder=training.holder_name(),
                config=config,
                workers=workers,
                progress=report,
            )
        if version is None:
            raise CommandError("Another process took this run over.")
        return version


def _told(metrics: Mapping[str, Any]) -> Iterator[str]:
    """What the model was made of and how good it is, in words."""
    for kind, items in metrics["learned"].items():
        if items:
            yield f"{kind}: plays taught something of {items} items; of others the catalog and its tags speak."
        else:
            yield f"{kind}: too few people play the same to learn from; the catalog and its tags speak alone."
    for kind, measured in metrics["items"].items():
        yield (
            f"{kind}: NDCG@20 {measured['ndcg']:.4f} (most popular items: {measured['popularity_ndcg']:.4f}), "
            f"recall@20 {measured['recall']:.4f}, {measured['viewers']} listeners"
        )
    if metrics["not_measured"]:
        yield f"Too small to measure, and so promoted without comparison: {metrics['not_measured']}."


class _Lines:
    """Progress for a log: a line each tenth and each step, not one a call."""

    def __init__(self, write: Any) -> None:
        self._write = write
        self._last = ""

    def report(self, fraction: float, step: str) -> None:
        line = f"{int(fraction * 10) * 10:3d} %"
        if line != self._last:
            self._last = line
            self._write(f"{line}  {step}")
