"""The tracks that a plan chooses from: the best of the sum for a viewer, with what each entry adds to any of them.

Enters: an index, and evidence. Leaves: a `Pool`, from which the ranking of some of its tracks is made, in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from discovery.recommend import held
from discovery.recommend.evidence import PermittedEvidence
from discovery.recommend.ranking import Ranking, best_rows
from graph.arrays import Doubles, Floats, Ids, Mask, Reals, Rows
from graph.serving.channels import Evidence
from graph.serving.index import ItemIndex

WIDE = 2.0  # deviations from the mean energy to the least and the most lively


@dataclass(frozen=True, eq=False)
class Pool:
    """Tracks [p], the best first. ``ranking``: of some places, in their order, with what each entry adds to them."""

    ids: Ids
    rows: Rows  # of the index; -1 for what a library holds and the index does not know
    scores: Reals
    evidence: PermittedEvidence  # the entries that speak
    full: bool  # there may be more
    index: ItemIndex | None
    ranking: Callable[[Rows], Ranking]
    added: Callable[[Mask], Doubles]  # what each of these entries adds to each [e, p]

    @property
    def energy(self) -> Doubles:
        """How lively each is, from 0 to 1 [p]; nan where nobody knows it."""
        energy = np.full(len(self.ids), np.nan)
        if self.index is not None and self.index.moods is not None:
            there = self.rows >= 0
            felt = self.index.moods[self.rows[there], 1].astype(np.float64)
            energy[there] = np.clip(0.5 + felt / (2 * WIDE), 0.0, 1.0)
        return energy

    def similarity(self, places: Rows) -> Floats:
        """Cosines [k, k] between these; between what no model knows, none."""
        alike = np.eye(len(places), dtype=np.float32)
        there = np.flatnonzero(self.rows[places] >= 0)
        if self.index is not None and len(there):
            alike[np.ix_(there, there)] = self.index.similarity(self.rows[places][there])
        return alike


def pool_of(index: ItemIndex | None, evidence: PermittedEvidence, size: int) -> Pool | None:
    """The ``size`` best tracks that may be chosen; None where nothing can be ranked."""
    if held.speaks(evidence):
        return _with_held(index, evidence, size)
    if index is None:
        return None
    part, entries = evidence.in_index(index)
    rows, scores = best_rows(index, part, entries, size)
    return _of_rows(index, part, entries, rows, scores, full=len(rows) == size)


def pool_among(index: ItemIndex, evidence: PermittedEvidence, ids: Sequence[int]) -> Pool:
    """These tracks, in this order, each once; those that the model does not know are not among them."""
    part, entries = evidence.in_index(index)
    rows = index.known_rows(list(dict.fromkeys(ids)))
    return _of_rows(index, part, entries, rows, np.zeros(len(rows), np.float32), full=False)


def _of_rows(
    index: ItemIndex,
    evidence: PermittedEvidence,
    entries: Evidence,
    rows: Rows,
    scores: Reals,
    *,
    full: bool,
) -> Pool:
    def ranking(places: Rows) -> Ranking:
        chosen = rows[places]
        return Ranking(
            has_next=False, evidence=evidence, rows=chosen, ids=index.ids[chosen],
            prior=index.prior[chosen].astype(np.float64), contributions=index.contributions(entries, chosen),
        )  # fmt: skip

    def added(mask: Mask) -> Doubles:
        some = replace(
            entries, key_row=entries.key_row[mask], amount=entries.amount[mask], channel=entries.channel[mask]
        )
        return index.contributions(some, rows)

    return Pool(index.ids[rows], rows, scores, evidence, full, index, ranking, added)


def _with_held(index: ItemIndex | None, evidence: PermittedEvidence, size: int) -> Pool:
    """With what the viewer's libraries hold and nothing was learned of, whose terms come with the ranking."""
    told = (
        held.rank_held(evidence, count=size)
        if index is None
        else held.rank_with_held(index, evidence, count=size)
    )

    def ranking(places: Rows) -> Ranking:
        return replace(
            told, has_next=False, rows=told.rows[places], ids=told.ids[places], prior=told.prior[places],
            contributions=told.contributions[:, places],
        )  # fmt: skip

    def added(mask: Mask) -> Doubles:
        return np.asarray(told.contributions[mask])

    scores = told.scores.astype(np.float32)
    return Pool(told.ids, told.rows, scores, told.evidence, told.has_next, index, ranking, added)
