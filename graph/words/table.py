"""The table of word vectors: what a sentence model knew of words, as a few numbers each, read with numpy.

It comes with the project (`words.safetensors`), made by ``manage.py distill_words`` from all-MiniLM-L6-v2 (Apache-2.0) and the
lists by hand. Which table it is, is pinned: another file is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from graph.arrays import Codes, Floats
from graph.phrases import STOP_WORDS, phrases_of, words_of
from graph.words.lists import FILE

SHA256 = "d48d10c1ee47476470e90fa4d4647aad1682babfe640d027fa456e7c7996f29f"
_SURE = 1e-9


class TableDamaged(Exception):
    """The table is not the one that this version of the project was made with."""


@dataclass(frozen=True, eq=False)
class WordTable:
    """Words and phrases [V] with their vectors."""

    words: Mapping[str, int]  # row of each
    codes: Codes  # [V, d]
    scale: Floats  # [V] what a code of 1 stands for in this row
    weight: Floats  # [V] how much a word says in a phrase: common words say little
    sha256: str

    @property
    def dim(self) -> int:
        """Numbers of a vector."""
        return int(self.codes.shape[1])

    def knows(self, phrase: str) -> bool:
        """Whether the phrase, or any word of it, has a vector."""
        return any(part in self.words for part in self._parts(phrase))

    def vector(self, phrase: str) -> Floats:
        """The unit vector of a phrase [d], the mean of the longest phrases in it that are known; zeros where none is."""
        total = np.zeros(self.dim, dtype=np.float32)
        for part in self._parts(phrase):
            row = self.words.get(part)
            if row is not None:
                total += self.weight[row] * self._row(row)
        length = float(np.linalg.norm(total))
        return total / length if length > _SURE else total

    def vectors(self, phrases: list[str]) -> Floats:
        """The vectors of many [len(phrases), d]."""
        return np.stack([self.vector(phrase) for phrase in phrases]) if phrases else self._none

    def _parts(self, phrase: str) -> list[str]:
        words = words_of(phrase)
        whole = " ".join(words)
        if whole in self.words:
            return [whole]
        parts = [part for part in phrases_of(words, self.words) if part not in STOP_WORDS]
        return parts or list(words)

    def _row(self, row: int) -> Floats:
        return np.asarray(self.codes[row] * self.scale[row], dtype=np.float32)

    @cached_property
    def _none(self) -> Floats:
        return np.zeros((0, self.dim), dtype=np.float32)


@cache
def word_table() -> WordTable:
    """The one that comes with the project. Raises TableDamaged where the file is another."""
    return table_of(_pinned())


def _pinned() -> bytes:
    blob = files(__package__).joinpath(FILE).read_bytes()
    if (sha256 := hashlib.sha256(blob).hexdigest()) != SHA256:
        raise TableDamaged(f"{FILE} is {sha256}, and not {SHA256}")
    return blob


def table_of(blob: bytes) -> WordTable:
    """The table that these bytes are."""
    return table_of_arrays(load(blob), sha256=hashlib.sha256(blob).hexdigest())


def table_of_arrays(arrays: Mapping[str, NDArray[Any]], *, sha256: str) -> WordTable:
    """The table of these arrays, such as a model carries along."""
    words = arrays["words"].tobytes().decode().split("\n")
    return WordTable(
        words={word: row for row, word in enumerate(words)},
        codes=arrays["codes"],
        scale=arrays["scale"].astype(np.float32),
        weight=arrays["weight"].astype(np.float32),
        sha256=sha256,
    )


def table_arrays() -> dict[str, NDArray[Any]]:
    """The arrays of the table that comes with the project, for a model to carry along. Raises as `word_table`."""
    return dict(load(_pinned()))
