"""Words of a text as they are compared: folded as names are, without punctuation; and the longest phrases that are known."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from discovery.platform.names import name_key

LONGEST = 4  # words of a phrase
# Words that say nothing by themselves.
STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "i",
        "in",
        "is",
        "it",
        "me",
        "my",
        "of",
        "on",
        "or",
        "some",
        "songs",
        "song",
        "music",
        "tracks",
        "track",
        "playlist",
        "that",
        "the",
        "this",
        "to",
        "with",
        "you",
        "your",
        "something",
        "play",
        "der",
        "die",
        "das",
        "ein",
        "eine",
        "einen",
        "und",
        "mit",
        "von",
        "zu",
        "fur",
        "für",
        "musik",
        "lieder",
    ]
)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def words_of(text: str) -> tuple[str, ...]:
    """The words of ``text``, in order."""
    return tuple(_WORD.findall(" ".join(map(name_key, text.split()))))


def normal(text: str) -> str:
    """``text`` as a key of lists: its words, parted by single spaces."""
    return " ".join(words_of(text))


def phrases_of(words: Sequence[str], known: Collection[str]) -> Iterator[str]:
    """From left to right the longest ``known`` phrases; a word that begins none is a phrase of its own."""
    place = 0
    while place < len(words):
        for length in range(min(LONGEST, len(words) - place), 1, -1):
            phrase = " ".join(words[place : place + length])
            if phrase in known:
                break
        else:
            length, phrase = 1, words[place]
        yield phrase
        place += length
