"""Are the reasons true? Measured by taking the cited evidence away and ranking again.

For many listeners, what they are shown now is explained as it would be for them. Then the three strongest
entries that its reasons cite are removed from the evidence and the item is scored anew by the whole formula
(not by subtracting what the reason claims), and so are as many entries drawn at random. Where the reasons are
true, losing what they cite costs the item more. The evidence comes through the one door (`discovery.recommend.evidence`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from accounts.models import User
from discovery.platform.errors import Conflict
from discovery.recommend import evidence as gathering
from discovery.recommend import explain, feed, ranking
from discovery.recommend.citing import CITED
from discovery.recommend.evidence import PermittedEvidence
from discovery.recommend.explain import Explanation
from graph.arrays import Doubles, Rows
from graph.models import ItemKind
from graph.serving import active_model
from graph.serving.index import ItemIndex

LOOKED_AT = 20  # items a listener
TOLERANCE = 1e-4  # of a score
LEAST_AS_LARGE, LEAST_RATIO = 0.99, 1.5


@dataclass(frozen=True, kw_only=True)
class Explained:
    """What was found for items of one kind; a case is an item shown to a listener."""

    kind: str
    model: str
    listeners: int
    cases: int
    largest_gap: float  # of |reasons + remainder - score|, and of that score to the ranker's own
    removals: int  # cases with more entries than cited ones, so that there is a choice of what to remove
    three_cited: int  # of these, cases that cite three entries or more; the others cite one or two
    cited_drop: float  # mean fall of the score without the cited entries
    random_drop: float  # and without as many others drawn at random
    at_least_as_large: float  # share of removals in which the cited ones cost as much or more
    not_identical: int  # listeners whose second, equal request was answered otherwise

    @property
    def ratio(self) -> float:
        return self.cited_drop / self.random_drop if self.random_drop > 0 else float("inf")

    @property
    def holds(self) -> bool:
        """Whether every bound of the specification is kept."""
        return (
            self.largest_gap <= TOLERANCE
            and self.at_least_as_large >= LEAST_AS_LARGE
            and self.ratio >= LEAST_RATIO
            and self.not_identical == 0
        )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio, "holds": self.holds}


def explanations_measure(
    kind: ItemKind,
    *,
    listeners: int,
    seed: int = 0,
    progress: Callable[[float, str], None] = lambda _fraction, _step: None,
) -> Explained | None:
    """The figures for up to ``listeners`` people drawn with ``seed``; None where the model has no such items.

    Raises Conflict where there is no model, or nobody permits anything personal.
    """
    model = active_model.active()
    if model is None:
        raise Conflict("There is no model yet: train one first.")
    index = model.artifact.index(kind.value)
    if index is None:
        return None
    rng = np.random.default_rng(seed)
    cases: list[_Case] = []
    asked = not_identical = 0
    ids = np.array(User.objects.filter(is_active=True).order_by("pk").values_list("pk", flat=True))
    people = User.objects.in_bulk(rng.permutation(ids).tolist())
    for viewer in people.values():
        evidence = gathering.gather(viewer, kind)
        if not len(evidence.in_index(index)[0]):
            continue
        ranked, explained = _answer(index, evidence)
        not_identical += not _same(viewer, kind)
        cases += _cases(index, ranked, explained, rng)
        asked += 1
        progress(asked / listeners, f"{kind.lower()}s: {viewer.username}")
        if asked == listeners:
            break
    if not cases:
        raise Conflict("Nobody here permits anything personal.")
    return _summed(kind, str(model.version.pk), asked, not_identical, cases)


@dataclass(frozen=True)
class _Case:
    gap: float
    entries: int  # taken away; 0 where there was no choice of what to take
    cited_drop: float  # without the cited
    random_drop: float  # without as many at random


def _answer(index: ItemIndex, evidence: PermittedEvidence) -> tuple[ranking.Ranking, list[Explanation]]:
    ranked = ranking.rank(index, evidence, count=LOOKED_AT)
    return ranked, explain.explain(ranked)


def _same(viewer: User, kind: ItemKind) -> bool:
    """Whether asking twice, from the database on, gives the same items and the same reasons in the same words."""
    first, second = (feed.for_you(viewer, kind, count=LOOKED_AT).answer.items for _ in range(2))
    return first == second


def _cases(
    index: ItemIndex, ranked: ranking.Ranking, explained: Sequence[Explanation], rng: np.random.Generator
) -> list[_Case]:
    """One case an item; every list of evidence is scored by the formula that ranks."""
    cited = [
        _strongest(explanation, ranked.contributions[:, column])
        for column, explanation in enumerate(explained)
    ]
    chance = [rng.permutation(len(ranked.evidence))[: len(entries)] for entries in cited]
    taken = [np.array(entries, dtype=np.int64) for entries in [*cited, *chance]]
    lists = [ranked.evidence, *(_without(ranked.evidence, entries) for entries in taken)]
    scores = index.scores_batch([evidence.in_index(index)[1] for evidence in lists])[:, ranked.rows]
    whole, shown = scores[0], np.arange(len(explained))
    without_cited, without_chance = scores[1:].reshape(2, len(explained), -1)[:, shown, shown]
    return [
        _Case(
            gap=max(abs(_added_up(explanation) - explanation.score), abs(explanation.score - float(whole[place]))),
            entries=len(cited[place]) if len(ranked.evidence) > len(cited[place]) else 0,
            cited_drop=float(whole[place] - without_cited[place]),
            random_drop=float(whole[place] - without_chance[place]),
        )
        for place, explanation in enumerate(explained)
    ]  # fmt: skip


def _added_up(shown: Explanation) -> float:
    return sum(cited.contribution for cited in shown.reasons) + shown.remainder


def _strongest(shown: Explanation, terms: Doubles) -> list[int]:
    """The three entries that add most, of those the reasons cite."""
    cited = {entry for reason in shown.reasons for entry in reason.rows}
    return sorted(cited, key=lambda entry: (-terms[entry], entry))[:CITED]


def _without(evidence: PermittedEvidence, entries: Sequence[int] | Rows) -> PermittedEvidence:
    kept = np.ones(len(evidence), dtype=bool)
    kept[np.asarray(entries, dtype=np.int64)] = False
    return evidence.where(kept)


def _summed(kind: ItemKind, model: str, asked: int, not_identical: int, cases: Sequence[_Case]) -> Explained:
    removed = [case for case in cases if case.entries]
    larger = sum(case.cited_drop >= case.random_drop for case in removed)
    return Explained(
        kind=kind.value, model=model, listeners=asked, cases=len(cases), not_identical=not_identical,
        largest_gap=max(case.gap for case in cases),
        removals=len(removed), three_cited=sum(case.entries >= CITED for case in removed),
        cited_drop=float(np.mean([case.cited_drop for case in removed])) if removed else 0.0,
        random_drop=float(np.mean([case.random_drop for case in removed])) if removed else 0.0,
        at_least_as_large=larger / len(removed) if removed else 1.0,
    )  # fmt: skip


def table(measured: Sequence[Explained]) -> str:
    """The bounds and what was measured, as Markdown."""
    rows: list[tuple[str, str, Callable[[Explained], str]]] = [
        ("listeners, items shown", "", lambda explained: f"{explained.listeners:,}, {explained.cases:,}"),
        ("contributions + remainder = score, within", f"{TOLERANCE:g}", lambda explained: f"{explained.largest_gap:.1e}"),
        ("removals (three entries cited; else one or two)", "",
         lambda explained: f"{explained.removals:,} ({explained.three_cited:,})"),
        ("removing the cited costs at least as much as as many at random", f"{LEAST_AS_LARGE:.0%}",
         lambda explained: f"{explained.at_least_as_large:.2%}"),
        ("and on average so many times as much", f"{LEAST_RATIO:g} ×", lambda explained: f"{explained.ratio:.2f} ×"),
        ("listeners answered otherwise when they asked again", "0", lambda explained: f"{explained.not_identical}"),
    ]  # fmt: skip
    kinds = " | ".join(f"{explained.kind.lower()}s" for explained in measured)
    lines = [f"| | bound | {kinds} |", "|---|--:" + "|--:" * len(measured) + "|"]
    lines += [
        f"| {name} | {bound} | {' | '.join(of(explained) for explained in measured)} |"
        for name, bound, of in rows
    ]
    return "\n".join(lines)
