"""The lists by which words are understood: moods, numbers and phrases, English and German, each a table in ``data``.

Enters: the tables. Leaves: look-ups by `name_key`, read once a process. A change of a table or of the grammar is another
`VERSION`, which stands in every plan that is kept.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from discovery.plans.plan import Language, Mood
from discovery.platform.names import name_key

VERSION = 1

_DATA = Path(__file__).parent / "data"
# German words and English plurals are found by what they begin with.
_ENDINGS = {
    Language.DE: ("eren", "erer", "eres", "e", "er", "en", "es", "em", "n", "s", "ste", "sten"),
    Language.EN: ("s", "es", "er", "ly"),
}


class MoodWord(NamedTuple):
    """A word for a mood: where it lies, and in English what it means."""

    mood: Mood
    means: str


class Phrase(NamedTuple):
    """What a phrase is for, and its figure where it has one."""

    kind: str
    value: float
    language: Language


@cache
def phrases() -> Mapping[str, tuple[Phrase, ...]]:
    """By key: every reading of it."""
    read: dict[str, tuple[Phrase, ...]] = {}
    for row in _rows("phrases"):
        key, language = name_key(row["phrase"]), Language(row["language"].upper())
        read[key] = (*read.get(key, ()), Phrase(row["kind"], float(row["value"] or 0), language))
    return read


@cache
def phrases_of(kind: str) -> frozenset[str]:
    """The keys of one kind."""
    return frozenset(key for key, read in phrases().items() if any(phrase.kind == kind for phrase in read))


@cache
def numbers() -> Mapping[str, float]:
    """Numbers in words, by key."""
    return {name_key(row["word"]): float(row["value"]) for row in _rows("numbers")}


@cache
def _moods() -> Mapping[str, tuple[MoodWord, Language]]:
    read: dict[str, tuple[MoodWord, Language]] = {}
    for row in _rows("moods"):
        mood = MoodWord(Mood(float(row["valence"]), float(row["energy"])), row["means"])
        read.setdefault(name_key(row["word"]), (mood, Language(row["language"].upper())))
    return read


def mood_of(word: str) -> MoodWord | None:
    """What a word says of the mood, in whatever form it stands; None where it is in no list."""
    told = mood_in(word)
    return None if told is None else told[0]


def mood_in(word: str) -> tuple[MoodWord, Language] | None:
    """The same with the language of the word."""
    key = name_key(word)
    if (told := _moods().get(key)) is not None:
        return told
    for language in Language:
        for stem in stems(key, language):
            if (told := _moods().get(stem)) is not None and told[1] is language:
                return told
    return None


def stems(key: str, language: Language) -> Iterator[str]:
    """What a word may be a form of."""
    for ending in _ENDINGS[language]:
        if key.endswith(ending) and len(key) - len(ending) >= 3:
            yield key[: -len(ending)]


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_DATA / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        yield from csv.DictReader(lines, delimiter="\t")
