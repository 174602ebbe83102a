"""Requests that wait for processes: a simulation, and the closed formula that it is held to.

One line, W processes, whoever comes first is served first. Arrivals are Poisson, their rate changes by the hour.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from graph.arrays import Doubles

HOUR = 3600.0  # seconds
# How a day's requests spread over its hours; 1 is the mean. An assumption of a residential evening, not a measurement.
HOURS = (
    0.5, 0.3, 0.2, 0.15, 0.15, 0.25, 0.5, 0.8, 0.95, 1.0, 1.0, 1.05,
    1.1, 1.1, 1.1, 1.15, 1.25, 1.4, 1.6, 1.8, 1.95, 1.9, 1.7, 1.1,
)  # fmt: skip
Service = Callable[[int, np.random.Generator], Doubles]  # seconds of so many requests


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What requests met; seconds, and requests that waited at a time."""

    p50_wait: float
    p95_wait: float
    mean_wait: float
    utilization: float
    mean_queue: float

    def told(self) -> dict[str, float]:
        return asdict(self)


def arrivals(rates: Sequence[float], seconds: float, rng: np.random.Generator) -> Doubles:
    """Times [N], ascending, where each of ``rates`` (a second) holds for so many ``seconds``."""
    each = [
        np.sort(rng.random(rng.poisson(rate * seconds))) * seconds + position * seconds
        for position, rate in enumerate(rates)
    ]
    return np.concatenate(each)


def simulate(come: Doubles, service: Doubles, processes: int) -> Queue:
    """Serve requests that come at ``come`` [N] and take ``service`` [N] seconds. Raises ValueError without any."""
    if not len(come):
        raise ValueError("no requests")
    free = [0.0] * processes
    waits, end = np.zeros(len(come)), 0.0
    for position, (at, takes) in enumerate(zip(come.tolist(), service.tolist(), strict=True)):
        begun = max(at, free[0])
        heapq.heapreplace(free, begun + takes)
        waits[position], end = begun - at, max(end, begun + takes)
    span = end - float(come[0])
    return Queue(
        p50_wait=float(np.quantile(waits, 0.5)),
        p95_wait=float(np.quantile(waits, 0.95)),
        mean_wait=float(waits.mean()),
        utilization=float(service.sum()) / (processes * span),
        mean_queue=float(waits.sum()) / span,  # Little's law
    )


def fewest_processes(come: Doubles, service: Doubles, bound: float) -> tuple[int, Queue]:
    """The smallest number that keeps the p95 of waiting within ``bound`` seconds, by bisection: more never wait longer."""
    high = 1
    while simulate(come, service, high).p95_wait > bound:
        high *= 2
    low = high // 2  # too few
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if simulate(come, service, middle).p95_wait > bound else (low, middle)
    return high, simulate(come, service, high)


def lognormal(p50: float, p95: float) -> Service:
    """Service of a median and a 95th percentile in seconds."""
    spread = math.log(p95 / p50) / 1.6448536269514722
    return lambda many, rng: p50 * np.exp(spread * rng.standard_normal(many))


def mean_wait_of_erlang(rate: float, service: float, processes: int) -> float:
    """M/M/c: the mean of waiting in seconds (Erlang's C formula). Raises ValueError where the line grows without end."""
    load = rate * service
    if load >= processes:
        raise ValueError("more comes than can be served")
    blocked = 1.0  # Erlang's B by its recursion, which no factorial overflows
    for count in range(1, processes + 1):
        blocked = load * blocked / (count + load * blocked)
    waits = blocked / (1 - load / processes * (1 - blocked))
    return waits * service / (processes - load)
