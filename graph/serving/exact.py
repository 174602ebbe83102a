"""The sum in doubles: what each entry adds to a candidate, and the whole of it, so that an order is a property of the model.

In floats two items that are nearly as good change places with the order of an addition, and another implementation (such
as the one on a listener's own device) has another order of additions. Here products of codes are whole numbers, and
everything else is a double: what differs between two machines is the last bit of a double.

Enters: an index, evidence, rows. Leaves: doubles. Only few rows are asked for: those that floats found to be the best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from graph.arrays import Doubles, Rows
from graph.serving.channels import Channel, Evidence

if TYPE_CHECKING:
    from graph.serving.index import ItemIndex

# Up to so many columns the product of two rows of int8 is a whole number that a float holds exactly: 127² · 1,040 < 2²⁴.
WHOLE = 1_040
ROUNDING = 2e-6  # of the lengths' product, at most: some tens of roundings of a float
AT_ONCE = 65_536  # items looked at together
GRAIN = 2.0**-40  # scores are put in order by so many of these: what differs by less is alike, on any machine


def strengths(index: ItemIndex, evidence: Evidence) -> Doubles:
    """Signed strength of each entry [E], as `ItemIndex.strengths` has it in floats."""
    return evidence.once("exact strengths", index, lambda: _strengths(index, evidence))


def _strengths(index: ItemIndex, evidence: Evidence) -> Doubles:
    strength = np.zeros(len(evidence))
    counts = np.bincount(evidence.channel, minlength=len(Channel))
    for number in np.flatnonzero(counts):
        entries = evidence.channel == number
        rule, count = index.rules[Channel(int(number))], int(counts[number])
        strength[entries] = rule.exact_strength(evidence.amount[entries], count)
    return strength


def contributions(index: ItemIndex, evidence: Evidence, rows: Rows) -> Doubles:
    """How much each entry adds to each candidate row [E, len(rows)]."""
    strength = strengths(index, evidence)
    codes, scale = index.key_codes(evidence)
    weighed = _weights(index, evidence) * scale
    mine, query = index.query_codes(rows)
    added = np.zeros((len(evidence), len(rows)))
    for place, source in enumerate(index.sources):
        columns = slice(source.start, source.stop)
        alike = _products(codes[:, columns], mine[:, columns])
        added += weighed[:, place, None] * query[None, :, place] * alike
    if evidence.said is not None:
        spoken, called = index.called_each(evidence, rows)
        added[spoken] += called
    added *= strength[:, None]
    same = evidence.key_row[:, None] == np.asarray(rows)[None, :]
    entry, column = np.nonzero(same)
    added[entry, column] += (strength * _identity(index, evidence))[entry]
    return added


def scores_of(index: ItemIndex, evidence: Evidence, rows: Rows, *, with_prior: bool = True) -> Doubles:
    """Score of some candidates [len(rows)], in any order. Rows that hold the same score the same, to the last bit."""
    strength = strengths(index, evidence)
    codes, scale = index.key_codes(evidence)
    weighed = _weights(index, evidence) * scale * strength[:, None]
    mine, query = index.query_codes(rows)
    scores = index.prior[rows].astype(np.float64) if with_prior else np.zeros(len(rows))
    for place, source in enumerate(index.sources):
        columns = slice(source.start, source.stop)
        folded = weighed[:, place] @ codes[:, columns].astype(np.float64)
        # Row by row in one order of additions; a product of matrices has another for its last rows.
        scores += query[:, place] * (mine[:, columns] * folded).sum(axis=1)
    entry, column = np.nonzero(evidence.key_row[:, None] == np.asarray(rows)[None, :])
    np.add.at(scores, column, (strength * _identity(index, evidence))[entry])
    if evidence.said is not None:
        spoken, called = index.called_each(evidence, rows)
        scores += strength[spoken] @ called
    return scores


def best_first(scores: Doubles, rows: Rows) -> Rows:
    """The places of ``scores`` [n], highest first; those that are alike but for rounding in order of their ``rows``."""
    return np.lexsort((rows, -np.floor(scores / GRAIN + 0.5)))


def rounding(index: ItemIndex, evidence: Evidence) -> float:
    """By how much a score in floats may be another than the same in doubles: a bound from the lengths of the vectors."""
    codes, scale = index.key_codes(evidence)
    longest = index.memo.get("longest")
    if longest is None:
        longest = index.memo["longest"] = _longest(index)
    each = np.abs(_weights(index, evidence) * scale) * _lengths(index, codes) * longest
    return float(ROUNDING * (1 + np.abs(strengths(index, evidence)) @ each.sum(axis=1)))


def _longest(index: ItemIndex) -> Doubles:
    """The length of the longest vector of each source among the candidates [S]."""
    longest = np.zeros(len(index.sources))
    for start in range(0, len(index), AT_ONCE):
        codes, scale = index.query_codes(np.arange(start, min(start + AT_ONCE, len(index))))
        longest = np.maximum(longest, (_lengths(index, codes) * np.abs(scale)).max(axis=0))
    return longest


def _lengths(index: ItemIndex, codes: NDArray[Any]) -> Doubles:
    """The lengths of vectors [n, dim] by source [n, S]."""
    return np.stack(
        [np.linalg.norm(codes[:, s.start : s.stop].astype(np.float64), axis=1) for s in index.sources], axis=1
    )


def _products(keys: NDArray[Any], queries: NDArray[Any]) -> Doubles:
    """Products of all rows [E, k]: whole numbers of int8, exact however they are added up."""
    if keys.dtype == queries.dtype == np.int8 and keys.shape[1] <= WHOLE:
        return np.asarray(keys.astype(np.float32) @ queries.astype(np.float32).T, dtype=np.float64)
    return np.asarray(keys.astype(np.float64) @ queries.astype(np.float64).T)


def _weights(index: ItemIndex, evidence: Evidence) -> Doubles:
    """[E, S] what each source counts for each entry."""
    return np.array([index.rules[channel].weights for channel in Channel])[evidence.channel]


def _identity(index: ItemIndex, evidence: Evidence) -> Doubles:
    return np.array([index.rules[channel].identity for channel in Channel])[evidence.channel]
