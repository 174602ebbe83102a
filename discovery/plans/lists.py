"""The lists by which words are understood: moods, numbers and phrases, English and German, each a table in ``data``.

Enters: the tables. Leaves: look-ups by `name_key`, read once a process. A change of a table or of the grammar is another
`VERSION`, which stands in every plan that is kept.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

from discovery.plans.plan import Language, Mood
from discovery.platform.names import name_key

VERSION = 2
LONGEST_PHRASE = 10  # words, adverbs between them included

_DATA = Path(__file__).parent / "data"
# German words and English plurals are found by what they begin with.
_ENDINGS = {
    Language.DE: (
        "eren",
        "erer",
        "eres",
        "ere",
        "erem",
        "e",
        "er",
        "en",
        "es",
        "em",
        "n",
        "s",
        "ste",
        "sten",
        "ster",
        "stes",
        "stem",
    ),
    Language.EN: ("s", "es", "er", "est", "ly", "ish", "ness"),
}


class MoodWord(NamedTuple):
    """A word for a mood: where it lies, and in English what it means."""

    mood: Mood
    means: str
    occasion: bool = False  # tells when and where it is heard; a feeling that is named counts before it


class Phrase(NamedTuple):
    """What a phrase is for, and its figure where it has one."""

    kind: str
    value: float
    language: Language


@cache
def phrases() -> Mapping[str, tuple[Phrase, ...]]:
    """By key: every reading of it."""
    read: dict[str, dict[Phrase, None]] = {}
    for row in _rows("phrases", "refusing", "speaking"):
        language = Language(row["language"].upper())
        phrase = Phrase(row["kind"], float(row["value"] or 0), language)
        for spelled in spellings(row["phrase"]):
            read.setdefault(" ".join(map(_word_key, spelled.split())), {})[phrase] = None
    return {key: tuple(each) for key, each in read.items()}


@cache
def _word_key(word: str) -> str:
    """The `name_key` of a word: phrases are made of some thousand words, many times each."""
    return name_key(word)


def spellings(phrase: str) -> Iterator[str]:
    """What a row of the table stands for: "every|each day" is two phrases, "please?" may be left out, "_" is a blank."""
    ways = [
        (*word.removesuffix("?").split("|"), *([""] if word.endswith("?") else [])) for word in phrase.split()
    ]
    for way in product(*ways):
        yield " ".join(word.replace("_", " ") for word in way if word)


@cache
def phrases_bare() -> Mapping[str, tuple[Phrase, ...]]:
    """By key without its adverbs, for phrases of several words: "nicht kenne" for "noch nicht kenne"."""
    read: dict[str, dict[Phrase, None]] = {}
    adverbs = phrases_of("adverb")
    for key, each in phrases().items():
        words = [word for word in key.split() if word not in adverbs]
        if len(words) > 1:
            read.setdefault(" ".join(words), {}).update(dict.fromkeys(each))
    return {key: tuple(each) for key, each in read.items()}


def known_phrases(keys: Sequence[str]) -> Iterator[tuple[tuple[int, ...], Phrase]]:
    """Every run of words that is a phrase, as it is or with adverbs between its words, with the places of the words."""
    adverbs, bare = phrases_of("adverb"), phrases_bare()
    for start, first in enumerate(keys):
        whole, short, words = "", "", 0
        for stop in range(start, min(start + LONGEST_PHRASE, len(keys))):
            key = keys[stop]
            whole = f"{whole} {key}" if whole else key
            places = tuple(range(start, stop + 1))
            said = phrases().get(whole, ())
            yield from ((places, phrase) for phrase in said)
            if first in adverbs or key in adverbs:
                continue
            short, words = (f"{short} {key}", words + 1) if short else (key, 1)
            if words > 1:
                yield from ((places, phrase) for phrase in bare.get(short, ()) if phrase not in said)


def phrases_of(kind: str) -> frozenset[str]:
    """The keys of one kind."""
    return _by_kind().get(kind, frozenset())


@cache
def _by_kind() -> Mapping[str, frozenset[str]]:
    read: dict[str, set[str]] = {}
    for key, each in phrases().items():
        for phrase in each:
            read.setdefault(phrase.kind, set()).add(key)
    return {kind: frozenset(keys) for kind, keys in read.items()}


@cache
def numbers() -> Mapping[str, float]:
    """Numbers in words, by key."""
    return {name_key(row["word"]): float(row["value"]) for row in _rows("numbers")}


@cache
def _moods() -> Mapping[str, tuple[MoodWord, Language]]:
    read: dict[str, tuple[MoodWord, Language]] = {}
    for table in ("moods", "occasions"):
        for row in _rows(table):
            mood = Mood(float(row["valence"]), float(row["energy"]))
            told = MoodWord(mood, row["means"] or "", table == "occasions"), Language(row["language"].upper())
            for word in row["word"].split("|"):
                read.setdefault(name_key(word), told)
    return read


@cache
def _spellings() -> Mapping[str, str]:
    return {name_key(row["written"]): name_key(row["name"]) for row in _rows("genres")}


def spelled(key: str) -> str:
    """A genre as it is mostly written, where it stands otherwise: "hiphop" as "hip hop"; else the same."""
    return _spellings().get(key, key)


@cache
def tails() -> tuple[str, ...]:
    """What a German compound about music ends with, the longest first: "Jazzmusik", "Technolieder"."""
    return tuple(sorted(phrases_of("tail"), key=len, reverse=True))


@cache
def feelings() -> frozenset[str]:
    """The words for a mood that name a feeling."""
    return frozenset(key for key, (told, _language) in _moods().items() if not told.occasion)


def is_occasion(word: str) -> bool:
    """Whether a word tells when or where music is heard, and no feeling."""
    told = mood_of(word)
    return told is not None and told.occasion


def mood_of(word: str) -> MoodWord | None:
    """What a word says of the mood, in whatever form it stands; None where it is in no list."""
    told = mood_in(word)
    return None if told is None else told[0]


@lru_cache(4096)
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
            stem = key[: -len(ending)]
            yield stem
            if language is Language.EN and stem.endswith("i"):
                yield f"{stem[:-1]}y"
            if language is Language.EN and stem[-1] == stem[-2]:  # "saddest"
                yield stem[:-1]


def language_of(keys: Iterable[str]) -> Language:
    """In which language more of the words are, of those that are of one alone."""
    said = dict.fromkeys(Language, 0)
    for key in keys:
        languages = {phrase.language for phrase in phrases().get(key, ())}
        if not languages and (mood := mood_in(key)) is not None:
            languages = {mood[1]}
        if len(languages) == 1:
            said[languages.pop()] += 1
    return Language.DE if said[Language.DE] > said[Language.EN] else Language.EN


def _rows(*names: str) -> Iterator[dict[str, str]]:
    for name in names:
        with (_DATA / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
            lines = (line for line in file if not line.startswith("#"))
            yield from csv.DictReader(lines, delimiter="\t")
