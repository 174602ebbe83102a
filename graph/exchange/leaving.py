"""What this installation gives to others, from its database: made of the people who allow that now, fail closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from graph import snapshot
from graph.elsewhere.held import names_of
from graph.elsewhere.names import Named
from graph.exchange.export import Exported, export_document
from graph.exchange.files import ensure_writable, file_write, told_by_us
from graph.exchange.floors import nothing_leaves
from graph.ml.config import RecommenderConfig
from graph.ml.progress import Progress, silent, within
from graph.snapshot import GraphSnapshot
from graph.training.drawn import drawn, drawn_seed

Narrowed = Callable[[GraphSnapshot, RecommenderConfig, Progress], RecommenderConfig]
NARROWING = 0.5  # of the time


def model_export(
    path: Path,
    *,
    config: RecommenderConfig | None = None,
    dtype: str = "int8",
    narrowed: Narrowed | None = None,
    progress: Progress = silent,
) -> Exported:
    """Train a model for others and write it. ``narrowed``: what finds how few columns do, and for how much of the time.

    Raises Conflict (BUNDLE_EMPTY) where nothing may leave, and InvalidInput (FILE_UNWRITABLE) before anything is trained.
    """
    ensure_writable(path)
    learned, ours = allowed()
    config = replace(config or RecommenderConfig(), seed=drawn_seed(learned))
    begun = 0.0
    if narrowed is not None:
        config, begun = narrowed(learned, config, within(progress, 0.0, NARROWING, "how narrow")), NARROWING
    exported = export_document(
        learned, ours, config, secret=settings.SIGNING_KEY, told=told_by_us(),
        dtype=dtype, progress=within(progress, begun, 1.0, "fitting"),
    )  # fmt: skip
    file_write(path, exported.blob)
    return exported


def allowed() -> tuple[GraphSnapshot, Named]:
    """What may be passed on, a secret tenth of its people left out as with every training; and what it is called."""
    taken = snapshot.take(passed_on=True)
    if not len(taken.artist_plays.user) and not len(taken.track_plays.user):
        raise nothing_leaves()
    return drawn(taken), names_of(taken.artists, taken.tracks, taken.tags)
