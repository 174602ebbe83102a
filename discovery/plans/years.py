"""Years and decades in words: "the late 80s", "vor 1980", "1995 bis 2001"; and the decades that tags tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from discovery.plans import lists
from discovery.plans.plan import Era
from discovery.plans.tokens import Token, key_of

_YEAR = r"(?:1[89]\d\d|20[0-4]\d)"
_FIGURES = re.compile(r"(1[89]|20)?(\d)0(?:'?s|er|ern|ies)")
_LATEST = 1930  # of two figures alone, from which decade on they are of the last century


class Span(NamedTuple):
    first: int
    last: int


def decade_of(key: str) -> Span | None:
    """The years of a decade in figures or words; None for what is none, and for "20s", which may be two."""
    for phrase in lists.phrases().get(key, ()):
        if phrase.kind == "decade":
            return Span(int(phrase.value), int(phrase.value) + 9)
    found = _FIGURES.fullmatch(key)
    if found is None:
        return None
    century, ten = found[1], int(found[2])
    if century is None:
        if ten == 2:
            return None
        century = "20" if ten < 2 else "19"
    first = int(century) * 100 + ten * 10
    return Span(first, first + 9)


@lru_cache(4096)
def span_of_tag(tag: str) -> Span | None:
    """The years that a tag tells, such as "90s", "1990s" or "1994"."""
    if re.fullmatch(_YEAR, tag):
        return Span(int(tag), int(tag))
    return decade_of(tag)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    def some(kind: str) -> str:
        return "|".join(re.escape(key) for key in sorted(lists.phrases_of(kind), key=len, reverse=True))

    words = "|".join(sorted(lists.phrases_of("decade"), key=len, reverse=True))
    decade = rf"(?:(?:1[89]|20)?\d0(?:'?s|er|ern|ies)|{words})(?:[ -]jahren?)?"
    the = r"(?:the |den |der |die |dem jahr |jahr )?"
    when = rf"{_YEAR}|{decade}"
    to = r"(?: ?[-–] ?| to (?:the )?| until | through | till | bis (?:in |zu )?(?:den |die )?)"
    joined = r" (?:and|or|und|oder|and from|und aus) (?:the |den |die |der )?"
    return tuple(
        (name, re.compile(rf"(?<!\S){pattern}(?!\S)"))
        for name, pattern in (
            ("range", rf"(?:from |von |between |zwischen |aus )?{the}(?P<a>{when}){to}{the}(?P<b>{when})"),
            ("range", rf"(?:between|zwischen) {the}(?P<a>{when}) (?:and|und) {the}(?P<b>{when})"),
            ("range", rf"(?P<a>{decade}){joined}(?P<b>{decade})"),
            ("until", rf"(?:until|up to|bis) {the}(?P<a>{when})"),
            ("before", rf"(?:{some('before')}) {the}(?P<a>{when})"),
            ("after", rf"(?:{some('after')}) {the}(?P<a>{when})"),
            ("since", rf"(?:since|seit|ab) {the}(?P<a>{when})"),
            ("since", rf"(?:from|von) {the}(?P<a>{when}) (?:on|onwards?|an)"),
            ("early", rf"{the}(?:{some('early')})[ -]{the}(?P<a>{decade})"),
            ("mid", rf"{the}(?:{some('mid')})[ -]{the}(?P<a>{decade})"),
            ("late", rf"{the}(?:{some('late')})[ -]{the}(?P<a>{decade})"),
            ("in", rf"(?:in |from |aus |of |im |von )?{the}(?P<a>{when})"),
        )
    )


def eras_in(tokens: Sequence[Token]) -> Iterator[tuple[tuple[int, ...], Era]]:
    """Every reading of some words as years, with the places of the words."""
    text = key_of(tokens)
    starts, begin = {}, 0
    for place, token in enumerate(tokens):
        starts[begin] = place
        begin += len(token.key) + 1
    for name, pattern in _patterns():
        for start, place in starts.items():
            found = pattern.match(text, start)
            if found is None:
                continue
            first = _span(found["a"])
            last = _span(found["b"]) if name == "range" else first
            if first is None or last is None:
                continue
            size = found[0].count(" ") + 1
            yield tuple(range(place, place + size)), _era(name, first, last)


def _span(said: str) -> Span | None:
    key = re.sub(r"[ -]jahren?$", "", said)
    return Span(int(key), int(key)) if re.fullmatch(_YEAR, key) else decade_of(key)


def _era(name: str, first: Span, last: Span) -> Era:  # noqa: PLR0911 one line a way
    match name:
        case "before":
            return Era(None, first.first - 1)
        case "until":
            return Era(None, first.last)
        case "after":
            return Era(first.last + 1, None)
        case "since":
            return Era(first.first, None)
        case "early":
            return Era(first.first, first.first + 3)
        case "mid":
            return Era(first.first + 4, first.first + 6)
        case "late":
            return Era(first.first + 7, first.last)
        case _:
            return Era(first.first, last.last)
