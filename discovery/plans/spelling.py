"""Slips of the keys: a word in no list that is one letter away from one, such as "minuets" or "fröhlcih", or without umlauts.

Enters: tokens that nothing is known by. Leaves: the same with the key of the word that was meant; what was typed stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from discovery.plans import lists
from discovery.plans.figures import number_in
from discovery.plans.tokens import Token

_SHORTEST = 5  # letters; shorter words are too near to one another
_FOLDED = (("ae", "a"), ("oe", "o"), ("ue", "u"))
# What a slip may be of: words that much hangs on.
_FIGURES = ("hour", "minute", "noun", "decade", "early", "late")
_WORDS = (
    *_FIGURES,
    "without",
    "unheard",
    "familiar",
    "daily",
    "weekly",
    "varied",
    "alike",
    "music",
    "before",
    "since",
    "after",
)


def mended(tokens: Sequence[Token], places: Sequence[int]) -> list[Token] | None:
    """The tokens with those at ``places`` as they were meant; None where nothing is to be mended."""
    told = {place: key for place in places if (key := _meant(tokens, place)) is not None}
    if not told:
        return None
    return [token._replace(key=told.get(place, token.key)) for place, token in enumerate(tokens)]


def _meant(tokens: Sequence[Token], place: int) -> str | None:
    token = tokens[place]
    if not token.key.isalpha() or number_in(token.key) is not None or token.key in _parts_of_phrases():
        return None
    folded = token.key
    for spelled, letter in _FOLDED:
        folded = folded.replace(spelled, letter)
    if folded != token.key and (folded in lists.phrases() or lists.mood_in(folded) is not None):
        return folded
    before = {phrase.kind for phrase in lists.phrases().get(tokens[place - 1].key, ())} if place else set()
    named = token.text[:1].isupper()
    if len(token.key) < _SHORTEST or (named and before & {"with", "by", "join", "without", "not"}):
        return None
    words = _index(figures_only=named)
    near = sorted(
        {word for part in _shortened(token.key) for word in words.get(part, ()) if _near(token.key, word)}
    )
    return near[0] if near else None


@cache
def _parts_of_phrases() -> frozenset[str]:
    """Words that stand in a phrase of several; they are spelled as they are meant."""
    return frozenset(word for key in lists.phrases() for word in key.split())


@cache
def _index(*, figures_only: bool) -> Mapping[str, tuple[str, ...]]:
    """By each word and each with a letter less: the words that it may be."""
    kinds = _FIGURES if figures_only else _WORDS
    words = {word for kind in kinds for word in lists.phrases_of(kind)} | set(lists.numbers())
    if not figures_only:
        words |= lists.feelings()
    read: dict[str, tuple[str, ...]] = {}
    for word in words:
        if word.isalpha() and len(word) >= _SHORTEST:
            for part in _shortened(word):
                read[part] = (*read.get(part, ()), word)
    return read


def _shortened(word: str) -> Iterator[str]:
    yield word
    for at in range(1, len(word)):
        yield word[:at] + word[at + 1 :]


def _near(one: str, other: str) -> bool:
    """Whether one letter is missing, too many, or another one, or two beside each other are swapped; never the first."""
    if one == other or one[0] != other[0] or abs(len(one) - len(other)) > 1:
        return False
    start = next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
        min(len(one), len(other)),
    )
    one, other = one[start:], other[start:]
    if len(one) == len(other):
        return one[1:] == other[1:] or (one[:2] == other[1::-1] and one[2:] == other[2:])
    return one[1:] == other or one == other[1:]
