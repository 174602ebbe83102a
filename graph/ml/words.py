"""Fits what words mean for the items of one view: vectors for words, what items are called, and how they feel.

A view with names comes in; arrays of an artifact come out (`graph.words.sense` reads them). Only tags and plays that may be learned
from enter, and names that everybody may be shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

from graph.arrays import Doubles, Floats
from graph.ml.data import Called, View
from graph.phrases import STOP_WORDS, normal, words_of
from graph.serving.places import top_places
from graph.words.lists import feelings, genre_feelings
from graph.words.sense import likeness
from graph.words.table import word_table

LEAST_ITEMS = 3  # of a tag that teaches what words mean
RIDGE = 0.5  # how little one tag is trusted
MOST_TAGS = 2_000  # that teach: the most used
COMMON = 0.5  # how much of what all tags have in common a word keeps: mostly how popular an item is
LEAST_TAUGHT = 20  # tags below which nobody can tell how well words are understood
K = 20
SATURATED = 0.25  # people whose word counts half as much as that of very many
PART = 0.4  # what a word counts that is only part of a tag or of a name
GENRE_TRUST = 1.0  # what a kind of music says of a feeling, beside a word of mood
DIRECTIONS, MOOD_RIDGE, MOOD_PRIOR = 64, 10.0, 8.0
LEAST_FELT = 20  # items with a word of mood, below which nothing is learned of how others feel


def fit_words(view: View, queries: Floats) -> dict[str, NDArray[Any]]:
    """The arrays ``words_*`` and ``mood`` of a view, from its items' vectors as candidates [N, dim].

    Nothing where the view has no names.
    """
    if view.called is None:
        return {}
    names = [normal(name) for name in view.called.tags]
    return {
        **_vectors(view, names, queries),
        **_postings(view, names, view.called),
        "mood": moods(view.tags, names, queries).astype(np.float16),
    }


# --- vectors ------------------------------------------------------------------------------


def words_left_out(view: View, queries: Floats) -> Doubles:
    """NDCG@20 of asking for each tag that teaches [T], had it not taught: what its items are found by then is like words alone."""
    if view.called is None:
        return np.zeros(0)
    taught = _Taught(view, [normal(name) for name in view.called.tags], queries)
    if len(taught.rows) < LEAST_TAUGHT:
        return np.zeros(0)
    inverse = np.linalg.inv(taught.alike)
    added = inverse @ taught.apart
    guessed = taught.targets - added / np.diag(inverse)[:, None]
    values = np.zeros(len(taught.rows))
    for place, row in enumerate(taught.rows.tolist()):
        relevant = view.tags[row].indices
        best = top_places(np.asarray(queries @ guessed[place].astype(np.float32)), min(K, len(queries)))
        found = np.isin(best, relevant)
        discount = 1 / np.log2(np.arange(len(best)) + 2)
        values[place] = (found * discount).sum() / discount[: len(relevant)].sum()
    return values


class _Taught:
    """The tags that teach what words mean [T], and what each stands for."""

    def __init__(self, view: View, names: Sequence[str], queries: Floats) -> None:
        items = np.diff(view.tags.indptr)
        used = np.argsort(-items, kind="stable")[:MOST_TAGS]
        used = used[items[used] >= LEAST_ITEMS]
        words = word_table().vectors([names[row] for row in used.tolist()])
        known = words.any(axis=1)
        self.rows, self.words = used[known], words[known]
        weights = view.tags[self.rows].astype(np.float64)
        weights.data = np.log1p(weights.data)
        self.targets: Doubles = _units(np.asarray(weights @ _units(queries)))  # [T, dim]
        self.common: Doubles = self.targets.mean(axis=0) if len(self.rows) else np.zeros(queries.shape[1])
        self.apart = self.targets - self.common
        trust = np.diag(RIDGE / np.log1p(items[self.rows]))
        self.alike = likeness(self.words @ self.words.T).astype(np.float64) + trust  # [T, T]


def _vectors(view: View, names: Sequence[str], queries: Floats) -> dict[str, NDArray[Any]]:
    """A word's vector is regressed on those of the tags that are like it (kernel ridge regression): of each tag that teaches its
    place among words [T, d], and what it adds to a vector for items [T + 1, dim]; the last row is what all have in common.
    """
    taught = _Taught(view, names, queries)
    added = np.linalg.solve(taught.alike, taught.apart)
    return {
        "words_tags": np.round(taught.words * 127).astype(np.int8),
        "words_keys": np.concatenate([added, COMMON * taught.common[None]]).astype(np.float16),
    }


class _Hits:
    """Of each word or phrase, which items are called so and how much (0 to 1)."""

    def __init__(self) -> None:
        self.of: dict[str, dict[int, float]] = defaultdict(dict)

    def add(self, phrase: str, rows: Sequence[int], values: Sequence[float]) -> None:
        """Items that a phrase stands for, and the words of it in part."""
        self._hit(phrase, rows, values)
        words = _parts(phrase)
        for word in words:
            self._hit(word, rows, [PART * value / len(words) ** 0.5 for value in values])

    def in_part(self, text: str, row: int) -> None:
        """An item and the words of a text about it, of which there are many."""
        words = set(words_of(text)) - STOP_WORDS
        for word in words:
            self._hit(word, [row], [PART / len(words) ** 0.5])

    def _hit(self, term: str, rows: Sequence[int], values: Sequence[float]) -> None:
        for row, value in zip(rows, values, strict=True):
            if value > self.of[term].get(row, 0.0):
                self.of[term][row] = value


def _postings(view: View, names: Sequence[str], called: Called) -> dict[str, NDArray[Any]]:
    """What items are called, by tags and playlists' titles that may be learned from, and by names and texts that everybody may be shown.

    A tag counts by how many use it for the item, the first of them most; a name counts whole.
    """
    hits, tags = _Hits(), view.tags.tocsr()
    for row in np.flatnonzero(np.diff(tags.indptr)).tolist():
        part = slice(tags.indptr[row], tags.indptr[row + 1])
        often = tags.data[part]
        hits.add(names[row], tags.indices[part].tolist(), (often / (often + SATURATED)).tolist())
    for row in np.flatnonzero(view.open).tolist():
        for name in called.items(row):
            hits.add(normal(name), [row], [1.0])
        if len(called.texts):
            hits.in_part(called.texts[row], row)
    for row, word in enumerate(called.titles):
        part = slice(*called.titled.indptr[row : row + 2].tolist())
        owners = called.titled.data[part]
        hits.add(word, called.titled.indices[part].tolist(), (PART * owners / (owners + SATURATED)).tolist())
    hits.of.pop("", None)
    return _packed(hits.of)


def _parts(phrase: str) -> list[str]:
    """The words of a phrase that has several."""
    words = phrase.split()
    return [word for word in words if word not in STOP_WORDS] if len(words) > 1 else []


def _packed(hits: Mapping[str, Mapping[int, float]]) -> dict[str, NDArray[Any]]:
    terms = sorted(hits)
    sizes = [len(hits[term]) for term in terms]
    items = np.array([row for term in terms for row in sorted(hits[term])], dtype=np.int32)
    values = [hits[term][row] for term in terms for row in sorted(hits[term])]
    return {
        "words_terms": np.frombuffer("\n".join(terms).encode(), dtype=np.uint8),
        "words_starts": np.cumsum([0, *sizes]).astype(np.int64),
        "words_items": items,
        "words_hits": np.round(np.array(values, dtype=np.float32) * 255).astype(np.uint8),
    }


# --- how items feel -------------------------------------------------------------------------


def moods(tags: sp.csr_matrix, names: Sequence[str], vectors: Floats) -> Floats:
    """Valence and energy of each item [N, 2], each with mean zero and deviation one; zeros where nothing is known.

    What its own words of mood say, and what those of items say that the same people play and that are called alike.
    """
    felt, trust = _felt(names)
    said = tags.astype(np.float64).tocsr(copy=True)
    said.data = np.log1p(said.data)
    by_words = sp.diags(trust) @ said
    amount = np.asarray(by_words.sum(axis=0)).ravel()
    if (amount > 0).sum() < LEAST_FELT:
        return np.zeros((tags.shape[1], 2), dtype=np.float32)
    own = np.asarray(by_words.T @ felt) / np.maximum(amount, 1e-9)[:, None]
    mean = (own * amount[:, None]).sum(axis=0) / amount.sum()
    features = np.concatenate([_units(vectors), _tag_directions(said)], axis=1)
    weighted = features * np.sqrt(amount)[:, None]
    square = weighted.T @ features + MOOD_RIDGE * np.eye(features.shape[1])
    alike = features @ np.linalg.solve(square, weighted.T @ (own - mean)) + mean
    both = (own * amount[:, None] + MOOD_PRIOR * alike) / (amount + MOOD_PRIOR)[:, None]
    known = (amount > 0) | features.any(axis=1)
    centered = np.where(known[:, None], both - both[known].mean(axis=0), 0)
    return np.asarray(centered / np.maximum(both[known].std(axis=0), 1e-9), dtype=np.float32)


def _felt(names: Sequence[str]) -> tuple[Doubles, Doubles]:
    """How each tag feels by the lists [T, 2], and how much it is trusted [T]."""
    felt, trust = np.zeros((len(names), 2)), np.zeros(len(names))
    for row, name in enumerate(names):
        if name in feelings():
            felt[row], trust[row] = feelings()[name], 1.0
        elif name in genre_feelings():
            felt[row], trust[row] = genre_feelings()[name], GENRE_TRUST
    return felt, trust


def _tag_directions(said: sp.csr_matrix) -> Doubles:
    """What items are called [N, k], in few directions; unit rows."""
    often = np.diff(said.indptr)
    rare = np.where(often >= LEAST_ITEMS, np.maximum(often, 1) ** -0.25, 0)
    items = _sparse_units((sp.diags(rare) @ said).T.tocsr())
    size = min(DIRECTIONS, *items.shape)
    _left, _sizes, directions = randomized_svd(items, size, random_state=0, n_iter=2)
    return _units(items @ directions.T)


def _sparse_units(matrix: sp.csr_matrix) -> sp.csr_matrix:
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return (sp.diags(1 / np.maximum(length, 1e-9)) @ matrix).tocsr()


def _units(vectors: Floats | Doubles) -> Doubles:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9), dtype=np.float64)
