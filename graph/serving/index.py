"""Serving a trained model: candidates, scores and exact reasons, from numpy alone.

    score(viewer, i) = prior[i] + Σ over evidence e  strength(e) · (weights[e.channel] ∘ K[e.key]) · Q[i]
                                + strength(e) · identity[e.channel] · [e.key is i]

``K`` and ``Q`` are one table of vectors with two scales per item and *source* (a block of
columns, such as the item–item memory or the graph network). An item's vector may be evidence
(key) or candidate (query); tags, and artists in the track view, have keys only. No viewer has a
vector here: a viewer is the list of evidence that a request permits, added up.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.serving.friend_index import unit_rows

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
KeyKind = Literal["item", "tag", "artist"]

SIGNATURE = 2048  # buckets of a person's signature
AT_ONCE = 256  # viewers scored by one product
LOUDEST = 4.0  # no entry weighs more than four ordinary ones


class Channel(enum.IntEnum):
    """Where a piece of evidence comes from; its weights are learned per channel."""

    OWN = 0  # the viewer's plays; amount is a play count
    FRIEND = 1  # a sharing friend's plays; amount is a play count
    PICK = 2  # an onboarding pick, like or session seed; amount is a strength, 1 is one pick
    PROMPT_TAG = 3  # a tag of a prompt or occasion; amount is a strength
    NEGATIVE = 4  # a skip or dislike; amount is a strength, given as a positive number


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a request may use about one viewer. Several entries may share a key."""

    key_row: Ints  # [E] rows into the key table; negative rows are refused
    amount: Floats  # [E] > 0, raw strength in the channel's unit
    channel: NDArray[np.int8]  # [E] Channel

    def __len__(self) -> int:
        return len(self.key_row)


