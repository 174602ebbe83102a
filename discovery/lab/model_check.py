"""A model checked like code: trained on known data, and beside what earlier code made of the same data.

Each figure is quality, cost, faithfulness or privacy. One that falls behind the committed baseline by more than the two
runs' noise is a loss, and so is one that leaves a bound of the specification, whatever the baseline says.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from discovery.lab.faithfulness import LEAST_AS_LARGE, LEAST_RATIO, TOLERANCE, explanations_measure
from discovery.lab.unlearning import erasure_membership
from graph.models import ItemKind
from graph.snapshot import GraphSnapshot

ERRORS = 2.0  # standard errors of a difference from which on it is no noise
MOST_ALS, TELLING = 10.0, 1.0  # of ALS's CPU time at most, where that takes so many seconds and more
WIDTH, LABEL, ROW, PAD = 860, 330, 22, 12
Told = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured number; ``error`` is what it varies by, as a standard error."""

    value: float
    error: float = 0.0
    higher: bool = True  # whether more is better
    bound: float | None = None  # the worst that is allowed

    def breaks_bound(self) -> bool:
        if self.bound is None:
            return False
        return not (self.value >= self.bound if self.higher else self.value <= self.bound)

    def behind(self, before: Figure) -> bool:
        """Whether it is worse than ``before`` by more than noise."""
        lost = (before.value - self.value) * (1 if self.higher else -1)
        return not lost <= ERRORS * math.hypot(self.error, before.error)


def losses(now: Mapping[str, Figure], before: Mapping[str, Figure]) -> list[str]:
    """What is lost, in words; empty where nothing is."""
    lost = [f"{name} is not measured any more" for name in before if name not in now]
    for name, figure in now.items():
        if figure.breaks_bound():
            lost.append(f"{name} is {figure.value:.4g}, beyond its bound of {figure.bound:.4g}")
        if name in before and figure.behind(before[name]):
            noise = ERRORS * math.hypot(figure.error, before[name].error)
            lost.append(
                f"{name} is {figure.value:.4g}, was {before[name].value:.4g}; noise accounts for {noise:.2g}"
            )
    return lost


def quality(snapshot: GraphSnapshot, *, seed: int, tell: Told) -> dict[str, Figure]:
    """Beside what people would use instead, on a split that nothing was chosen on; and what training costs."""
    from graph.bench.compare import REFERENCE, compare
    from graph.ml.config import RecommenderConfig

    measured = compare(
        snapshot, RecommenderConfig(), seeds=(seed,), only=("popularity", "als", REFERENCE),
        progress=lambda fraction, step: tell(f"{fraction:4.0%} {step}"),
    )  # fmt: skip
    figures = {}
    for part in ("items", "friends", "cold_listeners", "cold_artists"):
        for peer in measured.get(part, {}).get("ratios", ()):
            low, high = peer["interval"]
            figures[f"quality: {part.replace('_', ' ')}, × {peer['to'].replace('_', ' ')}"] = Figure(
                value=peer["ratio"], error=(high - low) / 3.92
            )
    cost = measured["cost"]["training_cpu_to_als"]
    seconds = measured["items"]["methods"][REFERENCE]["cpu_seconds"]
    figures["cost: training, × ALS"] = Figure(
        value=cost, error=0.15 * cost, higher=False, bound=MOST_ALS if seconds >= TELLING else None
    )
    figures["cost: peak MiB"] = Figure(
        value=measured["cost"]["peak_mebibytes"], error=0.1 * measured["cost"]["peak_mebibytes"], higher=False
    )
    figures["faithfulness: reasons add up within"] = Figure(
        value=measured["additivity"]["largest_error"], error=TOLERANCE / 4, higher=False, bound=TOLERANCE
    )
    return figures


