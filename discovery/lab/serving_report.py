"""What serving costs by size, as Markdown."""

from __future__ import annotations

from typing import Any


def table(measured: dict[str, Any]) -> str:
    """A column a size."""
    sizes = measured["sizes"]
    first = sizes[-1]
    conditions = (
        f"{first['dims']} dimensions, {first['rounds']} rounds over {first['viewers']} viewers, {first['database']}, one "
        "thread. CPU milliseconds, median and 95th percentile."
    )
    lines = [
        conditions,
        "",
        "| | " + " | ".join(f"{row['items']:,} items, {row['people']:,} people" for row in sizes) + " |",
        "|---|" + "--:|" * len(sizes),
        _line("friendships", [f"{row['friendships']:,}" for row in sizes]),
        _line("plays", [f"{row['plays']:,}" for row in sizes]),
    ]
    for name in first["surfaces"]:
        costs = [row["surfaces"][name] for row in sizes]
        lines.append(_line(f"`{name}`", [f"{cost['p50_ms']:.1f} / {cost['p95_ms']:.1f}" for cost in costs]))
    for part, called in (("recall", "recall: {}"), ("cold", "once a process: {}")):
        lines += [
            _line(called.format(name.replace("_", " ")), [f"{row[part][name]:.4g}" for row in sizes])
            for name in first[part]
        ]
    return "\n".join(lines)


def _line(name: str, cells: list[str]) -> str:
    return f"| {name} | " + " | ".join(cells) + " |"
