"""What an installation of a given size needs, from factors that were measured smaller, and what that costs at given prices.

Sources: `graph.bench.factors` (measured by the command), ``scale.json``, ``workers.json`` and ``serving.json``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from graph.bench.factors import Factor, bytes_of_listens, fit, fit_line, parquet
from graph.bench.queueing import HOURS, arrivals, fewest_processes, lognormal
from graph.ml.config import NetworkConfig

MEBIBYTE, GIBIBYTE = 2**20, 2**30
SIMULATED = 200_000  # requests of a day; each hour is cut to its share of them
HOURS_OF_MONTH = 730
GIGABYTE = 10**9
RECORD = "recordListens, one play"  # a surface in ``serving.json``
RESULTS = ("scale", "workers", "serving")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An installation. A price that is none is not given, and what it is of is not summed."""

    listeners: int
    plays: int
    items: int
    workers: int  # of a training
    requests: float  # a second, the mean of a day
    answer_bytes: int  # of a request, sent
    wait: float  # seconds, the bound on the p95 of waiting
    heard: float  # plays of a listener that are recorded in a day, one a request
    trainings: int  # a month
    hour_price: float | None = None  # of a core
    stored_price: float | None = None  # of a GB for a month
    sent_price: float | None = None  # of a GB


def measure(results: Path) -> dict[str, Factor]:
    """Each factor by its name. ``results`` holds what other benchmarks wrote. Raises FileNotFoundError without it."""
    scale, _, serving = (_read(results, name) for name in RESULTS)
    found = parquet()
    listens = bytes_of_listens()
    if listens is not None:
        found["listen_bytes"] = listens
    epochs, served = scale["epochs"], serving["sizes"]
    plays, people = [row["plays"] for row in epochs], [row["people"] for row in served]
    discover = [row["surfaces"]["discover"] for row in served]
    found["memory_seconds"] = fit(plays, [row["memory"] for row in epochs])
    found["epoch_seconds"] = fit(plays, [row["epoch"] for row in epochs])
    found["peak_bytes"] = fit_line(plays, [row["peak_mebibytes"] * MEBIBYTE for row in epochs])
    found["lists_bytes"] = fit(
        [row["items"] for row in served], [row["cold"]["lists_mebibytes"] * MEBIBYTE for row in served]
    )
    for name, sizes in (("model", [row["items"] for row in served]), ("links", people)):
        held = [row["cold"][f"{name}_mebibytes"] * MEBIBYTE for row in served]
        found[f"{name}_bytes"] = fit(sizes, held)
    found["record_p50_ms"] = fit(people, [row["surfaces"][RECORD]["p50_ms"] for row in served])
    found["discover_p50_ms"] = fit(people, [row["p50_ms"] for row in discover])
    found["discover_p95_ms"] = fit(people, [row["p95_ms"] for row in discover])
    return found


