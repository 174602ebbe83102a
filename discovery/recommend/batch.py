"""The same sum for all listeners at once, for exports and evaluation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from django.conf import settings

from accounts.models import PersonalizationLevel, User
from discovery.recommend import evidence as gathering
from discovery.recommend.ranking import best_rows, candidate_rows, contenders, in_order, top_rows
from graph.arrays import Doubles, Rows
from graph.models import ItemKind
from graph.serving.index import ItemIndex

AT_ONCE = 256  # listeners scored by one matrix product


def rank_all(
    index: ItemIndex,
    viewers: Sequence[User],
    kind: ItemKind,
    *,
    top: int,
    among: Collection[int] | None = None,
    level: PersonalizationLevel | None = None,
) -> Iterator[tuple[User, list[tuple[int, float]]]]:
    """Each viewer who permits anything personal, with their ``top`` (item id, score), best first."""
    permitted = gathering.gather_many(viewers, kind, level=level)
    personal = [
        (viewer, evidence)
        for viewer, evidence in zip(viewers, permitted, strict=True)
        if evidence.use.own or evidence.use.friends
    ]
    if len(index) > settings.EXACT_ITEMS:
        for viewer, evidence in personal:
            part, entries = evidence.in_index(index)
            yield viewer, _listed(index, *best_rows(index, part, entries, top, among=among, wait=True))
        return
    for first in range(0, len(personal), AT_ONCE):
        chunk = personal[first : first + AT_ONCE]
        scores = index.scores_batch([evidence.in_index(index)[1] for _, evidence in chunk])
        for (viewer, evidence), row in zip(chunk, scores, strict=True):
            entries = evidence.in_index(index)[1]
            rows = candidate_rows(index, evidence, entries, among)
            best = top_rows(row, rows, contenders(index, entries, row[rows], top))
            yield viewer, _listed(index, *in_order(index, entries, best, top))


def _listed(index: ItemIndex, rows: Rows, scores: Doubles) -> list[tuple[int, float]]:
    return list(zip(index.ids[rows].tolist(), scores.tolist(), strict=True))
