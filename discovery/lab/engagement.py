"""What weeks of listening come to: the radio against the most popular, and how much of it rests on each assumption."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np

from discovery.lab.habits import LAST, Habits
from discovery.lab.listener_model import ListenerModel
from discovery.lab.report import gain_told, table_of
from discovery.lab.simulate import MOST_POPULAR, RADIO, Model
from discovery.lab.verdict import FACTORS, RESAMPLES
from discovery.lab.weeks import Engagement, Trace, engagement, weeks
from graph.arrays import Doubles

PLACEBO = replace(MOST_POPULAR, name="most popular, once more")  # the same with other luck
ANOTHER = 1  # the placebo's luck
WANTED = {"session_length": 0.35, "plays_a_day": 0.28, "playlists": 0.40, "churn": -0.18}
NAMES = {
    "session_length": "session length", "plays_a_day": "plays a day",
    "playlists": "playlists from suggestions", "churn": "churn",
}  # fmt: skip
# What decides nothing of what is played: read off the same weeks.
AFTERWARDS = frozenset({"leaves_a_month", "leaves_factor", "keeps", "playlist"})


def played(model: Model, listener_model: ListenerModel, habits: Habits, seed: int) -> dict[str, Trace]:
    """The weeks of each station, by its name."""
    return {
        station.name: weeks(
            model, listener_model, station, habits, seed, luck=ANOTHER if station is PLACEBO else 0
        )
        for station in (RADIO, MOST_POPULAR, PLACEBO)
    }


def measured(
    model: Model, listener_model: ListenerModel, traces: Mapping[str, Trace], habits: Habits, seed: int
) -> dict[str, Any]:
    """All figures but the sensitivity."""
    found = {name: engagement(trace, habits) for name, trace in traces.items()}
    return {
        "seed": seed, "days": LAST, "listeners": len(listener_model.listeners), "artists": len(model.index),
        "assumed": asdict(habits), "wanted": WANTED,
        "stations": {name: levels(one) for name, one in found.items()},
        "radio": against(found[RADIO.name], found[MOST_POPULAR.name], seed),
        "placebo": against(found[PLACEBO.name], found[MOST_POPULAR.name], seed),
    }  # fmt: skip


def levels(one: Engagement) -> dict[str, float]:
    """Each measure's value."""
    return {name: float(np.sum(getattr(one, name)[0]) / np.sum(getattr(one, name)[1])) for name in NAMES}


def against(ours: Engagement, theirs: Engagement, seed: int) -> dict[str, dict[str, float] | None]:
    """Each measure's ratio less 1, with 95 % percentile intervals of a bootstrap over listeners, the same in both.

    None where the other station has next to nothing of it.
    """
    size = len(ours.churn[0])
    chosen = np.random.default_rng(seed).integers(size, size=(RESAMPLES, size))
    found: dict[str, dict[str, float] | None] = {}
    for name in NAMES:
        rival = _ratio(getattr(theirs, name), chosen)
        if not rival.all():  # beside nothing there is no ratio
            found[name] = None
            continue
        low, high = np.quantile(_ratio(getattr(ours, name), chosen) / rival - 1, [0.025, 0.975])
        gain = levels(ours)[name] / levels(theirs)[name] - 1
        found[name] = {"gain": gain, "low": float(low), "high": float(high)}
    return found


def _ratio(sums: tuple[Doubles, Doubles], chosen: Any) -> Doubles:
    above, below = sums
    return np.asarray(above[chosen].sum(axis=1) / below[chosen].sum(axis=1), dtype=np.float64)


def sensitivity(
    model: Model, few: ListenerModel, traces: Mapping[str, Trace], habits: Habits, seed: int
) -> list[dict[str, Any]]:
    """Each constant halved and doubled; those that decide what is played, with ``few`` listeners."""
    rows = []
    for constant in fields(Habits):
        for factor in FACTORS:
            kind, value = type(getattr(habits, constant.name)), getattr(habits, constant.name) * factor
            other = replace(habits, **{constant.name: kind(value)})
            found = [
                engagement(
                    traces[station.name]
                    if constant.name in AFTERWARDS
                    else weeks(model, few, station, other, seed),
                    other,
                )
                for station in (RADIO, MOST_POPULAR)
            ]
            gains = {name: row and row["gain"] for name, row in against(found[0], found[1], seed).items()}
            rows.append({"assumption": constant.name, "value": kind(value), **gains})
    return rows


def tables(figures: Mapping[str, Any]) -> str:
    """Everything measured, as Markdown."""
    stations: Mapping[str, Mapping[str, float]] = figures["stations"]
    level = table_of(
        ("station", *NAMES.values()),
        [(name, *(_level(measure, row[measure]) for measure in NAMES)) for name, row in stations.items()],
    )
    gains = table_of(
        ("measure", "radio against most popular", "wanted", "the most popular against itself"),
        [
            (
                NAMES[name], _told(figures["radio"][name]), _bound(name), _told(figures["placebo"][name]),
            )
            for name in NAMES
        ],
    )  # fmt: skip
    return "\n\n".join([
        f"{figures['listeners']:,} listeners, {figures['artists']:,} artists, {figures['days']} days, seed {figures['seed']}",
        level, gains,
        *(_sensitivity_table(figures["sensitivity"], figures["sensitivity_listeners"]) if "sensitivity" in figures else []),
    ])  # fmt: skip


def _sensitivity_table(rows: Sequence[Mapping[str, Any]], listeners: int) -> list[str]:
    told = (
        "The radio against the most popular where one assumption is halved or doubled "
        f"({listeners:,} listeners where it decides what is played):"
    )
    cells = [
        (
            row["assumption"], f"{row['value']:.3g}", *("–" if row[name] is None else f"{row[name]:+.1%}" for name in NAMES),
        )
        for row in rows
    ]  # fmt: skip
    return [told, table_of(("assumption", "value", *NAMES.values()), cells)]


def _told(gain: Mapping[str, float] | None) -> str:
    return "–" if gain is None else gain_told(gain)


def _level(measure: str, value: float) -> str:
    return f"{value:.1%}" if measure == "churn" else f"{value:.2f}"


def _bound(name: str) -> str:
    return f"{'≤' if WANTED[name] < 0 else '≥'} {WANTED[name]:+.0%}"
