"""The sum, its best items, and nothing the viewer should not get again.

Every catalog item is scored by the very sum that explains it. Only beyond `EXACT_ITEMS` items are
candidates proposed first (`graph.serving.candidates`), by the same sum's vectors.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from discovery.recommend.evidence import PermittedEvidence
from graph.arrays import Doubles, Floats, Ids, Mask, Reals, Rows
from graph.models import ItemKind
from graph.serving import candidates, exact
from graph.serving.channels import Evidence
from graph.serving.index import ItemIndex
from graph.serving.places import found, top_places

DEEPEST = 1_000  # how far anyone may page into a ranking
MOST_ALIKE = 2_000  # items beyond those asked for that are looked at in doubles: more that are so alike are all the same
NOTHING = 1e-9  # a score below it is what rounding leaves of nothing
VARIED = 300  # how many of the best are reordered for variety; always the same, so that pages join


@dataclass(frozen=True, eq=False)
class Ranking:
    """A page of the best items, best first, and what each entry of evidence added to each of them.

    ``score = prior + contributions.sum(axis=0)`` for every column.
    """

    has_next: bool
    evidence: PermittedEvidence  # the E entries the index knows
    rows: Rows  # [k] rows of the index; -1 for what a library holds and the index does not know
    ids: Ids  # [k] database ids
    prior: Doubles  # [k]
    contributions: Doubles  # [E, k]

    @property
    def scores(self) -> Doubles:
        total: Doubles = self.prior + self.contributions.sum(axis=0)
        return total


def rank(
    index: ItemIndex,
    evidence: PermittedEvidence,
    *,
    shown: Collection[int] = (),
    count: int,
    among: Collection[int] | None = None,
    variety: float = 0.0,
    with_prior: bool = True,
    spoken_of: bool = False,
) -> Ranking:
    """The best items of ``index`` that the viewer does not know yet and that were not ``shown`` before.

    Where the ranking is what it was, these are the places behind what was shown; where it is another by now, nothing
    comes twice. ``among`` limits the candidates to those ids. ``variety`` (0 to 1) trades score for distance
    from what stands above; at 0 the order is the score's. Without the prior, the evidence alone counts.
    ``spoken_of``: without what the sum says nothing of; to list that would be no ranking.
    """
    part, vector_evidence = evidence.in_index(index)
    count = max(0, min(count, DEEPEST - len(shown)))
    limit = min(len(shown) + count + 1, DEEPEST)
    depth = limit if variety == 0 else max(limit, VARIED)
    best, scores = best_rows(
        index, part, vector_evidence, depth, among=among, with_prior=with_prior, spoken_of=spoken_of
    )
    if variety > 0:
        order = spread(index.similarity(best[:VARIED]), scores[:VARIED], variety)
        best = np.concatenate([best[:VARIED][order], best[VARIED:]])[:limit]
    if shown:
        best = best[~np.isin(index.ids[best], np.fromiter(shown, dtype=np.int64))]
    has_next, best = len(best) > count and len(shown) + count < DEEPEST, best[:count]
    return Ranking(
        has_next=has_next,
        evidence=part,
        rows=best,
        ids=index.ids[best],
        prior=index.prior[best].astype(np.float64) * with_prior,
        contributions=index.contributions(vector_evidence, best),
    )


def best_rows(
    index: ItemIndex,
    evidence: PermittedEvidence,
    entries: Evidence,
    limit: int,
    *,
    among: Collection[int] | None = None,
    with_prior: bool = True,
    wait: bool = False,
    spoken_of: bool = False,
) -> tuple[Rows, Doubles]:
    """The ``limit`` rows of highest score that may be proposed, highest first, and their scores.

    ``entries`` is what ``evidence`` is to the index. Beyond `EXACT_ITEMS` items candidates are proposed
    (`graph.serving.candidates`; ``wait`` for their lists), and scored exactly as ever. ``spoken_of``: as `rank` has it.
    """
    proposed = None
    if among is None:
        proposed = candidates.proposed(
            index, [entries], limit, known=index.known_rows(evidence.known),
            also=index.known_rows(held_items(evidence)), with_prior=with_prior, wait=wait,
        )  # fmt: skip
    if proposed is None and among is None:
        scores, rows = index.scores(entries), candidate_rows(index, evidence, entries, among)
        if not with_prior:
            scores -= index.prior
        best = rows[scores[rows] != 0] if spoken_of else rows
        best = top_rows(scores, best, contenders(index, entries, scores[best], limit))
    else:
        rows = candidate_rows(index, evidence, entries, among) if proposed is None else proposed
        scores = index.scores_of(entries, rows)
        if not with_prior:
            scores -= index.prior[rows]
        told = np.flatnonzero(scores) if spoken_of else np.arange(len(rows))
        best = rows[top_rows(scores, told, contenders(index, entries, scores[told], limit))]
    rows, values = in_order(index, entries, best, limit, with_prior=with_prior)
    said = np.abs(values) > NOTHING if spoken_of else slice(None)
    return rows[said], values[said]


def contenders(index: ItemIndex, entries: Evidence, scores: Floats, limit: int) -> int:
    """How many of the best by these scores in floats may be among the ``limit`` best in doubles."""
    if not 0 < limit < len(scores):
        return limit
    last = np.partition(scores, -limit)[-limit]
    near = int((scores >= last - 2 * exact.rounding(index, entries)).sum()) if len(entries) else limit
    return min(near, limit + MOST_ALIKE)


def in_order(
    index: ItemIndex, entries: Evidence, rows: Rows, limit: int, *, with_prior: bool = True
) -> tuple[Rows, Doubles]:
    """The ``limit`` best of these rows by the sum in doubles, and their scores; those alike in order of row."""
    scores = exact.scores_of(index, entries, rows, with_prior=with_prior)
    order = exact.best_first(scores, rows)[:limit]
    return rows[order], scores[order]


def candidate_rows(
    index: ItemIndex, evidence: PermittedEvidence, entries: Evidence, among: Collection[int] | None
) -> Rows:
    """The rows that may be proposed (ascending): what the viewer may see, of ``among``, less what they know.

    ``entries`` is what ``evidence`` is to the index.
    """
    rows = np.arange(len(index)) if among is None else np.unique(index.known_rows(among))
    held, known = index.known_rows(held_items(evidence)), index.known_rows(evidence.known)
    return rows[open_among(index, rows, [entries], also=held, known=known)]


def open_among(index: ItemIndex, rows: Rows, own: Iterable[Evidence], *, also: Rows, known: Rows) -> Mask:
    """Which of ``rows`` (ascending) may be proposed to people with this evidence: what is open to everybody, what their
    evidence is of, and ``also`` these; of all that nothing ``known``.
    """
    allowed = index.open[rows]
    for evidence in own:
        items = evidence.key_row[evidence.key_row < len(index)]
        allowed[found(rows, items)] = True
    allowed[found(rows, also)] = True
    allowed[found(rows, known)] = False
    return allowed


def held_items(evidence: PermittedEvidence) -> Collection[int]:
    """Ids of what the viewer's own libraries hold, tracks or artists."""
    held = evidence.held
    items = held.tracks if evidence.kind is ItemKind.TRACK else np.unique(held.artists)
    return list(items.tolist())


