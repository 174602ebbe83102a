"""The report on listening by DuckDB beside the same numbers by numpy with every play held: seconds and peak memory."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import django
import numpy as np

from graph.analytics import ask
from graph.bench.cost import peak_mebibytes
from graph.bench.generate import Size, generate
from graph.partitions import Partitions, write_partitions

SIZES = (100_000, 1_000_000, 10_000_000)


def benchmark(sizes: Sequence[int] = SIZES) -> dict[str, Any]:
    """Each way and size in a process of its own; MiB beyond what the process held before it read."""
    return {"sizes": [_size(plays) for plays in sizes]}


def _size(plays: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as made:
        parts = Path(made) / "parts"
        _apart(_write, parts, plays)
        return {"plays": plays, "duckdb": _apart(_by_duckdb, parts), "numpy": _apart(_by_numpy, parts)}


def _apart(work: Callable[..., Any], *values: Any) -> Any:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=django.setup) as process:
        return process.submit(work, *values).result()


def _write(parts: Path, plays: int) -> None:
    write_partitions(generate(Size(plays=plays)), parts)


def _by_duckdb(parts: Path) -> dict[str, float]:
    return _measured(lambda: ask(parts, "track")["gini"])


def _by_numpy(parts: Path) -> dict[str, float]:
    return _measured(lambda: _gini(Partitions(parts)))


def _measured(work: Callable[[], float]) -> dict[str, float]:
    before, begun, start = peak_mebibytes(), time.perf_counter(), time.process_time()
    gini = work()
    return {
        "gini": gini,
        "cpu_seconds": time.process_time() - start,
        "wall": time.perf_counter() - begun,
        "mebibytes": peak_mebibytes() - before,
    }


def _gini(partitions: Partitions) -> float:
    """With what else the report tells of: activity, the top percent, the tail and who hears it."""
    plays = partitions.listeners("track_plays", 0, partitions.about.parts)
    reach = np.bincount(plays["item"])
    np.bincount(plays["user"])
    np.unique(plays["user"][reach[plays["item"]] < 10])
    heard = np.sort(reach[reach > 0])
    places = np.arange(1, len(heard) + 1)
    return round(
        float(2 * (places * heard).sum() / (len(heard) * heard.sum()) - (len(heard) + 1) / len(heard)), 2
    )


def table(measured: dict[str, Any]) -> str:
    """The benchmark as Markdown."""
    lines = ["| plays | by | Gini | CPU s | wall s | MiB |", "|--:|---|--:|--:|--:|--:|"]
    for size in measured["sizes"]:
        for way in ("duckdb", "numpy"):
            row = size[way]
            lines.append(
                f"| {size['plays']:,} | {way} | {row['gini']:.2f} | {row['cpu_seconds']:.2f} | {row['wall']:.2f} | "
                f"{row['mebibytes']:,.0f} |"
            )
    return "\n".join(lines)
