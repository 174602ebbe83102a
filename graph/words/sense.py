"""What the words of a request mean for the items of one view of a model: a vector, what is called so, and how it feels.

Phrases come in, `Spoken` goes to the index. A word that the model knows nothing of is told, and not guessed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from weakref import proxy

import numpy as np
import scipy.sparse as sp

from graph.arrays import Doubles, Floats, Rows
from graph.phrases import normal
from graph.serving.channels import Spoken
from graph.serving.index import ItemIndex
from graph.words.lists import Feeling, feelings
from graph.words.table import WordTable, table_of_arrays, word_table

SHARPNESS = 2.0  # of the kernel between words
TEXT_GAIN = (
    9.0  # what being called so adds, beside a word's vector, whose terms have deviation one over all items
)
FEELING_GAIN = 0.5  # what feeling so adds
PLAIN = (
    0.35  # how alike a word is to the nearest one that taught, below which its vector counts for nothing …
)
SURE = 0.75  # … and from which on it counts in full


class Phrase(NamedTuple):
    """A word or words of a request; ``feeling`` where it asks for one that is not its own."""

    text: str
    feeling: Feeling | None = None


@dataclass(frozen=True)
class Known:
    """What is known of one phrase."""

    by_vector: float  # 0 to 1: how far its vector is to be trusted
    items_called: int  # items that are called so
    feeling: Feeling | None


def likeness(cosines: Floats) -> Floats:
    """The kernel that words are learned and asked by, from cosines: 1 for the same word."""
    return np.asarray(np.exp(SHARPNESS * (cosines - 1)), dtype=np.float32)


def sense_of(index: ItemIndex) -> Sense:
    """The words of this model, made once."""
    sense: Sense | None = index.memo.get("sense")
    if sense is None:
        sense = index.memo["sense"] = Sense(index)
    return sense


def _carried(index: ItemIndex) -> WordTable | None:
    """The table that the model was trained with: by another one its tags would lie elsewhere."""
    return table_of_arrays(index.table, sha256="") if index.table else None


def _feeling(phrase: Phrase) -> Feeling | None:
    """What is asked for, or the word's own."""
    return phrase.feeling or feelings().get(normal(phrase.text))


class _Either(Collection[str]):
    """What is in one of two."""

    def __init__(self, one: Collection[str], other: Collection[str]) -> None:
        self._one, self._other = one, other

    def __contains__(self, word: object) -> bool:
        return word in self._one or word in self._other

    def __iter__(self) -> Iterator[str]:
        return iter({*self._one, *self._other})

    def __len__(self) -> int:
        return len({*self._one, *self._other})


class Sense:
    """The words of one view."""

    def __init__(self, index: ItemIndex, table: WordTable | None = None) -> None:
        self._index = proxy(index)  # it keeps this: a model that is served no more goes at once
        self._table = table or _carried(index) or word_table()
        tags = index.words["tags"] if index.words else np.zeros((0, self._table.dim))
        self._tags = np.asarray(tags / 127, dtype=np.float32)  # [T, d] the tags that taught, as words

    def known(self, phrase: Phrase) -> Known:
        """Whether the phrase says anything here, and by what."""
        called, _hits = self._called(phrase.text)
        _key, trust = self._key(phrase.text)
        return Known(trust, len(called), _feeling(phrase))

    def spoken(self, phrases: Sequence[Phrase]) -> Spoken:
        """What these phrases mean [w]."""
        keys = np.zeros((len(phrases), self._index.dim), dtype=np.float32)
        axis = np.zeros((len(phrases), 2), dtype=np.float32)
        found = []
        for place, phrase in enumerate(phrases):
            keys[place], _trust = self._key(phrase.text)
            if (feeling := _feeling(phrase)) is not None:
                axis[place] = np.array(feeling, np.float32) * FEELING_GAIN
            found.append(self._called(phrase.text))
        starts = np.cumsum([0, *(len(rows) for rows, _hits in found)])
        rows = np.concatenate([np.zeros(0, np.int64), *(rows for rows, _hits in found)])
        hits = np.concatenate([np.zeros(0, np.float32), *(hits for _rows, hits in found)]) * np.float32(
            TEXT_GAIN
        )
        return Spoken(
            keys=keys,
            axis=axis,
            text=sp.csr_matrix((hits, rows, starts), shape=(len(phrases), len(self._index))),
        )

    def _called(self, text: str) -> tuple[Rows, Floats]:
        """Which candidates are called so (ascending), and how much (0 to 1)."""
        term = self._terms.get(normal(text))
        if term is None:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        arrays = self._index.words
        part = slice(*arrays["starts"][term : term + 2].tolist())
        hits = np.asarray(arrays["hits"][part] / np.float32(255), dtype=np.float32)
        return arrays["items"][part].astype(np.int64), hits

    def _key(self, text: str) -> tuple[Floats, float]:
        """A word's vector [dim], whose terms have deviation one over all items where it is trusted in full; and how far it is."""
        nothing = np.zeros(self._index.dim, dtype=np.float32)
        if not len(self._tags):
            return nothing, 0.0
        vector = self._table.vector(text)
        alike = self._tags @ vector
        trust = float(np.clip((alike.max() - PLAIN) / (SURE - PLAIN), 0, 1)) if vector.any() else 0.0
        if not trust:
            return nothing, 0.0
        near = np.append(likeness(alike), np.float32(1))
        key = near @ self._keys
        spread = max(float(key @ self._spread @ key), 0.0) ** 0.5
        return (np.asarray(key * (trust / spread), np.float32), trust) if spread else (nothing, 0.0)

    @cached_property
    def phrases(self) -> Collection[str]:
        """Every word and phrase that means something here, or may."""
        return _Either(self._terms, self._table.words)

    @cached_property
    def _keys(self) -> Floats:
        keys: Floats = self._index.words["keys"].astype(np.float32)
        return keys

    @cached_property
    def _spread(self) -> Doubles:
        spread: Doubles = self._index.spread_of_scores / max(len(self._index), 1)
        return spread

    @cached_property
    def _terms(self) -> dict[str, int]:
        arrays = self._index.words
        terms = arrays["terms"].tobytes().decode().split("\n") if arrays else []
        return {term: row for row, term in enumerate(terms)}