@dataclass(frozen=True, kw_only=True)
class ChannelRule:
    """How one channel's amounts become strengths.

    strength = gain · min((log1p(amount) / unit)^power if logarithmic else amount, LOUDEST) · n^-count_power,
    where n counts the channel's entries: a scalar that no single entry can bend far.
    """

    gain: float
    logarithmic: bool
    unit: float
    count_power: float
    identity: float  # extra score for the evidence's own item, per unit of strength
    weights: tuple[float, ...]  # one a source, in the order of Source.start
    power: float = 1.0  # of the logarithm

    def strength(self, amount: Floats, count: NDArray[np.integer[Any]] | int) -> Floats:
        """Signed strength of entries of this channel, given how many entries their viewer has."""
        raised = (np.log1p(amount) / self.unit) ** self.power if self.logarithmic else amount
        raised = np.minimum(raised, LOUDEST)
        scale = np.maximum(count, 1) ** -self.count_power
        return np.asarray(self.gain * raised * scale, dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class Source:
    """One block of columns: a way of knowing that two items belong together."""

    name: str
    start: int
    stop: int


class ItemIndex:
    """The candidates of one view (artists or tracks) with their vectors.

    Built from the arrays of an artifact; read-only and safe to share between threads.
    """

    def __init__(
        self,
        arrays: Mapping[str, NDArray[Any]],
        sources: Sequence[Source],
        rules: Mapping[Channel, ChannelRule],
    ) -> None:
        self.ids: Ints = arrays["ids"]  # [n] database primary keys, ascending
        self.prior: Floats = arrays["prior"]  # [n] score without any evidence
        self.listeners: NDArray[np.int32] = arrays["listeners"]  # [n] contributors; 0 below the floor
        self.sources = tuple(sources)
        self.rules = dict(rules)
        self._codes = arrays["codes"]  # [n, d] int8, or float32 where nothing was rounded
        self._key_scale = _unpacked(arrays, "key")  # [n, S]
        self._query_scale = _unpacked(arrays, "query")  # [n, S]
        self._features: dict[str, tuple[Ints, Floats]] = {
            kind: (arrays[f"{kind}_ids"], self._feature_keys(arrays, kind)) for kind in ("tag", "artist")
        }
        self._signature: tuple[NDArray[np.int32], Floats] | None = None
        if "signature_bucket" in arrays:
            self._signature = (arrays["signature_bucket"], arrays["signature_weight"])

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def dim(self) -> int:
        """Columns of a vector, all sources together."""
        return int(self._codes.shape[1])

    @cached_property
    def queries(self) -> Floats:
        """Item vectors as candidates [n, dim]."""
        return self._scaled(self._query_scale)

    @cached_property
    def keys(self) -> Floats:
        """Vectors as evidence [n + tags + artists, dim]: items first, then tags, then artists."""
        blocks = [self._scaled(self._key_scale), self._features["tag"][1], self._features["artist"][1]]
        return np.concatenate(blocks).astype(np.float32)

    def _scaled(self, scale: Floats) -> Floats:
        return np.asarray(self._codes * self._spread_out(scale), dtype=np.float32)

    def _feature_keys(self, arrays: Mapping[str, NDArray[Any]], kind: str) -> Floats:
        keys: Floats = arrays[f"{kind}_keys"]
        if f"{kind}_scale" not in arrays:
            return keys
        return np.asarray(keys * self._spread_out(_unpacked(arrays, kind)), dtype=np.float32)

    def _spread_out(self, by_source: Floats) -> Floats:
        """Values by source [., S], spread over the columns of each [., dim]."""
        return np.repeat(by_source, [s.stop - s.start for s in self.sources], axis=1)

    @cached_property
    def _weights(self) -> Floats:
        """[channels, dim] the source weights of each channel, spread over columns."""
        widths = [s.stop - s.start for s in self.sources]
        return np.array([np.repeat(self.rules[c].weights, widths) for c in Channel], dtype=np.float32)

    @cached_property
    def _identity(self) -> Floats:
        return np.array([self.rules[c].identity for c in Channel], dtype=np.float32)

    # -- finding rows -------------------------------------------------------------------------

    def rows(self, ids: Ints) -> Ints:
        """Candidate rows of primary keys; -1 where the model does not know the id."""
        return _positions(self.ids, ids)

    def key_rows(self, kind: KeyKind, ids: Ints) -> Ints:
        """Rows into the key table for ids of items, tags or artists; -1 where absent."""
        if kind == "item":
            return self.rows(ids)
        offset = len(self.ids) + (len(self._features["tag"][0]) if kind == "artist" else 0)
        found = _positions(self._features[kind][0], ids)
        return np.where(found >= 0, found + offset, -1)

    def among(self, rows: Ints) -> ItemIndex:
        """The same model of these candidate rows (ascending) alone; tags and artists stay evidence."""
        return ItemIndex(
            {
                "ids": self.ids[rows],
                "prior": self.prior[rows],
                "listeners": self.listeners[rows],
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

    # -- scoring ------------------------------------------------------------------------------

    def strengths(self, evidence: Evidence) -> Floats:
        """Signed strength of each entry [E]."""
        found = np.zeros(len(evidence), dtype=np.float32)
        for channel, rule in self.rules.items():
            chosen = evidence.channel == channel
            if chosen.any():
                found[chosen] = rule.strength(evidence.amount[chosen], int(chosen.sum()))
        return found

    def scores(self, evidence: Evidence) -> Floats:
        """Score of every candidate [n] for one viewer."""
        scores: Floats = self.scores_batch([evidence])[0]
        return scores

    def scores_batch(self, evidences: Sequence[Evidence]) -> Floats:
        """Scores [B, n] of many viewers at once; equal to ``scores`` of each."""
        matrices = self._matrices(evidences)
        scores = self._folded(matrices, len(evidences)) @ self.queries.T
        scores += self.prior
        for channel, matrix in matrices.items():
            if self._identity[channel]:
                own = matrix[:, : len(self.ids)].tocoo()
                scores[own.row, own.col] += own.data * self._identity[channel]
        return np.asarray(scores, dtype=np.float32)

    def scores_of(self, evidence: Evidence, rows: Ints) -> Floats:
        """Scores of some candidates [len(rows)], ascending rows; equal to ``scores`` there."""
        found = self.queries[rows] @ self.fold([evidence])[0] + self.prior[rows]
        place = _positions(rows, evidence.key_row)
        lift = self.strengths(evidence) * self._identity[evidence.channel]
        np.add.at(found, place[place >= 0], lift[place >= 0])
        return np.asarray(found, dtype=np.float32)

    def own_rows(self, evidence: Evidence) -> Ints:
        """Candidates that the evidence lifts or sinks by being that very item (ascending)."""
        chosen = (evidence.key_row < len(self.ids)) & (self._identity[evidence.channel] != 0)
        return np.unique(evidence.key_row[chosen])

    def top_batch(
        self, evidences: Sequence[Evidence], k: int, *, seen: sp.csr_matrix | None = None
    ) -> tuple[Ints, Floats]:
        """The first ``k`` candidates of each viewer, best first: (rows [B, k], scores [B, k]).

        ``seen`` [B, n] marks candidates to leave out; where fewer than ``k`` are left, their score is -inf.
        """
        rows, found = [], []
        for start in range(0, len(evidences), AT_ONCE):
            scores = self.scores_batch(evidences[start : start + AT_ONCE])
            if seen is not None:
                hidden = seen[start : start + AT_ONCE].tocoo()
                scores[hidden.row, hidden.col] = -np.inf
            best = top_rows(scores, k)
            rows.append(best)
            found.append(np.take_along_axis(scores, best, axis=1))
        if not rows:
            return np.zeros((0, k), dtype=np.int64), np.zeros((0, k), dtype=np.float32)
        return np.concatenate(rows), np.concatenate(found)

    def fold(self, evidences: Sequence[Evidence]) -> Floats:
        """Each viewer's evidence added up [B, dim]; made for one request and never stored."""
        return self._folded(self._matrices(evidences), len(evidences))

    def portrait(self, evidences: Sequence[Evidence]) -> Floats:
        """What friend suggestions compare [B, dim + SIGNATURE]: folded evidence and a signature.

        The signature adds up which rare items are played, hashed into buckets that many items share.
        """
        folded = self.fold(evidences)
        signed = np.zeros((len(evidences), SIGNATURE), dtype=np.float32)
        if self._signature is not None:
            bucket, weight = self._signature
            for viewer, evidence in enumerate(evidences):
                items = evidence.key_row[evidence.key_row < len(self.ids)]
                np.add.at(signed[viewer], bucket[items], weight[items])
        return np.concatenate([folded, signed], axis=1)

    def contributions(self, evidence: Evidence, rows: Ints) -> NDArray[np.float64]:
        """How much each entry adds to each candidate row [E, len(rows)].

        ``prior[rows] + contributions.sum(0)`` equals ``scores[rows]`` up to float32 rounding.
        """
        keys = self.keys[evidence.key_row].astype(np.float64)
        keys *= self._weights[evidence.channel]
        strength = self.strengths(evidence).astype(np.float64)
        found = strength[:, None] * (keys @ self.queries[rows].T.astype(np.float64))
        same = evidence.key_row[:, None] == np.asarray(rows)[None, :]
        found += same * (strength * self._identity[evidence.channel])[:, None]
        return np.asarray(found)

    def similar(self, row: int, k: int) -> tuple[Ints, Floats]:
        """The ``k`` candidates a play of ``row`` lifts most, itself excluded: (rows, scores)."""
        scores = self.queries @ (self.keys[row] * self._weights[Channel.OWN])
        scores[row] = -np.inf
        best = top_rows(scores[None, :], min(k, len(scores) - 1))[0]
        return best, scores[best]

    def similarity(self, rows: Ints) -> Floats:
        """Cosine between candidates [k, k]."""
        vectors = unit_rows(self.queries[rows])
        return np.asarray(vectors @ vectors.T, dtype=np.float32)

    def _folded(self, matrices: Mapping[Channel, sp.csr_matrix], viewers: int) -> Floats:
        folded = np.zeros((viewers, self.dim), dtype=np.float32)
        for channel, matrix in matrices.items():
            folded += (matrix @ self.keys) * self._weights[channel]
        return folded

    def _matrices(self, evidences: Sequence[Evidence]) -> dict[Channel, sp.csr_matrix]:
        """Strengths as viewers × keys, for each channel that occurs; an entry's key may recur."""
        viewer = np.repeat(np.arange(len(evidences)), [len(evidence) for evidence in evidences])
        if not len(viewer):
            return {}
        key = np.concatenate([evidence.key_row for evidence in evidences])
        amount = np.concatenate([evidence.amount for evidence in evidences])
        channels = np.concatenate([evidence.channel for evidence in evidences])
        shape = (len(evidences), len(self.keys))
        found = {}
        for channel in Channel:
            chosen = channels == channel
            if chosen.any():
                rows = viewer[chosen]
                count = np.bincount(rows, minlength=len(evidences))[rows]
                strength = self.rules[channel].strength(amount[chosen], count)
                found[channel] = sp.csr_matrix((strength, (rows, key[chosen])), shape=shape)
        return found


def top_rows(scores: Floats, k: int) -> Ints:
    """The ``k`` highest columns of each row [B, k], best first; equal scores by lowest column."""
    k = min(k, scores.shape[1])
    part = np.argpartition(scores, -k, axis=1)[:, -k:] if k < scores.shape[1] else None
    chosen = np.sort(part, axis=1) if part is not None else np.broadcast_to(np.arange(k), scores.shape)
    order = np.argsort(-np.take_along_axis(scores, chosen, axis=1), axis=1, kind="stable")
    return np.take_along_axis(chosen, order, axis=1)


def _unpacked(arrays: Mapping[str, NDArray[Any]], name: str) -> Floats:
    """Scales by item and source [n, S]; where they were packed, with each source's unit."""
    scale = arrays[f"{name}_scale"].astype(np.float32)
    return np.asarray(scale * arrays[f"{name}_unit"] if f"{name}_unit" in arrays else scale, dtype=np.float32)


def _positions(sorted_ids: Ints, ids: Ints) -> Ints:
    ids = np.asarray(ids, dtype=np.int64)
    if not len(sorted_ids):
        return np.full(ids.shape, -1, dtype=np.int64)
    found = np.searchsorted(sorted_ids, ids)
    clipped = np.minimum(found, len(sorted_ids) - 1)
    return np.where(sorted_ids[clipped] == ids, clipped, -1)
