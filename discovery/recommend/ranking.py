"""The sum, its best items, and nothing the viewer should not get again.

Every catalogue item is scored by the very sum that explains it. Only beyond `EXACT_ITEMS` items are
candidates proposed first (`graph.serving.ann`), by the same sum's vectors.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from discovery.recommend.evidence import PermittedEvidence
from graph.serving.ann import nearest_items
from graph.serving.index import Evidence, ItemIndex

DEEPEST = 1_000  # how far anyone may page into a ranking
VARIED = 300  # how many of the best are reordered for variety; always the same, so that pages join


@dataclass(frozen=True, eq=False)
class Ranking:
    """A page of the best items, best first, and what each entry of evidence added to each of them.

    ``score = prior + contributions.sum(axis=0)`` for every column.
    """

    has_next: bool
    evidence: PermittedEvidence  # the E entries the index knows
    rows: NDArray[np.int64]  # [k] rows of the index
    ids: NDArray[np.int64]  # [k] database ids
    prior: NDArray[np.float64]  # [k]
    contributions: NDArray[np.float64]  # [E, k]

    @property
    def scores(self) -> NDArray[np.float64]:
        total: NDArray[np.float64] = self.prior + self.contributions.sum(axis=0)
        return total


def rank(
    index: ItemIndex,
    evidence: PermittedEvidence,
    *,
    start: int = 0,
    count: int,
    among: Collection[int] | None = None,
    variety: float = 0.0,
    with_prior: bool = True,
) -> Ranking:
    """The best items of ``index`` that the viewer does not know yet, from place ``start`` on.

    ``among`` limits the candidates to those ids. ``variety`` (0 to 1) trades score for distance
    from what stands above; at 0 the order is the score's. Without the prior, the evidence alone counts.
    """
    part, vector_evidence = evidence.in_index(index)
    limit = min(start + count + 1, DEEPEST)
    depth = limit if variety == 0 else max(limit, VARIED)
    best, scores = best_rows(index, part, vector_evidence, depth, among=among, with_prior=with_prior)
    if variety > 0:
        best = np.concatenate([spread(index, scores[:VARIED], best[:VARIED], variety), best[VARIED:]])[:limit]
    has_next, best = len(best) > start + count, best[start : start + count]
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
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The ``limit`` rows of highest score that may be proposed, highest first, and their scores.

    ``entries`` is what ``evidence`` is to the index. Beyond `EXACT_ITEMS` items candidates are proposed
    by inverted lists, once those are made (``wait`` for them), and scored exactly as ever.
    """
    rows: NDArray[np.int64] | None = None
    if len(index) > settings.EXACT_ITEMS and len(entries) and among is None:
        lists = nearest_items(index, wait=wait)
        if lists is not None:
            known = known_rows(index, evidence)
            rows = lists.candidates(index, entries, known, limit, with_prior=with_prior)
    if rows is None:
        rows = candidate_rows(index, evidence, among)
        scores = index.scores(entries)[rows]
    else:
        scores = index.scores_of(entries, rows)
    if not with_prior:
        scores = scores - index.prior[rows]
    best = top_rows(scores, np.arange(len(rows)), limit)
    return rows[best], scores[best]


def candidate_rows(
    index: ItemIndex, evidence: PermittedEvidence, among: Collection[int] | None
) -> NDArray[np.int64]:
    """The rows that may be proposed: all, or those of ``among``, less what the viewer knows."""
    allowed = np.ones(len(index.ids), dtype=bool)
    if among is not None:
        allowed[:] = False
        rows = index.rows(np.fromiter(among, dtype=np.int64, count=len(among)))
        allowed[rows[rows >= 0]] = True
    allowed[known_rows(index, evidence)] = False
    return np.flatnonzero(allowed)


def known_rows(index: ItemIndex, evidence: PermittedEvidence) -> NDArray[np.int64]:
    """Rows of what the viewer knows or has hidden: never proposed."""
    rows = index.rows(np.fromiter(evidence.known, dtype=np.int64, count=len(evidence.known)))
    return rows[rows >= 0]


def top_rows(scores: NDArray[np.float32], rows: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
    """The ``limit`` rows of highest score, highest first; equal scores in order of row."""
    if len(rows) > limit:
        rows = np.sort(rows[np.argpartition(-scores[rows], limit - 1)[:limit]])
    return rows[np.argsort(-scores[rows], kind="stable")]


def spread(
    index: ItemIndex, scores: NDArray[np.float32], pool: NDArray[np.int64], variety: float
) -> NDArray[np.int64]:
    """``pool``, whose ``scores`` [p] are given, in order of maximal marginal relevance (Carbonell and Goldstein 1998)."""
    if len(pool) == 0:
        return pool
    similarity = index.similarity(pool)  # [p, p] cosine
    relevance = scores.astype(np.float64)
    span = np.ptp(relevance)
    relevance = (relevance - relevance.min()) / span if span > 0 else np.ones(len(pool))
    nearest, open_ = np.zeros(len(pool)), np.ones(len(pool), dtype=bool)
    chosen = np.empty(len(pool), dtype=np.int64)
    for place in range(len(pool)):
        value = np.where(open_, (1 - variety) * relevance - variety * nearest, -np.inf)
        chosen[place] = value.argmax()
        open_[chosen[place]] = False
        nearest = np.maximum(nearest, similarity[chosen[place]])
    return pool[chosen]
