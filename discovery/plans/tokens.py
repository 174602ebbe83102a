"""Text as tokens: words with what is compared of them, and where somebody took a breath between two."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from discovery.platform.names import name_key

LONGEST_NAME = 6  # tokens
_WORD = re.compile(r"\d+[.,:]\d+[^\s,;:!?\"“”„()\[\]]*|[^\s,;:!?\"“”„()\[\]]+")
_BREAKS = re.compile(r"[,;:!?\"“”„()\[\]]|[.…](?=\s|$)|\s[-–—](?=\s)")
_PART = re.compile(r"[^\W\d_]{2,}|(?:1[89]|20)?\d0(?:['’]?s|ern?)")
_EDGES = ".…'’‘`*_"


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
        if not word.strip("-–—&+/"):
            if word.strip() in {"&", "+"}:
                read.append(Token(word, "and", breath=False))
                end = found.end()
            continue
        between = text[end : found.start() + len(found[0]) - len(found[0].lstrip(_EDGES))]
        breath = bool(read and _BREAKS.search(between + " "))
        for part in [word] if whole(name_key(word)) else _parts(word):
            read.append(Token(part, name_key(part), breath=breath))
            breath = False
        end = found.start() + len(found[0].rstrip(_EDGES))
    return read


def _parts(word: str) -> list[str]:
    """A word taken apart at its hyphens, where every part is a word or a decade."""
    parts = re.split(r"[-–]", word)
    return parts if all(_PART.fullmatch(part) for part in parts) else [word]


def key_of(tokens: Sequence[Token]) -> str:
    """What is compared of several words in a row."""
    return " ".join(token.key for token in tokens)


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
    """A name as it may be meant: as it is, without a possessive, as words apart or joined, or as one of many."""
    told = [key]
    told += [key[: -len(ending)] for ending in ("'s", "s'", "'") if key.endswith(ending)]
    told += [key[:-1]] if key.endswith("s") and len(key) > 3 else []
    told += [other for other in (key.replace("-", " "), key.replace(" ", "-")) if other != key]
    return tuple(dict.fromkeys(told))
