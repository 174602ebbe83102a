"""Whether something is to be new to who asks: "songs I've never come across", "was ich noch nicht kenne", "nichts Bekanntes".

Enters: tokens. Leaves: readings of two kinds. ``unheard``: what is not known; ``familiar``: what is, so that a word that
refuses it ("nothing I know") asks for the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import takewhile
from typing import NamedTuple

from discovery.plans import lists
from discovery.plans.tokens import Token

_REACH = 6  # words between who knows and the verb


class Knowing(NamedTuple):
    places: tuple[int, ...]
    known: bool


@cache
def _kind(kind: str) -> frozenset[str]:
    return lists.phrases_of(kind)


def knowings(tokens: Sequence[Token]) -> Iterator[Knowing]:
    """Every place where it is told what the viewer knows or does not know."""
    for place, token in enumerate(tokens):
        if token.key in _kind("knows"):
            told = _told(tokens, place)
            if told is not None:
                yield told
        if token.key in _kind("novel") and _new_to_me(tokens, place):
            yield Knowing((place, place + 1), known=False)


def _new_to_me(tokens: Sequence[Token], place: int) -> bool:
    """Whether it is new to who asks, perhaps among others: "new to Ben and me"."""
    behind = tokens[place + 1 : place + 1 + _REACH]
    said = list(takewhile(lambda token: not token.breath, behind))
    return (
        bool(said)
        and said[0].key in _kind("novel to")
        and any(token.key in {"me", "us", "i", "mich", "uns", "mir"} for token in said[1:])
    )


def _told(tokens: Sequence[Token], verb: int) -> Knowing | None:
    begin, end = _clause(tokens, verb)
    people = [place for place in range(begin, end) if tokens[place].key in _kind("person")]
    if not people:
        return None
    person = min(people, key=lambda place: (place > verb, abs(place - verb)))
    first, last = min(person, verb), max(person, verb)
    denied = [place for place in range(begin, end) if _denies(tokens, place)]
    # "nothing that I know": what is before who knows is not part of it.
    denied = [place for place in denied if place > first or tokens[place].key not in _kind("without")]
    if denied and not min(person, verb):  # "I don't know, …"
        return None
    if denied:
        first, last = min(first, *denied), max(last, *denied)
    return Knowing(tuple(range(_with_pronoun(tokens, first), last + 1)), known=not denied)


def _clause(tokens: Sequence[Token], verb: int) -> tuple[int, int]:
    """The words around a verb that belong to it: up to a breath, or a word that begins a clause of its own."""
    begin = verb
    while begin > max(0, verb - _REACH) and not tokens[begin].breath:
        if tokens[begin].key in _kind("relative") and begin < verb:
            break
        begin -= 1
    end = verb + 1
    while end < min(len(tokens), verb + _REACH) and not tokens[end].breath:
        if tokens[end].key in _kind("ends clause"):
            break
        end += 1
    return begin, end


def _denies(tokens: Sequence[Token], place: int) -> bool:
    return tokens[place].key in _kind("denies")


def _with_pronoun(tokens: Sequence[Token], first: int) -> int:
    """From the "that" or "was" on, where one stands before it."""
    if first and tokens[first - 1].key in _kind("relative"):
        return first - 1
    return first


def of_old(tokens: Sequence[Token], places: Sequence[int]) -> bool:
    """Whether what was not heard was so for a time only: "haven't heard in years"."""
    keys = [token.key for token in tokens[max(0, places[0] - 2) : places[-1] + 5]]
    return any(phrase.kind == "of old" for _places, phrase in lists.known_phrases(keys))
