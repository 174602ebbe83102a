"""A model's card: what it is, what it learned from, how it measured, what it must not be used for, and what became of it.

Goes in: a version and its events. Comes out: Markdown for people. How many people taught it is told in coarse steps, as counts elsewhere are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from accounts.policies import SMALLEST_AGGREGATE, floor
from graph.models import ModelEvent, ModelVersion
from graph.serving.lifecycle import who_were
from graph.training.lineage import UNKNOWN, lineage_of

LEARNED_FROM = (
    5  # contributors below whom an item teaches nothing, where the smallest aggregate is no smaller
)
SURE = 1.96  # standard errors to each side of a 95 % interval
NOT_FOR = (
    "telling who somebody is, what they are like, or whom they resemble: no vector of a person is in it",
    "deciding about a person anything but what music is proposed to them",
    "people who were no part of this community: it knows what this one plays, and nothing else",
    "saying what is good: it finds what people would play anyway",
)


def model_card(version: ModelVersion) -> str:
    """The card of one model, as Markdown."""
    return "\n".join(
        [*_head(version), *_learned(version), *_measured(version), *_limits(), *_history(version)]
    )


def events_of(version: ModelVersion) -> list[ModelEvent]:
    """What became of a model, in order; ``who`` is what its people are called now."""
    events = list(ModelEvent.objects.filter(model=version.pk).order_by("at", "pk"))
    called = who_were({event.who for event in events})
    for event in events:
        event.who = called[event.who]
    return events


def coarse(number: int) -> str:
    """A count of people or plays, as far as it is told."""
    if number < SMALLEST_AGGREGATE:
        return f"fewer than {SMALLEST_AGGREGATE}"
    size = 10 ** (len(str(number)) - 1)
    return f"{max(step * size for step in (1, 2, 5) if step * size <= number):,} or more"


def _head(version: ModelVersion) -> Iterator[str]:
    lineage = lineage_of(version)
    yield f"# Model {version.pk}"
    yield ""
    yield f"- kind: {version.kind.lower()}; state: {version.state}" + (
        f" for {version.share:.0%} of those who agreed to experiments" if version.share else ""
    )
    yield f"- made: {version.created_at:%Y-%m-%d %H:%M} UTC; began to serve: " + (
        f"{version.activated_at:%Y-%m-%d %H:%M} UTC" if version.activated_at else "not yet"
    )
    yield f"- code: {lineage.get('commit', UNKNOWN)}; in place of: {lineage.get('parent') or 'none'}"
    libraries = lineage.get("libraries", {})
    yield f"- with: {', '.join(f'{name} {release}' for name, release in sorted(libraries.items())) or UNKNOWN}"
    yield f"- words: {version.config.get('vocabulary', UNKNOWN)}"
    yield f"- data: {version.data_hash}; ledger up to {version.ledger_position}; seed {version.config.get('seed', UNKNOWN)}"
    yield f"- lineage: {'signed' if version.lineage else 'none was kept then'}"


def _learned(version: ModelVersion) -> Iterator[str]:
    yield from ("", "## What it learned from", "")
    data = version.metrics.get("data", {})
    for name, words in (("users", "people who let their plays train models"), ("artist_plays", "artists that somebody plays"),
                        ("track_plays", "tracks that somebody plays")):  # fmt: skip
        if name in data:
            yield f"- {coarse(int(data[name]))}: {words}"
    for kind, items in version.metrics.get("learned", {}).items():
        yield f"- {kind}: plays taught something of {coarse(int(items))} items"


def _measured(version: ModelVersion) -> Iterator[str]:
    yield from ("", "## How it measured", "")
    items: Mapping[str, Mapping[str, Any]] = version.metrics.get("items", {})
    if not items:
        yield "Nothing could be held out, so nothing was measured."
    for kind, of_kind in items.items():
        yield (
            f"- {kind}: NDCG@20 {_interval(of_kind, 'ndcg')}, recall@20 {_interval(of_kind, 'recall')}, by "
            f"{coarse(int(of_kind['viewers']))} listeners; the most popular items alone: {of_kind['popularity_ndcg']:.4f}"
        )
    words: Mapping[str, Mapping[str, Any]] = version.metrics.get("words", {})
    for kind, of_kind in words.items():
        yield f"- {kind}: words that did not teach find what is called so with NDCG@20 {_interval(of_kind, 'ndcg')}"
    if few := version.metrics.get("not_measured"):
        yield f"- not compared with anything: {few}"
    if version.rejected_because:
        yield f"- refused: {version.rejected_because}"


def _interval(measured: Mapping[str, Any], name: str) -> str:
    value, error = measured[name], measured.get(f"{name}_error")
    if not isinstance(value, float) or not isinstance(error, float):
        return str(value)
    return f"{value:.4f} ({max(value - SURE * error, 0):.4f} to {min(value + SURE * error, 1):.4f})"


def _limits() -> Iterator[str]:
    yield from ("", "## Floors and limits", "")
    yield f"- of an item that fewer than {floor(LEARNED_FROM)} contributors play, plays teach nothing"
    yield f"- nothing counts as popular by fewer than {SMALLEST_AGGREGATE} listeners"
    yield "- it must not be used for:"
    yield from (f"    - {words}" for words in NOT_FOR)


def _history(version: ModelVersion) -> Iterator[str]:
    yield from ("", "## What became of it", "")
    for event in events_of(version):
        why = f": {event.why}" if event.why else ""
        yield f"- {event.at:%Y-%m-%d %H:%M} {event.was or 'made'} → {event.became} ({event.who}){why}"
