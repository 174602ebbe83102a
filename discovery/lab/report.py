"""The radio's figures as one JSON file, and as tables between the markers of a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from discovery.lab.verdict import over_runs

START, END = "<!-- measured: start -->", "<!-- measured: end -->"
SIMULATION = "simulation"  # its parts may be simulated one by one
BANDITS = {
    "bandit": "one model throughout",
    "growing": "a growing community: 1 %, 5 %, 20 %, 100 % have joined",
    "hits": "a community that hears out hits as gladly as what fits",
}
ALL = "any of the three, as likely as another"
OF_ONE_SIMULATION = ("seed", "listeners", "assumed")


def written(
    figures: Mapping[str, Any], part: str, to: Path | None, page: Path | None, tell: Callable[[str], Any]
) -> None:
    """Keep ``found`` as one part of the file ``to``, tell it, and write all parts there are into ``page``."""
    known = json.loads(to.read_text(encoding="utf-8")) if to is not None and to.exists() else {}
    before = known.get(part, {})
    same = all(before.get(key) == figures.get(key) for key in OF_ONE_SIMULATION)
    known[part] = {**before, **figures} if same and part == SIMULATION else dict(figures)
    tell(json.dumps(figures, indent=1))
    if to is not None:
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    if page is not None:
        between_markers(page, tables(known))


def between_markers(page: Path, text: str) -> None:
    """Put ``text`` where what is measured stands on ``page``."""
    head, rest = page.read_text(encoding="utf-8").split(START)
    page.write_text(f"{head}{START}\n\n{text}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")


def tables(known: Mapping[str, Any]) -> str:
    """Everything measured, as Markdown."""
    parts = [_served(name, figures) for name, figures in known.items() if name.startswith("served")]
    if "simulation" in known:
        parts.append(_simulated(known["simulation"]))
    return "\n\n".join(parts)


def _served(name: str, figures: Mapping[str, Any]) -> str:
    skips, cost = figures["skips"], figures["cost"]
    variety = table_of(
        ("variety", "how unlike one another the items are", "score of the last"),
        [
            (f"{row['variety']:.2f}", f"{row['unlike']:.3f}", f"{row['score']:.2f}")
            for row in figures["variety"]
        ],
    )
    return (
        f"### As it is served: {name.removeprefix('served ')}\n\n"
        f"{skips['skips']:,} skips: the skipped item came next {skips['same_item_next']} times, one of its five "
        f"nearest {skips['near_item_next']} times; its rank fell {skips['rank_fell']:,} times. An advance takes "
        f"{cost['added_ms']:.1f} CPU ms more than a plain query in the same run (median; "
        f"{cost['advance_ms']:.1f} against {cost['plain_ms']:.1f}).\n\n{variety}"
    )


def _simulated(figures: Mapping[str, Any]) -> str:
    parts = [
        f"### Simulated: {figures['listeners']:,} listeners, {figures['artists']:,} artists, seed {figures['seed']}"
    ]
    if "stations" in figures:
        parts += _stations(figures)
    if "learning" in figures:
        parts.append(_learning(figures["learning"]))
    runs = {name: figures[key] for key, name in BANDITS.items() if key in figures}
    if runs:
        parts.append(_bandits(runs))
    if "turning" in figures:
        parts.append(_turning(figures["turning"]))
    if "sensitivity" in figures:
        parts += _sensitivity(figures["sensitivity"], figures["sensitivity_listeners"])
    return "\n\n".join(parts)


def _stations(figures: Mapping[str, Any]) -> list[str]:
    stations = table_of(
        ("station", "items a session", "heard out", "share heard out"),
        [
            (name, f"{row['length']:.2f}", f"{row['heard']:.2f}", f"{row['share_heard']:.1%}")
            for name, row in figures["stations"].items()
        ],
    )
    against = table_of(
        ("radio against", "session length", "heard out"),
        [(row["against"], gain_told(row["length"]), gain_told(row["reward"])) for row in figures["against"]],
    )
    off = figures["off_policy"]
    covered = ", ".join(f"{name} {count}" for name, count in off["covered"].items())
    told = (
        f"Off-policy intervals that cover the truth, of {off['runs']} logs of {off['choices_a_run']:,} choices: "
        f"{covered}."
    )
    return [stations, against, told, _headroom(figures["headroom"])]


def _sensitivity(rows: Sequence[Mapping[str, Any]], listeners: int) -> list[str]:
    names = [key for key in rows[0] if key.startswith("against")]
    table = table_of(
        ("assumption", "value", "heard out without learning", *names),
        [
            (
                row["assumption"], f"{row['value']:.3g}", f"{row['heard_without_learning']:.0%}",
                *(f"{row[name]:+.1%}" for name in names),
            )
            for row in rows
        ],
    )  # fmt: skip
    return [f"Session length where one assumption is halved or doubled ({listeners} listeners):", table]


def _bandits(runs: Mapping[str, Any]) -> str:
    rows = [
        (
            name, f"{row['runs']} × {row['listeners']:,} listeners", gain_told(row["reward"]),
            ", ".join(f"{gain:+.1%}" for gain in row["by_day"]), f"{row['won']}",
        )
        for name, row in runs.items()
    ]  # fmt: skip
    if len(runs) == len(BANDITS):  # run by run on the same seeds
        fewest = min(row["runs"] for row in runs.values())
        gains = np.mean([row["gains"][:fewest] for row in runs.values()], axis=0)
        rows.append((ALL, f"{len(gains)}", gain_told(over_runs(gains)), "", f"{(gains > 0).sum()}"))
    table = table_of(("Thompson against greedy", "runs", "heard out in all", "by day", "ahead in"), rows)
    return f"Both begin with nothing learned, on the same luck, and learn the same way:\n\n{table}"


def _learning(figures: Mapping[str, Any]) -> str:
    return (
        f"The sum that learns from its session beside the same sum that does not, {figures['listeners']:,} listeners on "
        f"{figures['days']} days: heard out {gain_told(figures['reward'])}, session length {gain_told(figures['length'])}."
    )


def _turning(figures: Mapping[str, Any]) -> str:
    return (
        "A community that begins to hear out hits as gladly as what fits when half of its sessions are over "
        f"({figures['runs']} × {figures['listeners']:,} listeners), by what is heard out afterwards: Thompson against greedy "
        f"{gain_told(figures['against_greedy'])}, ahead in {figures['won']}; against a radio that knew, and plays the most popular "
        f"alone, {gain_told(figures['against_one_that_knew'])}."
    )


def _headroom(figures: Mapping[str, Any]) -> str:
    always = ", ".join(f"{name} {worth:.3f}" for name, worth in figures["always"].items())
    return (
        "What choosing could gain in the states the radio met, as the chance that an item is heard out: by the "
        f"bandit {figures['policy']:.3f}; by one source throughout {always}; by the best in each state, which nobody "
        f"can know, {figures['best_in_each_state']:.3f}."
    )


def gain_told(gain: Mapping[str, float]) -> str:
    """A gain with its interval."""
    return f"{gain['gain']:+.1%} ({gain['low']:+.1%} to {gain['high']:+.1%})"


def table_of(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, numbers to the right."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