def top_rows(scores: Reals, rows: Rows, limit: int) -> Rows:
    """The ``limit`` rows of highest score, highest first; equal scores in order of row, for ascending ``rows``."""
    return rows[top_places(scores[rows], limit)]


def relevance_of(scores: Reals) -> Doubles:
    """Scores [p] on a scale from 0 to 1, the form in which variety is weighed against them; 1 where all are equal."""
    relevance = scores.astype(np.float64)
    span = np.ptp(relevance) if len(relevance) else 0.0
    return np.asarray((relevance - relevance.min()) / span) if span > 0 else np.ones(len(relevance))


def traded(relevance: Doubles, nearness: Doubles | Floats, variety: float) -> Doubles:
    """What is left of a candidate's relevance [p] where ``variety`` (0 to 1) counts against what it is near to [p]."""
    return np.asarray((1 - variety) * relevance - variety * nearness)


def spread(similarity: Floats, scores: Reals, variety: float) -> Rows:
    """Places in order of maximal marginal relevance (Carbonell and Goldstein 1998), by cosines [p, p] and scores [p]."""
    if len(scores) == 0:
        return np.zeros(0, dtype=np.int64)
    relevance = relevance_of(scores)
    nearest, open_ = np.zeros(len(scores)), np.ones(len(scores), dtype=bool)
    chosen = np.empty(len(scores), dtype=np.int64)
    for place in range(len(scores)):
        value = np.where(open_, traded(relevance, nearest, variety), -np.inf)
        chosen[place] = value.argmax()
        open_[chosen[place]] = False
        nearest = np.maximum(nearest, similarity[chosen[place]])
    return chosen
