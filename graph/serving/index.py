"""Serving a trained model: candidates, scores and exact reasons, from numpy alone.

    score(viewer, i) = prior[i] + Σ over evidence e  strength(e) · (weights[e.channel] ∘ K[e.key]) · Q[i]
                                + strength(e) · identity[e.channel] · [e.key is i]

A word adds, beside its vector's product, what a candidate is called and how it feels (`graph.words.sense`).

``K`` and ``Q`` are one table of vectors with two scales per item and *source* (a block of
columns, such as the item–item memory or the graph network). An item's vector may be evidence
(key) or candidate (query); tags, and artists in the track view, have keys only. No viewer has a
vector here: a viewer is the list of evidence that a request permits, added up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.arrays import Codes, Doubles, Floats, Ids, Mask, Rows
from graph.serving import exact, spoken
from graph.serving.channels import Channel, ChannelRule, Evidence, Source, word_rule
from graph.serving.friend_index import unit_rows
from graph.serving.places import ascending, positions, top_rows

KeyKind = Literal["item", "tag", "artist"]

AT_ONCE = 256  # viewers scored by one product
MOST_KEPT = 10_000  # items whose neighbors are remembered
FEW = 8  # viewers up to whom one product each is faster than one for all


class ItemIndex:
    """The candidates of one view (artists or tracks) with their vectors.

    Built from the arrays of an artifact; read-only and safe to share between threads.
    """

    def __init__(
        self,
        arrays: Mapping[str, NDArray[Any]],
        sources: Sequence[Source],
        rules: Mapping[Channel, ChannelRule],
        table: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        self.ids: Ids = arrays["ids"]  # [n] database primary keys, ascending
        self.step: Codes | None = arrays.get("step")  # [n] how popular, coarsely: see graph.ml.coarse
        # [n] what everybody may be shown; the rest is proposed only to those among whose evidence it is
        self.open: Mask = arrays["open"] if "open" in arrays else np.ones(len(self.ids), dtype=bool)
        self.prior: Floats = arrays["prior"]  # [n] score without any evidence
        self.prior_gain = 1.0  # times what it was when the model was made; see `weighed`
        self.sources = tuple(sources)
        self.rules = {Channel.WORD: word_rule(len(sources)), **rules}
        self._codes = arrays["codes"]  # [n, d] int8, or float32 where nothing was rounded
        self._key_scale = _unpacked(arrays, "key")  # [n, S]
        self._query_scale = _unpacked(arrays, "query")  # [n, S]
        self._features: dict[str, tuple[Ids, Floats]] = {
            kind: (arrays[f"{kind}_ids"], self._feature_keys(arrays, kind)) for kind in ("tag", "artist")
        }
        self._feature_codes = {kind: _coded(arrays, kind, len(sources)) for kind in ("tag", "artist")}
        self._similar: dict[
            tuple[int, int], tuple[Rows, Floats]
        ] = {}  # of items alone: nobody's data is in it
        # [n] which of the few styles each item is of; -1 below the floor, and in models that know of none
        self._turn: tuple[Floats, Floats] | None = None  # mean [d] and [d, d]; see `turned`
        if "taste_mean" in arrays:
            self._turn = arrays["taste_mean"], arrays["taste_turn"]
        self.styles: Codes = arrays.get("style", np.full(len(self.ids), -1, dtype=np.int8))
        # [n, 2] valence and energy, each with mean zero and deviation one; none in models that know no words
        self.moods: Floats | None = arrays["mood"].astype(np.float32) if "mood" in arrays else None
        self.table = table or {}  # of word vectors, as the model carries it
        self.memo: dict[str, Any] = {}  # what others make of the arrays alone, once; copies share it
        self.words = {
            name.removeprefix("words_"): a for name, a in arrays.items() if name.startswith("words_")
        }

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def learned(self) -> Mask:
        """Which candidates [n] every source learned from plays; what a source says of the others comes from their names."""
        return np.asarray((self._key_scale > 0).all(axis=1))

    @property
    def dim(self) -> int:
        """Columns of a vector, all sources together."""
        return int(self._codes.shape[1])

    @cached_property
    def queries(self) -> Floats:
        """Item vectors as candidates [n, dim], column by column in memory.

        That is the order in which one viewer's scores are added up fastest; a few rows are cheaper made anew
        (`query_rows`) than gathered from all columns.
        """
        queries = np.empty((len(self), self.dim), dtype=np.float32, order="F")
        for rows in self.blocks():
            queries[rows[0] : rows[-1] + 1] = self.query_rows(rows)
        return queries

    def query_rows(self, rows: Rows) -> Floats:
        """Some of ``queries`` [len(rows), dim]."""
        return self._scaled(self._codes[rows], self._query_scale[rows])

    @property
    def keys(self) -> Floats:
        """Vectors as evidence [key_count, dim]: items first, then tags, then artists. Made anew: see `key_vectors`."""
        return self.key_vectors(np.arange(self.key_count))

    @property
    def key_count(self) -> int:
        """How many items, tags and artists there are together."""
        return len(self) + sum(len(ids) for ids, _keys in self._features.values())

    def key_vectors(self, rows: Rows) -> Floats:
        """Some of ``keys`` [len(rows), dim], in any order; a table of all would hold what no request asks for."""
        start, stop = 0, len(self)
        if not len(rows) or rows.max() < stop:
            return self._scaled(self._codes[rows], self._key_scale[rows])
        keys = np.empty((len(rows), self.dim), dtype=np.float32)
        of_items = rows < stop
        keys[of_items] = self._scaled(self._codes[rows[of_items]], self._key_scale[rows[of_items]])
        for ids, vectors in self._features.values():
            start, stop = stop, stop + len(ids)
            here = (rows >= start) & (rows < stop)
            keys[here] = vectors[rows[here] - start]
        return keys

    def _scaled(self, codes: Codes | Floats, scale: Floats) -> Floats:
        vectors = codes.astype(np.float32)  # a copy, also of floats
        for place, source in enumerate(self.sources):
            vectors[:, source.start : source.stop] *= scale[:, place, None]
        return vectors

    def _feature_keys(self, arrays: Mapping[str, NDArray[Any]], kind: str) -> Floats:
        keys: Floats = arrays[f"{kind}_keys"]
        if f"{kind}_scale" not in arrays:
            return keys
        return np.asarray(keys * self._spread_out(_unpacked(arrays, kind)), dtype=np.float32)

    def _spread_out(self, by_source: Floats) -> Floats:
        """Values by source [., S], spread over the columns of each [., dim]."""
        return np.repeat(by_source, [s.stop - s.start for s in self.sources], axis=1)

    @cached_property
    def spread_of_scores(self) -> Doubles:
        """[dim, dim] what two foldings' scores of all items have in common: their covariance, times n.

        ``a @ spread_of_scores @ b`` is Σ over items of the two viewers' scores, each less its mean. Made once, in
        blocks, so that no second copy of the vectors is in memory.
        """
        mean, spread = np.zeros(self.dim), np.zeros((self.dim, self.dim))
        for rows in self.blocks():
            mean += self.query_rows(rows).sum(axis=0, dtype=np.float64) / len(self)
        for rows in self.blocks():
            block = self.query_rows(rows) - mean
            spread += block.T @ block
        return spread

    def blocks(self) -> Iterator[Rows]:
        """All rows, some at a time."""
        for start in range(0, len(self), AT_ONCE * AT_ONCE):
            yield np.arange(start, min(start + AT_ONCE * AT_ONCE, len(self)))

    def table_drop(self) -> None:
        """Let go of ``queries``, which are made anew once somebody asks for every item's score."""
        self.__dict__.pop("queries", None)

    @cached_property
    def _weights(self) -> Floats:
        """[channels, dim] the source weights of each channel, spread over columns."""
        widths = [s.stop - s.start for s in self.sources]
        return np.array([np.repeat(self.rules[c].weights, widths) for c in Channel], dtype=np.float32)

    @cached_property
    def _distinct_weights(self) -> tuple[Floats, Rows]:
        """The rows of ``_weights`` that differ [w, dim], and which of them is each channel's [channels]."""
        distinct, kind_of = np.unique(self._weights, axis=0, return_inverse=True)
        return distinct, kind_of.ravel()

    @cached_property
    def _identity(self) -> Floats:
        return np.array([self.rules[c].identity for c in Channel], dtype=np.float32)

    # -- finding rows -------------------------------------------------------------------------

    def rows(self, ids: Ids) -> Rows:
        """Candidate rows of primary keys; -1 where the model does not know the id."""
        return positions(self.ids, ids)

    def known_rows(self, ids: Collection[int]) -> Rows:
        """Candidate rows of those primary keys that the model knows, in the order given."""
        rows = self.rows(np.fromiter(ids, dtype=np.int64, count=len(ids)))
        return rows[rows >= 0]

    def key_rows(self, kind: KeyKind, ids: Ids) -> Rows:
        """Rows into the key table for ids of items, tags or artists; -1 where absent."""
        if kind == "item":
            return self.rows(ids)
        offset = len(self.ids) + (len(self._features["tag"][0]) if kind == "artist" else 0)
        place = positions(self._features[kind][0], ids)
        return np.where(place >= 0, place + offset, -1)

    def among(self, rows: Rows) -> ItemIndex:
        """The same model of these candidate rows (ascending) alone; tags and artists stay evidence."""
        return ItemIndex(
            {
                "ids": self.ids[rows],
                "open": self.open[rows],
                "prior": self.prior[rows],
                "codes": self._codes[rows],
                "key_scale": self._key_scale[rows],
                "query_scale": self._query_scale[rows],
                "tag_ids": self._features["tag"][0],
                "tag_keys": self._features["tag"][1],
                "artist_ids": self._features["artist"][0],
                "artist_keys": self._features["artist"][1],
            },
            self.sources,
            self.rules,
        )

    def weighed(self, factors: Mapping[Channel, float], *, prior: float = 1.0) -> ItemIndex:
        """The same vectors, in which channels and the prior count so many times as much as they do here.

        What is made of the vectors alone is shared.
        """
        self.learned  # noqa: B018  # made now, once for both
        weighed = copy(self)
        weighed.prior = np.asarray(self.prior * np.float32(prior))
        weighed.prior_gain = self.prior_gain * prior
        weighed.rules = {
            channel: replace(rule, gain=rule.gain * factors.get(channel, 1.0))
            for channel, rule in self.rules.items()
        }
        return weighed

    def in_full(self, *channels: Channel) -> ItemIndex:
        """The same vectors, in which each entry of these channels counts as if it were the only one: one less moves no other."""
        full = copy(self)
        full.rules = {
            channel: replace(rule, count_power=0.0) if channel in channels else rule
            for channel, rule in self.rules.items()
        }
        return full

    # -- scoring ------------------------------------------------------------------------------

    def strengths(self, evidence: Evidence) -> Floats:
        """Signed strength of each entry [E]."""
        return evidence.once("strengths", self, lambda: self._strengths(evidence))

    def _strengths(self, evidence: Evidence) -> Floats:
        strength = np.zeros(len(evidence), dtype=np.float32)
        counts = np.bincount(evidence.channel, minlength=len(Channel))
        for number in np.flatnonzero(counts):
            entries = evidence.channel == number
            rule, count = self.rules[Channel(int(number))], int(counts[number])
            strength[entries] = rule.strength(evidence.amount[entries], count)
        return strength

    def scores(self, evidence: Evidence) -> Floats:
        """Score of every candidate [n] for one viewer."""
        products = self.queries @ self.folding(evidence)
        scores = self._with_own(products, evidence, self.strengths(evidence), None)
        scores += self.prior
        return scores

    def terms(
        self,
        evidence: Evidence,
        strength: Floats,
        rows: Rows | None = None,
        *,
        vectors: Floats | None = None,
    ) -> Floats:
        """What evidence that counts this strongly [E] adds to every candidate [n], or to some (ascending ``rows``).

        ``vectors``: the candidates', where they are at hand.
        """
        if vectors is None:
            vectors = self.queries if rows is None else self.query_rows(rows)
        return self._with_own(vectors @ self.folded(evidence, strength), evidence, strength, rows)

    def scores_batch(
        self, evidences: Sequence[Evidence], rows: Rows | None = None, *, vectors: Floats | None = None
    ) -> Floats:
        """Scores [B, n] of many viewers at once, or of some ``rows`` [B, c] (ascending); equal to ``scores`` of each.

        ``vectors``: the `query_rows` of ``rows``, where they are at hand.
        """
        strengths = [self.strengths(evidence) for evidence in evidences]
        folded = self.fold(evidences)
        if rows is None:
            scores = self._of_all(folded)
        else:
            scores = np.asarray(folded @ (self.query_rows(rows) if vectors is None else vectors).T)
        scores += self.prior if rows is None else self.prior[rows]
        for place, (evidence, strength) in enumerate(zip(evidences, strengths, strict=True)):
            self._add_own(scores[place], evidence, strength, rows)
        return np.asarray(scores, dtype=np.float32)

    def _add_own(self, scores: Floats, evidence: Evidence, strength: Floats, rows: Rows | None) -> None:
        """Add what no product of vectors says to ``scores`` of every candidate, or of some (ascending ``rows``)."""
        place = evidence.key_row if rows is None else positions(rows, evidence.key_row)
        own = self._lifted(evidence) & (place >= 0)
        np.add.at(scores, place[own], self._lift(evidence, strength)[own])
        if evidence.said is not None:
            words = spoken.strengths(evidence, strength, self.key_count)
            scores += spoken.called(evidence.said, words, self.moods, slice(None) if rows is None else rows)

    def _of_all(self, folded: Floats) -> Floats:
        """The products [B, n] of foldings [B, dim] with every candidate."""
        if len(folded) > FEW:
            return np.asarray(folded @ self.queries.T)
        products = np.empty((len(folded), len(self)), dtype=np.float32)
        for place, folding in enumerate(folded):
            np.matmul(self.queries, folding, out=products[place])
        return products

    def scores_of(self, evidence: Evidence, rows: Rows) -> Floats:
        """Scores of some candidates [len(rows)], ascending rows; equal to ``scores`` there."""
        products = self.query_rows(rows) @ self.folding(evidence)
        scores = self._with_own(products, evidence, self.strengths(evidence), rows)
        return np.asarray(scores + self.prior[rows], np.float32)

    def _with_own(self, products: Floats, evidence: Evidence, strength: Floats, rows: Rows | None) -> Floats:
        """Products of vectors and evidence, with what no product says."""
        added = np.asarray(products, dtype=np.float32)
        self._add_own(added, evidence, strength, rows)
        return added

    def own_rows(self, evidence: Evidence) -> Rows:
        """Candidates that the evidence lifts or sinks by being that very item (ascending)."""
        return ascending(evidence.key_row[self._lifted(evidence)])

    def top_batch(
        self, evidences: Sequence[Evidence], k: int, *, seen: sp.csr_matrix | None = None
    ) -> tuple[Rows, Floats]:
        """The first ``k`` candidates of each viewer, best first: (rows [B, k], scores [B, k]).

        ``seen`` [B, n] marks candidates to leave out; where fewer than ``k`` are left, their score is -inf.
        """
        best_rows, best_scores = [], []
        for start in range(0, len(evidences), AT_ONCE):
            scores = self.scores_batch(evidences[start : start + AT_ONCE])
            if seen is not None:
                hidden = seen[start : start + AT_ONCE].tocoo()
                scores[hidden.row, hidden.col] = -np.inf
            best = top_rows(scores, k)
            best_rows.append(best)
            best_scores.append(np.take_along_axis(scores, best, axis=1))
        if not best_rows:
            return np.zeros((0, k), dtype=np.int64), np.zeros((0, k), dtype=np.float32)
        return np.concatenate(best_rows), np.concatenate(best_scores)

    def fold(self, evidences: Sequence[Evidence]) -> Floats:
        """Each viewer's evidence added up [B, dim]; made for one request and never stored."""
        folded = np.zeros((len(evidences), self.dim), dtype=np.float32)
        for place, evidence in enumerate(evidences):
            folded[place] = self.folding(evidence)
        return folded

    def folding(self, evidence: Evidence) -> Floats:
        """One viewer's evidence added up [dim], each entry as strongly as it counts here."""
        return evidence.once("folding", self, lambda: self.folded(evidence, self.strengths(evidence)))

    def tastes(self, plays: sp.csr_matrix) -> Floats:
        """What people are compared by [P, d]: play counts [P, n] folded into the first source, as unit rows.

        Where the model knows what tastes have in common, without that.
        """
        folded = self.folded_first(plays)
        return folded if self._turn is None else turned(folded, *self._turn)

    def folded_first(self, plays: sp.csr_matrix) -> Floats:
        """The same as it was folded."""
        counts = np.diff(plays.indptr)
        strength = self.rules[Channel.OWN].strength(plays.data, np.repeat(counts, counts))
        played, place = np.unique(plays.indices, return_inverse=True)
        folding = sp.csr_matrix((strength, place, plays.indptr), shape=(len(counts), len(played)))
        return unit_rows(np.asarray(folding @ self._first_keys(played)))

    @cached_property
    def style_centers(self) -> Floats:
        """What each style sounds like [styles, d]: the mean of its items, as `tastes` has them."""
        number = int(self.styles.max(initial=-1)) + 1
        centers = np.zeros((number, self.sources[0].stop), dtype=np.float32)
        for style in range(number):
            centers[style] = unit_rows(self._first_keys(np.flatnonzero(self.styles == style))).sum(axis=0)
        return unit_rows(centers) if self._turn is None else turned(unit_rows(centers), *self._turn)

    def _first_keys(self, rows: Rows) -> Floats:
        """Keys of some candidates in the columns of the first source."""
        first = self.sources[0]
        return np.asarray(self._codes[rows, first.start : first.stop] * self._key_scale[rows, :1], np.float32)

    def contributions(self, evidence: Evidence, rows: Rows) -> Doubles:
        """How much each entry adds to each candidate row [E, len(rows)], in doubles.

        ``prior[rows] + contributions.sum(0)`` equals ``exact.scores_of``, and ``scores[rows]`` up to float32 rounding.
        """
        return exact.contributions(self, evidence, rows)

    def by_source(self, evidence: Evidence, rows: Rows) -> dict[str, Doubles]:
        """What each source adds to each of these candidates [len(rows)], all evidence together; lifts and prior stand apart."""
        products = self.query_rows(rows) * self.folding(evidence)
        return {s.name: products[:, s.start : s.stop].sum(axis=1, dtype=np.float64) for s in self.sources}

    def similar(self, row: int, k: int) -> tuple[Rows, Floats]:
        """The ``k`` candidates a play of ``row`` lifts most, itself excluded: (rows, scores)."""
        if (similar := self._similar.get((row, k))) is None:
            scores = self.queries @ self.play_of(row)
            scores[row] = -np.inf
            best = top_rows(scores[None, :], min(k, len(scores) - 1))[0]
            if len(self._similar) >= MOST_KEPT:
                self._similar.clear()
            similar = self._similar[row, k] = best, scores[best]
        return similar

    def play_of(self, row: int) -> Floats:
        """What one play of a candidate is as evidence [dim], counting once."""
        return np.asarray(self.key_vectors(np.array([row]))[0] * self._weights[Channel.OWN])

    def similarity(self, rows: Rows) -> Floats:
        """Cosine between candidates [k, k]."""
        vectors = unit_rows(self.query_rows(rows))
        return np.asarray(vectors @ vectors.T, dtype=np.float32)

    def folded(self, evidence: Evidence, strength: Floats) -> Floats:
        """The evidence's keys added up [dim], each as strongly as it counts [E]; made for one request and never stored."""
        folded = np.zeros(self.dim, dtype=np.float32)
        for entries, weights in self._by_weights(evidence):
            folded += weights * (strength[entries] @ self._keys_of(evidence, entries))
        return folded

    def _keys_of(self, evidence: Evidence, entries: Mask | slice) -> Floats:
        """The vectors of some entries [., dim]; those of words the request brought along."""
        rows = evidence.key_row[entries]
        if evidence.said is None:
            return self.key_vectors(rows)
        words = rows >= self.key_count
        keys = self.key_vectors(np.where(words, 0, rows))
        keys[words] = evidence.said.keys[rows[words] - self.key_count]
        return keys

    def called_each(self, evidence: Evidence, rows: Rows) -> tuple[Rows, Floats]:
        """Which entries are words [w], and what each adds, counting once, by how candidates are called and feel [w, len(rows)]."""
        words = np.flatnonzero(evidence.key_row >= self.key_count)
        if evidence.said is None:
            return words, np.zeros((len(words), len(rows)), dtype=np.float32)
        places = evidence.key_row[words] - self.key_count
        return words, spoken.called_each(evidence.said, self.moods, rows)[places]

    def query_codes(self, rows: Rows) -> tuple[NDArray[Any], Doubles]:
        """Some candidates as they are kept: codes [k, dim], and what they are multiplied by [k, S]."""
        return self._codes[rows], self._query_scale[rows].astype(np.float64)

    def key_scale(self, rows: Rows) -> Floats:
        """What codes of some candidates are multiplied by as evidence [k, S]."""
        return self._key_scale[rows]

    def feature_codes(self, kind: Literal["tag", "artist"]) -> tuple[Ids, Codes | Floats, Floats]:
        """Tags or artists as they are kept: ids, codes [t, dim] and scales [t, S]."""
        return self._features[kind][0], *self._feature_codes[kind]

    def key_codes(self, evidence: Evidence) -> tuple[NDArray[Any], Doubles]:
        """The same of what each entry is of: codes [E, dim], int8 where all of them are, and scales [E, S]."""
        return evidence.once("codes", self, lambda: self._key_codes(evidence))

    def _key_codes(self, evidence: Evidence) -> tuple[NDArray[Any], Doubles]:
        rows, size, tags = evidence.key_row, len(self), len(self._features["tag"][0])
        if not len(rows) or rows.max() < size:
            return self._codes[rows], self._key_scale[rows].astype(np.float64)
        codes, scale = np.zeros((len(rows), self.dim)), np.ones((len(rows), len(self.sources)))
        kept = ((0, self._codes, self._key_scale), (size, *self._feature_codes["tag"]))
        for first, some_codes, some_scale in (*kept, (size + tags, *self._feature_codes["artist"])):
            there = np.flatnonzero((rows >= first) & (rows < first + len(some_codes)))
            codes[there], scale[there] = some_codes[rows[there] - first], some_scale[rows[there] - first]
        if evidence.said is not None:
            words = np.flatnonzero(rows >= self.key_count)
            codes[words] = evidence.said.keys[rows[words] - self.key_count]
        return codes, scale

    def _by_weights(self, evidence: Evidence) -> Iterator[tuple[Mask | slice, Floats]]:
        """The entries [E] by the source weights [dim] that their channels have in common.

        All at once, without a copy, where there is but one kind of weights: so it is in most models.
        """
        distinct, kind_of = self._distinct_weights
        kinds = kind_of[evidence.channel]
        present = np.flatnonzero(np.bincount(kinds, minlength=len(distinct)))
        for kind in present:
            yield slice(None) if len(present) == 1 else kinds == kind, distinct[kind]

    def _lift(self, evidence: Evidence, strength: Floats) -> Floats:
        """What each entry [E] adds to its own item beside the vectors' product."""
        return np.asarray(strength * self._identity[evidence.channel], dtype=np.float32)

    def _lifted(self, evidence: Evidence) -> Mask:
        """Which entries [E] are candidates that they lift or sink themselves."""
        lifted: Mask = (evidence.key_row < len(self.ids)) & (self._identity[evidence.channel] != 0)
        return lifted


def turned(folded: Floats, mean: Floats, turn: Floats) -> Floats:
    """Unit rows [P, d] less what is common to all, and with directions in which all differ counting less; zeros stay."""
    apart = np.where(folded.any(axis=1, keepdims=True), folded - mean, 0)
    return unit_rows(np.asarray(apart @ turn, dtype=np.float32))


def _coded(arrays: Mapping[str, NDArray[Any]], kind: str, sources: int) -> tuple[Codes | Floats, Floats]:
    """Keys of tags or artists as they are kept [t, dim], and their scales by source [t, S]."""
    keys: Codes | Floats = arrays[f"{kind}_keys"]
    packed = f"{kind}_scale" in arrays
    return keys, _unpacked(arrays, kind) if packed else np.ones((len(keys), sources), dtype=np.float32)


def _unpacked(arrays: Mapping[str, NDArray[Any]], name: str) -> Floats:
    """Scales by item and source [n, S]; where they were packed, with each source's unit."""
    scale = arrays[f"{name}_scale"].astype(np.float32)
    return np.asarray(scale * arrays[f"{name}_unit"] if f"{name}_unit" in arrays else scale, dtype=np.float32)
