"""A comparison as Markdown, put between two marks of a document so that no figure is typed by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PARTS = {
    "items": "Recommendations",
    "friends": "Friend suggestions",
    "cold_listeners": "Listeners known by their friends only",
    "cold_artists": "Artists known by their tags only",
}


def tables(found: dict[str, Any]) -> str:
    """The comparison's tables, ratios and cost."""
    lines = [f"Seeds: {', '.join(map(str, found['seeds']))}. ALS tuned to {found['als_tuned']}.", ""]
    for name, title in PARTS.items():
        if name in found:
            lines += [*_table(title, found[name]), ""]
    cost = found["cost"]
    lines.append(
        f"Training takes {cost['training_cpu_seconds']:.1f} CPU seconds, {cost['training_cpu_to_als']:.2f} × ALS; "
        f"the top 20 for everyone {cost['export_cpu_seconds']:.2f}, {cost['export_cpu_to_als']:.2f} × ALS's own. "
        f"Peak memory after training: {cost['peak_mebibytes']:.0f} MiB."
    )
    return "\n".join(lines)


def write_between_marks(path: Path, text: str, name: str = "measured") -> None:
    """Replace what stands between the marks ``name`` of ``path``. Raises ValueError where one is missing."""
    start, end = f"<!-- {name}: start -->", f"<!-- {name}: end -->"
    before, found_start, rest = path.read_text(encoding="utf-8").partition(start)
    _, found_end, after = rest.partition(end)
    if not found_start or not found_end:
        raise ValueError(f"{path} has no place marked {start} … {end}")
    path.write_text(f"{before}{start}\n\n{text}\n\n{end}{after}", encoding="utf-8")


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
    for one in part["ratios"]:
        low, high = one["interval"]
        lines.append(f"- earshot / {one['to']}: **{one['ratio']:.3f}** ({low:.3f}–{high:.3f})")
    return lines
