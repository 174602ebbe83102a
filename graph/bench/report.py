"""A comparison as Markdown, put between two marks of a document so that no figure is typed by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Names of places in documents.
MEASURED, ABLATIONS, SUMMARY = "measured", "ablations", "summary"
WAYS, PROTOCOL = "ways", "protocol"
COMPRESSION, SCALE, LATENCY, POISONING, WORDS = "lean", "scale", "nearest", "poisoning", "words"
WORKERS, INSTRUCTIONS = "workers", "instructions"
SERVING = "serving"
ANALYTICS = "analytics"
PARTS = {
    "items": "Recommendations",
    "friends": "Friend suggestions",
    "cold_listeners": "Listeners known by their friends only",
    "three_picks": "Listeners known by three picks only",
    "one_play": "Listeners known by one play only",
    "cold_artists": "Artists known by their tags only",
}


def tables(comparison: dict[str, Any]) -> str:
    """The comparison's tables, ratios, learned weights and cost."""
    lines = [
        f"Seeds: {', '.join(map(str, comparison['seeds']))}. ALS tuned to {_named(comparison['als_tuned'])}.",
        "",
    ]
    for name, title in PARTS.items():
        if name in comparison:
            lines += [*_table(title, comparison[name]), ""]
    lines += [*_details(comparison["items"]), ""]
    for seed, weights in zip(comparison["seeds"], comparison["weights"], strict=True):
        lines.append(f"- weights learned on seed {seed}: {_named(weights)}")
    return "\n".join([*lines, "", _exactness(comparison), "", _cost(comparison)])


def summary(comparison: dict[str, Any]) -> str:
    """One line a question, for the README."""
    lines = ["| question | earshot | beside | | ratio | 95 % interval |", "|---|--:|---|--:|--:|--:|"]
    for name, title in PARTS.items():
        for peer in comparison[name]["ratios"] if name in comparison else ():
            methods, (low, high) = comparison[name]["methods"], peer["interval"]
            lines.append(
                f"| {title}, {comparison[name]['measure']} | {methods['earshot']['mean']:.4f} | {peer['to']} | "
                f"{methods[peer['to']]['mean']:.4f} | **{peer['ratio']:.3f}** | {low:.3f}–{high:.3f} |"
            )
    return "\n".join([*lines, "", _cost(comparison)])


def ablation_table(ablation: dict[str, Any]) -> str:
    """One line a variant; a dash where the question cannot be asked of it."""
    parts = [name for name in PARTS if any(name in row for row in ablation["variants"].values())]
    lines = [
        f"Seeds: {', '.join(map(str, ablation['seeds']))}.",
        "",
        f"| | {' | '.join(PARTS[name] for name in parts)} |",
        f"|---|{'--:|' * len(parts)}",
    ]
    for variant, row in ablation["variants"].items():
        cells = [f"{row[name]:.4f}" if name in row else "–" for name in parts]
        lines.append(f"| {variant} | {' | '.join(cells)} |")
    return "\n".join(lines)


def between_marks(text: str, place: str = MEASURED) -> str:
    """What stands in a document's place. Raises ValueError where a mark is missing."""
    return _cut(text, place)[1].strip("\n")


def write_measured(measured: object, text: str, place: str, options: Mapping[str, Any]) -> None:
    """Keep what a command measured where its ``--json`` and ``--markdown`` say; ``text`` are its tables."""
    write_json(measured, options["json"])
    if options["markdown"]:
        write_between_marks(options["markdown"], text, place)


def write_json(measured: object, path: Path | None) -> None:
    if path:
        path.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


def write_between_marks(path: Path, text: str, place: str = MEASURED) -> None:
    """Replace what stands in a place of ``path``. Raises ValueError where a mark is missing."""
    before, _, after = _cut(path.read_text(encoding="utf-8"), place, path)
    start, end = _marks(place)
    path.write_text(f"{before}{start}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def _marks(place: str) -> tuple[str, str]:
    return f"<!-- {place}: start -->", f"<!-- {place}: end -->"


def _cut(text: str, place: str, path: Path | None = None) -> tuple[str, str, str]:
    start, end = _marks(place)
    before, found_start, rest = text.partition(start)
    inside, found_end, after = rest.partition(end)
    if not found_start or not found_end:
        raise ValueError(f"{path or 'the text'} has no place marked {start} … {end}")
    return before, inside, after


def _table(title: str, part: dict[str, Any]) -> list[str]:
    lines = [
        f"### {title}",
        "",
        f"| method | {part['measure']} | 95 % interval | CPU seconds |",
        "|---|--:|--:|--:|",
    ]
    for name, row in part["methods"].items():
        low, high = row["interval"]
        lines.append(f"| {name} | {row['mean']:.4f} | {low:.4f}–{high:.4f} | {row['cpu_seconds']:.1f} |")
    lines.append("")
    for peer in part["ratios"]:
        low, high = peer["interval"]
        by_seed = ", ".join(f"{ratio:.3f}" for ratio in peer["by_seed"])
        lines.append(
            f"- earshot / {peer['to']}: **{peer['ratio']:.3f}** ({low:.3f}–{high:.3f}); by seed {by_seed}"
        )
    return lines


def _details(part: dict[str, Any]) -> list[str]:
    """Every further measure of the methods."""
    measures = list(next(iter(part["methods"].values()))["also"])
    lines = ["### Further measures", "", f"| method | {' | '.join(m.replace('_', ' ') for m in measures)} |"]
    lines.append(f"|---|{'--:|' * len(measures)}")
    for name, row in part["methods"].items():
        cells = [f"{row['also'][measure]:.4f}" for measure in measures]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _exactness(comparison: dict[str, Any]) -> str:
    exact = comparison["additivity"]
    return (
        f"Reasons add up to the score within {exact['largest_error']:.1e}, "
        f"for each of {exact['listeners']} listeners."
    )


def _cost(comparison: dict[str, Any]) -> str:
    cost, methods = comparison["cost"], comparison["items"]["methods"]
    to_tuned = cost["training_cpu_seconds"] / methods["als"]["cpu_seconds"]
    return (
        f"Training takes {cost['training_cpu_seconds']:.1f} CPU seconds, everything included: "
        f"{cost['training_cpu_to_als']:.2f} × ALS with 256 factors, {to_tuned:.2f} × the tuned ALS. "
        f"The top 20 for everyone takes {cost['export_cpu_seconds']:.2f}, {cost['export_cpu_to_als']:.2f} × ALS's own. "
        f"Peak memory after training: {cost['peak_mebibytes']:.0f} MiB."
    )


def _named(values: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in values.items())
