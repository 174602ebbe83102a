"""A comparison as bars with their intervals, in SVG."""

from __future__ import annotations

from html import escape
from typing import Any

from graph.bench.report import PARTS
from graph.bench.tally import OURS

WIDTH, LABEL, ROW, PAD = 760, 230, 20, 12


def bars(comparison: dict[str, Any]) -> str:
    """One panel a part of the comparison, one bar a method, best first."""
    drawn, top = [], PAD
    for name, title in PARTS.items():
        if name in comparison:
            drawn += _panel(f"{title}: {comparison[name]['measure']}", comparison[name]["methods"], top)
            top += ROW * (len(comparison[name]["methods"]) + 2)
    style = "text{font:12px sans-serif;fill:#222}.t{font-weight:bold}line{stroke:#222}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img">'
        f'<style>{style}</style><rect width="{WIDTH}" height="{top}" fill="#fff"/>{"".join(drawn)}</svg>\n'
    )


def _panel(title: str, methods: dict[str, Any], top: int) -> list[str]:
    largest = max(row["interval"][1] for row in methods.values()) or 1.0
    scale = (WIDTH - LABEL - 80) / largest
    drawn = [f'<text class="t" x="{PAD}" y="{top + 14}">{escape(title)}</text>']
    for position, (name, row) in enumerate(methods.items()):
        y = top + ROW * (position + 1)
        low, high = (LABEL + scale * end for end in row["interval"])
        color = "#2f6f4f" if name.startswith(OURS) else "#b8b8b8"
        drawn.append(
            f'<text x="{PAD}" y="{y + 14}">{escape(name)}</text>'
            f'<rect x="{LABEL}" y="{y + 3}" width="{scale * row["mean"]:.1f}" height="{ROW - 6}" fill="{color}"/>'
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y + 10}" y2="{y + 10}"/>'
            f'<text x="{high + 6:.1f}" y="{y + 14}">{row["mean"]:.4f}</text>'
        )
    return drawn
