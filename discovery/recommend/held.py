"""Tracks of the viewer's own libraries in the sum: also those of which no model has learned anything.

A source like those of a model, made of what the viewer's own server says of its songs: who made them, genre and decade.
It speaks of held tracks alone that nothing was learned of, and so between trainings and without any model as well:

    score(viewer, i) = … + Σ over evidence e  strength(e) · unit · ⟨words of e, words of i⟩

Evidence is what it is everywhere, so that a skip, a withdrawal and a reason mean the same here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from discovery.recommend.evidence import KEY_ARTIST, KEY_ITEM, PermittedEvidence
from discovery.recommend.ranking import DEEPEST, VARIED, Ranking, best_rows, rank, spread
from graph import selectors
from graph.arrays import Doubles, Floats, Ids, Rows
from graph.libraries import Holdings
from graph.models import ItemKind
from graph.serving.channels import Channel, ChannelRule
from graph.serving.index import ItemIndex
from graph.serving.places import positions, top_places


def _rule(gain: float, *, counts: bool) -> ChannelRule:
    unit = float(np.log1p(1.0))
    return ChannelRule(
        gain=gain, logarithmic=counts, unit=unit, count_power=0.5, identity=0.0, weights=(1.0,)
    )


# Where no model says how strongly each channel speaks.
RULES: Mapping[Channel, ChannelRule] = {
    Channel.OWN: _rule(1.0, counts=True),
    Channel.FRIEND: _rule(0.5, counts=True),
    Channel.PICK: _rule(1.0, counts=False),
    Channel.PROMPT_TAG: _rule(0.0, counts=False),
    Channel.NEGATIVE: _rule(-1.0, counts=False),
    Channel.WORD: _rule(0.0, counts=False),
}


class Words:
    """What evidence adds to held tracks by what their server says of them."""

    def __init__(self, evidence: PermittedEvidence, rules: Mapping[Channel, ChannelRule]) -> None:
        held = evidence.held
        self._features = held.features
        self._said = _words_of(evidence, held)  # [E, F]
        self._strength = _strengths(evidence, rules) * held.unit  # [E]

    def scores(self, rows: Rows) -> Floats:
        """What all of it adds to these rows of what is held [r]."""
        folded = self._said.T @ self._strength
        return np.asarray(self._features[rows] @ folded, dtype=np.float32)

    def contributions(self, rows: Rows) -> Doubles:
        """What each entry adds to each [E, r]; the columns add up to ``scores``."""
        alike = (self._said @ self._features[rows].T).toarray()
        return np.asarray(alike * self._strength[:, None], dtype=np.float64)

    def similarity(self, rows: Rows) -> Floats:
        """Cosine between held tracks [r, r]."""
        return np.asarray((self._features[rows] @ self._features[rows].T).toarray(), dtype=np.float32)


def _words_of(evidence: PermittedEvidence, held: Holdings) -> sp.csr_matrix:
    """Of each entry: what the library says of a track it holds; of others, who made it, where it holds something of theirs."""
    size = len(evidence)
    items = evidence.key_kind == KEY_ITEM
    place = np.full(size, -1, dtype=np.int64)
    place[items] = positions(held.tracks, evidence.key_id[items])
    artist = np.where(evidence.key_kind == KEY_ARTIST, evidence.key_id, 0)
    elsewhere = items & (place < 0)
    if elsewhere.any():
        made = selectors.artists_of(np.unique(evidence.key_id[elsewhere]).tolist())
        artist[elsewhere] = [made.get(key, 0) for key in evidence.key_id[elsewhere].tolist()]
    column = np.array([held.columns.get(key, -1) for key in artist.tolist()], dtype=np.int64)
    column[place >= 0] = -1
    there = np.flatnonzero(place >= 0)
    chosen = sp.csr_matrix(
        (np.ones(len(there), np.float32), (there, place[there])), shape=(size, len(held.tracks))
    )
    by_artist = np.flatnonzero(column >= 0)
    shape = (size, held.features.shape[1])
    alone = sp.csr_matrix((np.ones(len(by_artist), np.float32), (by_artist, column[by_artist])), shape=shape)
    return (chosen @ held.features + alone).tocsr()


def _strengths(evidence: PermittedEvidence, rules: Mapping[Channel, ChannelRule]) -> Floats:
    strength = np.zeros(len(evidence), dtype=np.float32)
    counts = np.bincount(evidence.channel, minlength=len(Channel))
    for number in np.flatnonzero(counts).tolist():
        entries = evidence.channel == number
        strength[entries] = rules[Channel(number)].strength(evidence.amount[entries], int(counts[number]))
    return strength


def rank_with_held(
    index: ItemIndex,
    evidence: PermittedEvidence,
    *,
    shown: Collection[int] = (),
    count: int,
    variety: float = 0.0,
    spoken_of: bool = False,
) -> Ranking:
    """As `ranking.rank`, with what the viewer holds and nothing was learned of."""
    if not speaks(evidence):
        return rank(index, evidence, shown=shown, count=count, variety=variety, spoken_of=spoken_of)
    return _Held(index, evidence, spoken_of=spoken_of).ranking(shown, count, variety)


def rank_held(
    evidence: PermittedEvidence, *, shown: Collection[int] = (), count: int, variety: float = 0.0
) -> Ranking:
    """What the viewer holds alone, where there is no model."""
    return _Held(None, evidence, spoken_of=True).ranking(shown, count, variety)


def speaks(evidence: PermittedEvidence) -> bool:
    """Whether there is anything held to speak of."""
    return evidence.kind is ItemKind.TRACK and len(evidence.held) > 0


class _Held:
    def __init__(self, index: ItemIndex | None, evidence: PermittedEvidence, *, spoken_of: bool) -> None:
        self.spoken_of = spoken_of
        self.index, self.evidence, self.held = index, evidence, evidence.held
        self.words = Words(evidence, RULES if index is None else index.rules)
        if index is not None:
            self.part, self.entries = evidence.in_index(index)

    def ranking(self, shown: Collection[int], count: int, variety: float) -> Ranking:
        count = max(0, min(count, DEEPEST - len(shown)))
        limit = min(len(shown) + count + 1, DEEPEST)
        depth = limit if variety == 0 else max(limit, VARIED)
        ids, rows, scores = self._best(depth)
        if variety > 0:
            order = spread(self._similarity(ids[:VARIED], rows[:VARIED]), scores[:VARIED], variety)
            order = np.concatenate([order, np.arange(len(order), len(ids))])[:limit]
            ids, rows = ids[order], rows[order]
        if shown:
            fresh = ~np.isin(ids, np.fromiter(shown, dtype=np.int64))
            ids, rows = ids[fresh], rows[fresh]
        more = len(ids) > count and len(shown) + count < DEEPEST
        return self._told(ids[:count], rows[:count], more=more)

    def _best(self, depth: int) -> tuple[Ids, Rows, Floats]:
        """Ids, rows of the index (-1: not there) and scores, the best first."""
        unlearned, rows, scores = self._unlearned()
        ids = unlearned
        if self.index is not None:
            # All else by the model alone; what both speak of stands among the unlearned.
            others = replace(self.part, known=self.part.known | frozenset(unlearned.tolist()))
            best, values = best_rows(self.index, others, self.entries, depth, spoken_of=self.spoken_of)
            ids = np.concatenate([self.index.ids[best], ids])
            rows, scores = np.concatenate([best, rows]), np.concatenate([values, scores])
        told = np.flatnonzero(scores) if self.spoken_of else np.arange(len(scores))
        chosen = told[top_places(scores[told], depth)]
        return ids[chosen], rows[chosen], scores[chosen]

    def _unlearned(self) -> tuple[Ids, Rows, Floats]:
        """The held tracks that nothing was learned of and that are not known to the viewer, as `_best` has them."""
        known = np.fromiter(self.evidence.known, dtype=np.int64, count=len(self.evidence.known))
        place = np.flatnonzero(~np.isin(self.held.tracks, known))
        if self.index is None:
            scores = self.words.scores(place)
            place, scores = place[scores > 0], scores[scores > 0]  # nothing else is known of the others
            return self.held.tracks[place], np.full(len(place), -1, dtype=np.int64), scores
        rows = self.index.rows(self.held.tracks[place])
        open_ = (rows < 0) | ~self.index.learned[rows]
        place, rows = place[open_], rows[open_]
        scores = self.words.scores(place)
        there = np.flatnonzero(rows >= 0)
        if len(there):
            ascending = there[np.argsort(rows[there])]
            scores[ascending] += self.index.scores_of(self.entries, rows[ascending])
        return self.held.tracks[place], rows, scores

    def _told(self, ids: Ids, rows: Rows, *, more: bool) -> Ranking:
        """What each entry adds to each of these, by the model and by words."""
        contributions = np.zeros((len(self.evidence), len(ids)))
        prior = np.zeros(len(ids))
        spoken = np.ones(len(ids), dtype=bool)  # of which words speak
        there = np.flatnonzero(rows >= 0)
        if self.index is not None and len(there):
            entries = np.flatnonzero(self.evidence.rows_in(self.index) >= 0)
            contributions[np.ix_(entries, there)] = self.index.contributions(self.entries, rows[there])
            prior[there] = self.index.prior[rows[there]]
            spoken[there] = ~self.index.learned[rows[there]]
        place = positions(self.held.tracks, ids)
        columns = np.flatnonzero(spoken & (place >= 0))
        contributions[:, columns] += self.words.contributions(place[columns])
        return Ranking(
            has_next=more,
            evidence=self.evidence,
            rows=rows,
            ids=ids,
            prior=prior,
            contributions=contributions,
        )

    def _similarity(self, ids: Ids, rows: Rows) -> Floats:
        """Cosines [p, p]: by the model between what it knows, by words between what is held."""
        alike = np.zeros((len(ids), len(ids)), dtype=np.float32)
        there = np.flatnonzero(rows >= 0)
        if self.index is not None and len(there):
            alike[np.ix_(there, there)] = self.index.similarity(rows[there])
        place = positions(self.held.tracks, ids)
        held = np.flatnonzero(place >= 0)
        block = np.ix_(held, held)
        alike[block] = np.maximum(alike[block], self.words.similarity(place[held]))
        return alike
