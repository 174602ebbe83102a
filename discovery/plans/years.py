"""Years and decades in words: "the late 80s", "vor 1980", "1995 bis 2001", "Mitte bis Ende der 90er"; and what tags tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from discovery.plans import lists
from discovery.plans.plan import Era
from discovery.plans.tokens import Token, key_of, places_of

_YEAR = r"(?:1[89]\d\d|20[0-4]\d)"
_FIGURES = re.compile(r"(1[89]|20)?(\d)0(?:'?s|-?er|-?ern|ies|z?iger|z?igern)")
_LATEST = 1930  # of two figures alone, from which decade on they are of the last century
_JAHRE = re.compile(r"[ -]?jahren?$")
# Which years of a decade a word before it leaves: the first and the last of them, counted from 0.
_PARTS = {"early": (0, 3), "mid": (4, 6), "late": (7, 9), "first half": (0, 4), "second half": (5, 9)}


class Span(NamedTuple):
    first: int
    last: int


# The moment between two centuries: what is before it ends with 1999, what is after it begins with 2000.
_MILLENNIUM = Span(2000, 1999)


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


def _some(kind: str) -> str:
    return "|".join(re.escape(key) for key in sorted(lists.phrases_of(kind), key=len, reverse=True))


@cache
def _part_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(rf"(?:{_some(name)})(?= |$)")) for name in _PARTS)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    words = _some("decade")
    decade = rf"(?:(?:1[89]|20)?\d0(?:'?s|-?er|-?ern|ies|z?iger|z?igern)|{words})(?:[ -]?jahren?)?"
    the = r"(?:(?:the|den|der|die|des|dem|years?|jahre?|jahren|jahres) ){0,2}"
    part = "|".join(_some(name) for name in _PARTS)
    parts = rf"(?:(?:{part})(?: ?(?:-|to|bis|and|und|or|oder) ?(?:{part}))?[ -])?"
    when = rf"(?:{_YEAR}|{parts}{the}(?:{decade}|(?:{_some('millennium')})))"
    joined = rf" (?:and|or|und|oder|plus|and from|und aus|and the|sowie) {the}"
    alone = r"(?! (?:the |den |der |dem )?\d)"  # "before 1990 or after 1999" are two
    rules = (
        (
            "range",
            rf"(?:(?:{_some('out of')}) )?{the}(?P<a>{when})(?: ?- ?{the}| (?:{_some('to')}) {the})(?P<b>{when})",
        ),
        ("short", rf"(?:(?:{_some('out of')}) )?{the}(?P<a>{_YEAR}) ?(?:-|/|to|bis) ?(?P<b>\d\d)"),
        ("range", rf"(?:between|zwischen) {the}(?P<a>{when}) (?:and|und) {the}(?P<b>{when})"),
        ("range", rf"(?P<a>{when}){joined}(?P<b>{when})"),
        ("until", rf"(?:{_some('until')}) {the}(?P<a>{when})"),
        ("until", rf"(?:(?:{_some('out of')}) )?{the}(?P<a>{when}) (?:{_some('or earlier')}){alone}"),
        ("before", rf"(?:{_some('before')})[ -]{the}(?P<a>{when})"),
        ("after", rf"(?:{_some('after')})[ -]{the}(?P<a>{when})"),
        ("since", rf"(?:{_some('since')}) {the}(?P<a>{when})(?: (?:{_some('or later')}){alone})?"),
        ("since", rf"(?:(?:{_some('out of')}) )?{the}(?P<a>{when})(?:\+| (?:{_some('or later')}){alone})"),
        (
            "since",
            rf"(?:(?:{_some('out of')}) )?{the}(?P<a>{when})(?: (?:{_some('to')}))? {the}(?:{_some('now')})",
        ),
        ("in", rf"(?:(?:{_some('out of')}) )?{the}(?P<a>{when})"),
    )
    return tuple((name, re.compile(rf"(?<!\S){pattern}(?!\S)")) for name, pattern in rules)


_MAY = re.compile(r"\d\d|jahr|mill|centur|decade")


def eras_in(tokens: Sequence[Token]) -> Iterator[tuple[tuple[int, ...], Era]]:
    """Every reading of some words as years, with the places of the words."""
    text = key_of(tokens)
    if not any(_MAY.search(token.key) or decade_of(token.key) for token in tokens):
        return
    starts, begin = [], 0
    for token in tokens:
        starts.append(begin)
        begin += len(token.key) + 1
    for name, pattern in _patterns():
        for start in starts:
            found = pattern.match(text, start)
            if found is None:
                continue
            first = _span(found["a"])
            last = first
            if name == "range":
                last = _span(found["b"])
            elif name == "short" and first is not None:
                last = Span(first.first, first.first // 100 * 100 + int(found["b"]))
            if first is None or last is None:
                continue
            era = _era(name, first, last)
            if era.first is None or era.last is None or era.first <= era.last:
                yield places_of(tokens, *found.span()), era


def _span(said: str) -> Span | None:
    """The years of "1994", "the late 80s" or "Mitte bis Ende der Neunziger"."""
    if re.fullmatch(_YEAR, said):
        return Span(int(said), int(said))
    parts: list[tuple[int, int]] = []
    rest = said
    while True:
        told = [
            (found.end(), _PARTS[name])
            for name, pattern in _part_patterns()
            if (found := pattern.match(rest))
        ]
        if not told:
            break
        end, part = max(told)
        parts.append(part)
        rest = re.sub(r"^(?: ?-? ?(?:to|bis|and|und|or|oder)(?= ))?[ -]?", "", rest[end:])
    rest = re.sub(r"^(?:(?:the|den|der|die|des|years?) )+", "", rest)
    if rest in lists.phrases_of("millennium"):
        return _MILLENNIUM
    decade = decade_of(rest) or decade_of(_JAHRE.sub("", rest))
    if decade is None or not parts:
        return decade
    return Span(decade.first + min(part[0] for part in parts), decade.first + max(part[1] for part in parts))


def _era(name: str, first: Span, last: Span) -> Era:
    match name:
        case "before":
            return Era(None, first.first - 1)
        case "until":
            return Era(None, first.last)
        case "after":
            return Era(first.last + 1, None)
        case "since":
            return Era(first.first, None)
        case _:
            return Era(first.first, last.last)


# --- several of them ------------------------------------------------------------------------


def era_not(era: Era) -> Era | None:
    """The other years; None where these are not in one piece."""
    if era.first is None and era.last is not None:
        return Era(era.last + 1, None)
    if era.last is None and era.first is not None:
        return Era(None, era.first - 1)
    return None


def era_joined(eras: Sequence[Era]) -> tuple[Era | None, bool]:
    """The years of all of these together, and whether there are others between them.

    What is open at one end narrows the rest, as in "after 1975 but before 1983"; years in one piece are added up, as in
    "the 60s and 70s", but where some lie within others, the narrower are meant.
    """
    if not eras:
        return None, False
    pieces = [era for era in eras if era.first is not None and era.last is not None]
    first, last, gap = _added(pieces)
    for era in eras:
        if era not in pieces:
            first = max((year for year in (first, era.first) if year is not None), default=None)
            last = min((year for year in (last, era.last) if year is not None), default=None)
    return Era(first, last), gap or (first is not None and last is not None and first > last)


def _added(pieces: Sequence[Era]) -> tuple[int | None, int | None, bool]:
    """First, last, and whether there is a gap."""
    spans = sorted({Span(era.first or 0, era.last or 0) for era in pieces})
    inner = [
        span
        for span in spans
        if not any(other != span and span.first <= other.first and other.last <= span.last for other in spans)
    ]
    if not inner:
        return None, None, False
    gap = any(after.first > before.last + 1 for before, after in pairwise(inner))
    return inner[0].first, max(span.last for span in inner), gap