def _read(results: Path, name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((results / f"{name}.json").read_text(encoding="utf-8"))
    return read


@dataclass(frozen=True, kw_only=True)
class Halo:
    """What a worker sends in an epoch: ``sent`` bytes for each item that its listeners play and another worker holds.

    Of I items a worker of W plays 1 − exp(−``spread`` · plays / (W · I)), and (W − 1) / W of those are held elsewhere.
    """

    sent: float
    spread: float
    residual: float  # the largest relative error of the fit

    def at(self, plays: float, items: float, workers: int) -> float:
        """Bytes a worker and epoch."""
        return float(self.sent * _halo_rows(self.spread, plays, items, workers))


def _halo_rows(spread: float, plays: float, items: float, workers: float) -> float:
    return float(items * (1 - 1 / workers) * -np.expm1(-spread * plays / (workers * items)))


def halo(results: Path) -> Halo | None:
    """Fitted to ``workers.json``; none where that holds fewer than two runs of several workers."""
    rows = [
        (
            size["plays"],
            size["items"],
            run["workers"],
            run["sent_mebibytes"][2] * MEBIBYTE / size["epochs"],
        )
        for size in _read(results, "workers")["sizes"]
        for run in size["workers"]
        if run["workers"] > 1
    ]
    if len(rows) < 2:
        return None

    def errors(at: Any) -> Any:
        return [at[0] + np.log(_halo_rows(np.exp(at[1]), *row[:3])) - np.log(row[3]) for row in rows]

    found = least_squares(errors, [np.log(1000.0), 0.0])
    level, spread = np.exp(found.x)
    return Halo(sent=float(level), spread=float(spread), residual=float(np.abs(np.expm1(found.fun)).max()))


def plan(wanted: Wanted, factors: dict[str, Factor], sent: Halo | None) -> dict[str, Any]:
    """Amounts by their name; one that was not measured here is none."""
    epochs = NetworkConfig().full_batch_epochs
    training = factors["memory_seconds"].at(wanted.plays) + epochs * factors["epoch_seconds"].at(wanted.plays)
    listens = factors["listen_bytes"].at(wanted.plays) if "listen_bytes" in factors else None
    between = (
        sent.at(wanted.plays, wanted.items, wanted.workers) * wanted.workers * epochs
        if sent and wanted.workers > 1
        else None
    )
    return {
        "database GiB of plays, indexes included": _parts(listens, GIBIBYTE),
        "snapshot GiB": factors["snapshot_bytes"].at(wanted.plays) / GIBIBYTE,
        "snapshot CPU s, written and read once": sum(
            factors[name].at(wanted.plays) for name in ("snapshot_write_seconds", "snapshot_read_seconds")
        ),
        "training CPU hours": training / 3600,
        "training hours, were the work of workers even": training / wanted.workers / 3600,
        "training GiB in one process": factors["peak_bytes"].at(wanted.plays) / GIBIBYTE,
        "training GiB between workers": _parts(between, GIBIBYTE),
        "lists GiB of a web process": factors["lists_bytes"].at(wanted.items) / GIBIBYTE,
        "model GiB of a web process": factors["model_bytes"].at(wanted.items) / GIBIBYTE,
        "friendships GiB of a web process": factors["links_bytes"].at(wanted.listeners) / GIBIBYTE,
        "CPU ms of a play recorded alone": (record := factors["record_p50_ms"].at(wanted.listeners)),
        "cores that recording keeps busy, mean of a day": wanted.listeners
        * wanted.heard
        / 86_400
        * record
        / 1000,
        **_serving(wanted, factors),
    }


def _parts(amount: float | None, of: float) -> float | None:
    return None if amount is None else amount / of


def _serving(wanted: Wanted, factors: dict[str, Factor]) -> dict[str, float]:
    """Web processes for a day of `discover`, simulated."""
    rng = np.random.default_rng(0)
    p50, p95 = (factors[f"discover_{name}_ms"].at(wanted.listeners) / 1000 for name in ("p50", "p95"))
    seconds = min(3600.0, SIMULATED / (wanted.requests * len(HOURS)))
    come = arrivals([wanted.requests * share for share in HOURS], seconds, rng)
    processes, queue = fewest_processes(come, lognormal(p50, p95)(len(come), rng), wanted.wait)
    return {
        "CPU ms of a request, median": p50 * 1000,
        "web processes, each on a core": processes,
        "p50 of waiting, ms": queue.p50_wait * 1000,
        "p95 of waiting, ms": queue.p95_wait * 1000,
        "utilization over the day": queue.utilization,
        "requests that wait, mean": queue.mean_queue,
        "seconds simulated of each hour": seconds,
    }


def cost(wanted: Wanted, planned: dict[str, Any]) -> dict[str, float | None]:
    """Money a month by its cause, in the unit of the prices; none where a price or an amount is not given."""
    cores = planned["web processes, each on a core"] * HOURS_OF_MONTH
    stored = planned["database GiB of plays, indexes included"]
    sent = wanted.requests * wanted.answer_bytes * HOURS_OF_MONTH * 3600 / GIGABYTE
    return {
        "web processes": _times(cores, wanted.hour_price),
        "trainings": _times(planned["training CPU hours"] * wanted.trainings, wanted.hour_price),
        "plays stored": _times(_parts(stored, GIGABYTE / GIBIBYTE), wanted.stored_price),
        "answers sent": _times(sent, wanted.sent_price),
    }


def _times(amount: float | None, price: float | None) -> float | None:
    return None if amount is None or price is None else amount * price


def tables(measured: dict[str, Any]) -> str:
    """Factors, the plan and its cost as Markdown."""
    wanted = measured["wanted"]
    lines = [
        "| factor | measured at | fixed | exponent | largest error of the fit | beyond 10 × |",
        "|---|---|--:|--:|--:|---|",
    ]
    for name, factor in measured["factors"].items():
        sizes = ", ".join(f"{size:,.0f}" for size in factor["sizes"])
        far = "yes" if factor["far"] else ""
        lines.append(
            f"| {name.replace('_', ' ')} | {sizes} | {factor['fixed']:,.3g} | {factor['exponent']:.2f} | {factor['residual']:.1%} | {far} |"
        )
    lines += [
        "",
        f"{wanted['listeners']:,} listeners, {wanted['plays']:,} plays, {wanted['items']:,} items, ",
    ]
    lines[-1] += f"{wanted['workers']} workers, {wanted['requests']:g} requests a second:"
    lines += ["", "| | |", "|---|--:|"]
    lines += [f"| {name} | {_amount(value, 'not measured')} |" for name, value in measured["plan"].items()]
    lines += ["", "| cost of a month | |", "|---|--:|"]
    lines += [f"| {name} | {_amount(value, 'not given')} |" for name, value in measured["cost"].items()]
    return "\n".join(lines)


def _amount(value: float | None, otherwise: str) -> str:
    return otherwise if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
