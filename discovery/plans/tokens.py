"""Text as tokens: words with what is compared of them, and where somebody took a breath between two."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from discovery.plans import lists
from discovery.platform.names import name_key

LONGEST_NAME = 6  # tokens
_WORD = re.compile(r"\d+[.,:]\d+[^\s,;:!?\"“”„()\[\]]*|[^\s,;:!?\"“”„()\[\]]+")
_BREAKS = re.compile(r"[,;:!?\"“”„()\[\]]|[.…](?=\s|$)|\s[-–—/|•·](?=\s)|\n")
_PART = re.compile(r"[^\W\d_]{2,}(?:['’]s)?|(?:1[89]|20)?\d0(?:['’]?s|ern?|ies)")
_EDGES = ".…'’‘`*_~<>=@#"
_APOSTROPHE_YEAR = re.compile(r"['’‘`´](\d\d)(?!\d)(?=\W|$)")
_VULGAR = str.maketrans({"½": ".5", "¼": ".25", "¾": ".75"})


class Token(NamedTuple):
    """``text`` as typed and ``key`` as compared; ``breath``: a comma or the like stands between it and the one before."""

    text: str
    key: str
    breath: bool


def tokens_of(text: str, whole: Callable[[str], bool] = lambda _key: False) -> list[Token]:
    """The words of ``text``, without the signs around them; at hyphens apart, but for a word whose key is ``whole``."""
    read: list[Token] = []
    end = 0
    for found in _WORD.finditer(text):
        word = found[0].strip(_EDGES)
        if not word.strip("-–—&+/|•·"):
            if word.strip() in {"&", "+"}:
                read.append(Token(word, "and", breath=False))
                end = found.end()
            continue
        between = text[end : found.start() + len(found[0]) - len(found[0].lstrip(_EDGES))]
        breath = bool(read and _BREAKS.search(between + " ")) and not _abbreviated(read[-1], between, word)
        year = _APOSTROPHE_YEAR.search(found[0])
        for part in [word] if whole(name_key(word)) else _parts(word):
            key = _year(year[1]) if year and part == year[1] else _key(part)
            read.append(Token(part, key, breath=breath))
            breath = False
        end = found.start() + len(found[0].rstrip(_EDGES))
    return read


def _abbreviated(last: Token, between: str, word: str) -> bool:
    """Whether a full stop belongs to the word before it, as in "1 Std. 20"."""
    short = last.key in lists.phrases_of("abbreviation") and between.strip() == "."
    return short and not word[:1].isupper()


def _key(word: str) -> str:
    """What is compared of a word; "1½" is a number as "1.5" is."""
    fraction = word.translate(_VULGAR)
    if fraction == word:
        return name_key(word)
    return name_key(fraction if fraction[0].isdigit() else f"0{fraction}")


def _year(figures: str) -> str:
    """The year of "'77"."""
    return f"{'20' if int(figures) < 30 else '19'}{figures}"


def _parts(word: str) -> list[str]:
    """A word taken apart at hyphens and strokes, where every part is a word or a decade."""
    parts = re.split(r"[-–/+&]", word.removesuffix("-").removesuffix("–"))
    return parts if all(_PART.fullmatch(part) for part in parts) else [word]


def key_of(tokens: Sequence[Token]) -> str:
    """What is compared of several words in a row."""
    return " ".join(token.key for token in tokens)


def places_of(tokens: Sequence[Token], start: int, stop: int) -> tuple[int, ...]:
    """The tokens between two places of their joined keys, in which a key may hold blanks of its own."""
    places, begin = [], 0
    for place, token in enumerate(tokens):
        if begin < stop and begin + len(token.key) > start:
            places.append(place)
        begin += len(token.key) + 1
    return tuple(places)


def text_of(tokens: Sequence[Token]) -> str:
    return " ".join(token.text for token in tokens)


def name_keys(tokens: Sequence[Token]) -> set[str]:
    """Every run of words that may be a name, in each form in which it may stand."""
    runs = [
        tokens[start:stop]
        for start in range(len(tokens))
        for stop in range(start + 1, min(start + LONGEST_NAME, len(tokens)) + 1)
    ]
    # Tags are stored in lower case, their accents kept.
    return {form for run in runs for form in forms(key_of(run))} | {text_of(run).lower() for run in runs}


def forms(key: str) -> tuple[str, ...]:
    """A name as it may be meant: as it is, without a possessive, as words apart or joined, as one of many, or "Jazzmusik"."""
    told = [key]
    told += [key[: -len(ending)] for ending in ("'s", "s'", "'") if key.endswith(ending)]
    told += [key[:-1]] if key.endswith("s") and len(key) > 3 else []
    told += [key[: -len(tail)] for tail in lists.tails() if key.endswith(tail) and len(key) > len(tail) + 2]
    told += [
        other
        for form in tuple(told)
        for other in (form.replace("-", " "), form.replace(" ", "-"), lists.spelled(form))
        if other != form
    ]
    return tuple(dict.fromkeys(told))
