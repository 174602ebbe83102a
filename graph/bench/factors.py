"""What one play costs in storage, at three sizes, and the power of size that it follows."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.db import connection, transaction
from scipy.optimize import nnls

from graph.bench.generate import Size, generate
from graph.partitions import read_snapshot, write_partitions

SIZES = (100_000, 300_000, 1_000_000)
FAR = 10  # times the largest measured size, beyond which a figure is a guess
# A temporary copy of the table with its indexes, filled with rows as a history's are; the table itself is not touched.
LISTENS = """
    INSERT INTO measured_listen
        (id, user_id, track_id, listened_at, ms_played, source, source_id, corrected, recorded_at)
    SELECT n, 1 + floor(random() * %(people)s), 1 + floor(random() * %(tracks)s),
        TIMESTAMPTZ '2025-01-01' + n * INTERVAL '1 second', 200000, 'listenbrainz', md5(n::text), FALSE, now()
    FROM generate_series(1, %(rows)s) AS n"""


@dataclass(frozen=True, kw_only=True)
class Factor:
    """cost = fixed + scale · size^exponent, fitted to what was measured; ``residual`` is the fit's largest relative error."""

    sizes: tuple[float, ...]
    costs: tuple[float, ...]
    scale: float
    exponent: float
    residual: float
    fixed: float = 0.0  # what libraries and empty files take at any size

    def at(self, size: float) -> float:
        return float(self.fixed + self.scale * size**self.exponent)

    def is_far(self, size: float) -> bool:
        return size > FAR * max(self.sizes)

    def told(self) -> dict[str, Any]:
        return asdict(self)


def fit(sizes: Sequence[float], costs: Sequence[float]) -> Factor:
    """The power law through measured costs. Raises ValueError for fewer than two sizes, or a cost that is not above 0."""
    if len(set(sizes)) < 2 or min(costs) <= 0:
        raise ValueError("a power law needs two sizes and costs above 0")
    exponent, level = np.polyfit(np.log(sizes), np.log(costs), 1)
    fitted = np.exp(level) * np.asarray(sizes, dtype=float) ** exponent
    return Factor(
        sizes=tuple(sizes),
        costs=tuple(costs),
        scale=float(np.exp(level)),
        exponent=float(exponent),
        residual=float(np.abs(fitted / np.asarray(costs) - 1).max()),
    )


def fit_line(sizes: Sequence[float], costs: Sequence[float]) -> Factor:
    """Cost = fixed + scale · size, neither below 0, by relative errors: a power law takes what is fixed for a slow growth."""
    at, cost = np.asarray(sizes, dtype=float), np.asarray(costs, dtype=float)
    (fixed, scale), _ = nnls(np.stack([1 / cost, at / cost], axis=1), np.ones(len(cost)))
    return Factor(
        sizes=tuple(sizes),
        costs=tuple(costs),
        scale=float(scale),
        exponent=1.0,
        residual=float(np.abs((fixed + scale * at) / cost - 1).max()),
        fixed=float(fixed),
    )


def bytes_of_listens(sizes: Sequence[int] = SIZES) -> Factor | None:
    """Bytes of plays' rows with their indexes on PostgreSQL; none on another database."""
    if connection.vendor != "postgresql":
        return None
    return fit(sizes, [_bytes_of_listens(rows) for rows in sizes])


def _bytes_of_listens(rows: int) -> float:
    size = Size(plays=rows)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE measured_listen (LIKE graph_listen INCLUDING INDEXES INCLUDING DEFAULTS)"
        )
        cursor.execute(LISTENS, {"people": size.users, "tracks": size.tracks, "rows": rows})
        cursor.execute("SELECT pg_total_relation_size('measured_listen')")
        (taken,) = cursor.fetchone()
        cursor.execute("DROP TABLE measured_listen")
    return float(taken)


def parquet(sizes: Sequence[int] = SIZES) -> dict[str, Factor]:
    """Bytes, and CPU seconds of writing and reading, of snapshots of so many plays as partitions."""
    _parquet(min(sizes))  # libraries load with the first one
    measured = [_parquet(plays) for plays in sizes]
    plays = [row.pop("plays") for row in measured]
    return {name: fit_line(plays, [row[name] for row in measured]) for name in measured[0]}


def _parquet(plays: int) -> dict[str, float]:
    taken = generate(Size(plays=plays))
    with tempfile.TemporaryDirectory() as made:
        parts = Path(made) / "parts"
        begun = time.process_time()
        write_partitions(taken, parts)
        written = time.process_time()
        read_snapshot(parts)
        read = time.process_time()
        taken_bytes = sum(file.stat().st_size for file in parts.rglob("*.parquet"))
    return {
        "plays": float(len(taken.track_plays.user)),
        "snapshot_bytes": float(taken_bytes),
        "snapshot_write_seconds": written - begun,
        "snapshot_read_seconds": read - written,
    }
