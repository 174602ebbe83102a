"""What this installation gives to others, from its database: made of the people who allow that now, fail closed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from django.conf import settings

from graph import snapshot
from graph.elsewhere.held import names_of
from graph.elsewhere.names import Named
from graph.exchange.export import Exported, export_document
from graph.exchange.files import file_write, told_by_us
from graph.exchange.floors import nothing_leaves
from graph.ml.config import RecommenderConfig
from graph.ml.progress import Progress, silent, within
from graph.snapshot import GraphSnapshot
from graph.training.drawn import drawn, drawn_seed


def model_export(
    path: Path, *, dtype: str = "int8", lean: bool = False, progress: Progress = silent
) -> Exported:
    """Train a model for others and write it. ``lean``: as narrow as a validation split allows.

    Raises Conflict (BUNDLE_EMPTY) where nothing may leave.
    """
    learned, ours = allowed()
    config = replace(RecommenderConfig(), seed=drawn_seed(learned))
    if lean:
        from graph.bench.compression import narrowest

        config = narrowest(learned, config, progress=within(progress, 0.0, 0.5, "how narrow"))
    exported = export_document(
        learned, ours, config, secret=settings.SIGNING_KEY, told=told_by_us(learned.ledger_position),
        dtype=dtype, progress=within(progress, 0.5 if lean else 0.0, 1.0, "fitting"),
    )  # fmt: skip
    file_write(path, exported.blob)
    return exported


def allowed() -> tuple[GraphSnapshot, Named]:
    """What may be passed on, a secret tenth of its people left out as with every training; and what it is called."""
    taken = snapshot.take(passed_on=True)
    if not len(taken.artist_plays.user) and not len(taken.track_plays.user):
        raise nothing_leaves()
    return drawn(taken), names_of(taken.artists, taken.tracks, taken.tags)