def faithfulness(*, listeners: int, tell: Told) -> dict[str, Figure]:
    """Whether reasons are true, on a model trained and published here."""
    from graph.ml.config import RecommenderConfig
    from graph.training import run as training

    training.train_and_publish(
        key=f"{training.BY_HAND}{uuid.uuid4()}",
        holder=training.holder_name(),
        config=RecommenderConfig(),
        progress=lambda fraction, step: tell(f"{fraction:4.0%} {step}"),
    )
    figures = {}
    for kind in ItemKind:
        measured = explanations_measure(kind, listeners=listeners)
        if measured is None:
            continue
        share, name = measured.at_least_as_large, kind.value.lower()
        figures[f"faithfulness: {name}, without the cited × at random"] = Figure(
            value=measured.ratio, error=0.1 * measured.ratio, bound=LEAST_RATIO
        )
        figures[f"faithfulness: {name}, share where the cited weigh most"] = Figure(
            value=share, error=math.sqrt(max(share * (1 - share), 1e-6) / measured.removals), bound=LEAST_AS_LARGE
        )  # fmt: skip
    return figures


def privacy(*, planted: int, seed: int, tell: Told) -> dict[str, Figure]:
    """Whether a model tells who was in it: of those in it, which shows that the attack works, and of those erased."""
    found = erasure_membership(planted=planted, items=12, seed=seed, tell=tell)
    return {
        "privacy: control, AUC of the planted while they are in": Figure(
            value=found.before, error=0.03, bound=0.9
        ),
        "privacy: distance of the erased from guessing, AUC": Figure(
            value=abs(found.after - 0.5), error=0.05, higher=False, bound=0.1
        ),
        "privacy: plays of the erased that a snapshot holds": Figure(
            value=float(found.edges_left), higher=False, bound=0.0
        ),
    }


def as_json(figures: Mapping[str, Figure]) -> dict[str, Any]:
    return {name: asdict(figure) for name, figure in figures.items()}


def from_json(told: Mapping[str, Any]) -> dict[str, Figure]:
    return {name: Figure(**values) for name, values in told.items()}


def report(data: str, now: Mapping[str, Figure], before: Mapping[str, Figure], lost: list[str]) -> str:
    """Everything as Markdown."""
    lines = [
        f"# The model on {data}", "", f"![now and before]({data}.svg)", "",
        "| figure | now | ± | before | ± | better is | bound |", "|---|--:|--:|--:|--:|---|--:|",
    ]  # fmt: skip
    for name, figure in now.items():
        earlier = before.get(name)
        was = f"{earlier.value:.4g} | {earlier.error:.2g}" if earlier else "– | –"
        bound = "–" if figure.bound is None else f"{figure.bound:.4g}"
        lines.append(
            f"| {name} | {figure.value:.4g} | {figure.error:.2g} | {was} | "
            f"{'more' if figure.higher else 'less'} | {bound} |"
        )
    return "\n".join([*lines, "", *([f"- **lost:** {what}" for what in lost] or ["Nothing is lost."]), ""])


def picture(now: Mapping[str, Figure], before: Mapping[str, Figure]) -> str:
    """Each figure as a share of its baseline, two standard errors to each side, in SVG."""
    rows = [name for name in now if name in before and before[name].value]
    height = ROW * (len(rows) + 1) + 2 * PAD
    middle, scale = LABEL + (WIDTH - LABEL) / 2, (WIDTH - LABEL) / 2 / 0.5
    drawn = [
        f'<line x1="{middle}" x2="{middle}" y1="{PAD}" y2="{height - PAD}"/>',
        f'<text x="{middle - 20}" y="{PAD + 10}">before</text>',
    ]
    for place, name in enumerate(rows):
        y = PAD + ROW * (place + 1) + 8
        base = abs(before[name].value)
        value, half = now[name].value / base, ERRORS * now[name].error / base
        low, at, high = (
            min(max(middle + scale * (end - 1), LABEL), WIDTH - PAD)
            for end in (value - half, value, value + half)
        )
        color = "#b3402a" if now[name].behind(before[name]) or now[name].breaks_bound() else "#2f6f4f"
        drawn.append(
            f'<text x="{PAD}" y="{y + 4}">{escape(name)}</text>'
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>'
            f'<circle cx="{at:.1f}" cy="{y}" r="4" fill="{color}"/>'
        )
    style = "text{font:12px sans-serif;fill:#222}line{stroke:#222}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
        f'<style>{style}</style><rect width="{WIDTH}" height="{height}" fill="#fff"/>{"".join(drawn)}</svg>\n'
    )
