"""The lists by hand: which words of music are near to which, how words feel, and what German words mean."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from graph.phrases import normal

FILE = "words.safetensors"


@dataclass(frozen=True)
class Near:
    """What one word is close to."""

    same: tuple[str, ...]  # other words for it
    near: tuple[str, ...]  # nearest first


class Feeling(NamedTuple):
    """Where a word stands: sad (-1) to happy (1), and calm (-1) to energetic (1)."""

    valence: float
    energy: float


@cache
def vocabulary() -> str:
    """Which table and lists these are: a digest of both, which a model is trained with and says."""
    parts = (files(__package__).joinpath(name).read_bytes() for name in (FILE, "related.txt", "moods.txt"))
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


@cache
def related() -> dict[str, Near]:
    """By word."""
    lines = {}
    for line in _lines("related.txt"):
        same, _colon, near = line.partition(":")
        words = [normal(word) for word in same.split(" = ")]
        for word in words:
            others = tuple(dict.fromkeys(other for other in words if other != word))
            lines[word] = Near(others, tuple(normal(other) for other in near.split(",")))
    return lines


@cache
def feelings() -> dict[str, Feeling]:
    """Of words of mood, and of what means the same."""
    return _felt(genres=False)


@cache
def genre_feelings() -> dict[str, Feeling]:
    """Of kinds of music."""
    return {word: felt for word, felt in _felt(genres=True).items() if word not in feelings()}


def _felt(*, genres: bool) -> dict[str, Feeling]:
    felt: dict[str, Feeling] = {}
    for line in _lines("moods.txt"):
        numbers, _colon, words = line.partition(":")
        if numbers.startswith("genre") is genres:
            feeling = Feeling(*map(float, numbers.removeprefix("genre").split()))
            felt.update((normal(word), feeling) for word in words.split(","))
    for word, feeling in list(felt.items()):
        for other in related().get(word, Near((), ())).same:
            felt.setdefault(other, feeling)
    return felt


def _lines(name: str) -> Iterator[str]:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))
