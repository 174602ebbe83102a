"""What the words of a request add to candidates beside their vectors' product: how these are called, and how they feel.

Takes `Spoken` and strengths, gives terms. Words stand behind all keys of an index: ``keys`` says how many those are.
"""

from __future__ import annotations

import numpy as np

from graph.arrays import Floats, Rows
from graph.serving.channels import Evidence, Spoken


def strengths(evidence: Evidence, strength: Floats, keys: int) -> Floats:
    """How strongly each word that the request brought counts [w]: its entries together."""
    words = evidence.key_row >= keys
    size = 0 if evidence.said is None else len(evidence.said)
    return np.bincount(evidence.key_row[words] - keys, strength[words], minlength=size).astype(np.float32)


def called(said: Spoken, strength: Floats, moods: Floats | None, rows: Rows | slice) -> Floats:
    """What words that count this strongly [w] add to candidates [len(rows)]; ``moods`` [n, 2] of all of them."""
    added = np.asarray(said.text.T @ strength, dtype=np.float32)[rows]
    if moods is not None:
        added += moods[rows] @ felt(said, strength)
    return added


def called_each(said: Spoken, moods: Floats | None, rows: Rows) -> Floats:
    """The same of each word, counting once [w, len(rows)]."""
    added = said.text[:, rows].toarray().astype(np.float32)
    return added if moods is None else np.asarray(added + said.axis @ moods[rows].T)


def felt(said: Spoken, strength: Floats) -> Floats:
    """How much valence and energy they ask for together [2]."""
    return np.asarray(strength @ said.axis, dtype=np.float32)


def named(said: Spoken) -> Rows:
    """Candidates that are called by any of them (ascending)."""
    return np.unique(said.text.indices).astype(np.int64)
