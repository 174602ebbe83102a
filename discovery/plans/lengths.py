"""Lengths and numbers of tracks: "1 hr 40", "eine gute Dreiviertelstunde", "an hour and a quarter", "a dozen songs"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from discovery.plans import lists
from discovery.plans.figures import Figured, figured, number_in
from discovery.plans.tokens import Token, key_of

HOUR, MINUTE = 3600, 60
_BETWEEN = 4  # words between a number and what it counts
_YEARS = range(1900, 2040)
_FEW = 60  # up to this many minutes are told behind an hour without their unit, as in "an hour fifteen"
_NUMBER = r"\d+(?:[.,]\d+)?"


class Amount(NamedTuple):
    """Which tokens tell it, and how much: seconds, or tracks."""

    places: tuple[int, ...]
    value: float
    counts: bool


def amounts(tokens: Sequence[Token]) -> list[Amount]:
    """Every length and every count that some words may tell."""
    said = figured(tokens)
    return [*_lengths(tokens, said), *_counts(tokens, said)]


def _some(kind: str) -> str:
    return "|".join(re.escape(word) for word in sorted(lists.phrases_of(kind), key=len, reverse=True))


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    hour, minute, second = _some("hour"), _some("minute"), _some("second")
    article = r"an?|the|eine[rnm]?|die|der|'?ne[rn]?|'?n|ein"
    size = rf"(?:(?:{_some('size')}) )*"
    part = (
        r"(?: (?:and |und )?(?:(?:a |eine )?(?P<half>half|halbe)|(?:a |eine? )?(?P<quarter>quarter|viertel(?:stunde)?)"
        r"|(?:eine )?(?P<three>3 quarters|0\.75|dreiviertel(?:stunde)?))(?! (?:hour|stunde)))?"
    )
    more = (
        rf"(?:(?:,? (?:and |und |plus )?)(?P<more>{_NUMBER})[ -]?(?:{minute})"
        rf"|(?P<attached>[0-5]\d)(?:m|min)?| (?:and |und )?(?P<bare>[0-5]?\d))?"
    )
    three = r"(?:3 quarters|3-quarters?|3 quarter|0\.75|dreiviertel)"
    return tuple(
        re.compile(rf"(?<!\S){pattern}(?!\S)")
        for pattern in (
            rf"(?P<clock>\d{{1,2}}):(?P<past>[0-5]\d) ?(?:{hour})",
            rf"(?:(?P<whole>{_NUMBER})[ -]?|(?P<one>{article}) ){size}(?:{hour}){part}{more}",
            rf"(?:(?:{article}) )?{size}(?P<half>half|halbe[nrs]?|0\.5)(?:[ -](?:of )?(?:an )?| ){size}(?:{hour})",
            rf"(?:(?:{article}) )?{size}(?P<quarter>quarter|viertel|0\.25)[ -]?(?:of )?(?:an )?(?:{hour})",
            rf"(?:(?:{article}) )?{size}(?P<three>{three})[ -]?(?:of )?(?:an )?(?:{hour})",
            (
                rf"(?:(?P<minutes>{_NUMBER})[ -]?(?:{minute})(?:(?: and| und)? (?P<extra>{_NUMBER})[ -]?(?:{second}))?"
                rf"|(?P<seconds>{_NUMBER})[ -]?(?:{second}))"
            ),
        )
    )


_UNITS = {
    "clock": HOUR, "past": MINUTE, "whole": HOUR, "more": MINUTE, "attached": MINUTE, "bare": MINUTE, "minutes": MINUTE,
    "extra": 1, "seconds": 1,
}  # fmt: skip
_PARTS = {"one": HOUR, "half": HOUR / 2, "quarter": HOUR / 4, "three": 3 * HOUR / 4}


def _lengths(tokens: Sequence[Token], said: Figured) -> Iterator[Amount]:
    for pattern in _patterns():
        for found in pattern.finditer(said.text):
            groups, stop = found.groupdict(), found.end()
            if groups.get("bare") and not _ends_there(tokens, said, found.start("bare"), found.end("bare")):
                groups["bare"], stop = None, found.start("bare") - 1
            seconds = sum(
                unit * float(groups[name].replace(",", "."))
                for name, unit in _UNITS.items()
                if groups.get(name)
            ) + sum(part for name, part in _PARTS.items() if groups.get(name))
            yield Amount(said.covered(found.start(), stop), seconds, counts=False)
    for places, phrase in lists.known_phrases([token.key for token in tokens]):
        if phrase.kind == "fixed":
            yield Amount(places, phrase.value, counts=False)


def _ends_there(tokens: Sequence[Token], said: Figured, start: int, stop: int) -> bool:
    """Whether a number behind an hour is its minutes: nothing that it might count follows, and no breath stands before."""
    places = said.covered(start, stop)
    if any(tokens[place].breath for place in places):
        return False
    behind = places[-1] + 1
    return (
        behind >= len(tokens)
        or tokens[behind].breath
        or (
            bool(
                {phrase.kind for phrase in lists.phrases().get(tokens[behind].key, ())}
                & {"filler", "with", "by", "adverb", "size"}
            )
            and not _counted(tokens, behind)
        )
    )


def _counted(tokens: Sequence[Token], start: int) -> int | None:
    """Where what a number counts stands, from ``start`` on."""
    units = lists.phrases_of("hour") | lists.phrases_of("minute") | lists.phrases_of("second")
    for place in range(start, min(start + _BETWEEN + 1, len(tokens))):
        key = tokens[place].key
        if key in units or number_in(key) is not None:
            return None
        if key in lists.phrases_of("noun") or key in lists.phrases_of("mood noun") or _compound(key):
            return place
    return None


def _compound(key: str) -> bool:
    """Whether it is one of many pieces of something: "Jazztitel"."""
    return any(key.endswith(tail) and key != tail for tail in lists.phrases_of("noun") & set(lists.tails()))


def _counts(tokens: Sequence[Token], said: Figured) -> Iterator[Amount]:
    for number, places in zip(said.keys, said.places, strict=True):
        if not number.isdecimal() or int(number) in _YEARS:
            continue
        last = places[-1]
        place = _counted(tokens, last + 1)
        if place is not None:
            noun = (place,) if tokens[place].key in lists.phrases_of("noun") else ()
            yield Amount((*places, *noun), float(number), counts=True)
        elif not _of_time(tokens, last + 1):
            yield from _alone(tokens, places, float(number))


def _of_time(tokens: Sequence[Token], behind: int) -> bool:
    units = lists.phrases_of("hour") | lists.phrases_of("minute") | lists.phrases_of("second")
    return behind < len(tokens) and tokens[behind].key in units


def _alone(tokens: Sequence[Token], places: tuple[int, ...], number: float) -> Iterator[Amount]:
    """A number that other words tell to be one of tracks: "count 12", "a list of 12", "12 of them", "two dozen"."""
    first, behind = places[0], places[-1] + 1
    for size in (2, 1):
        if first >= size and key_of(tokens[first - size : first]) in lists.phrases_of("counting"):
            yield Amount((*range(first - size, first), *places), number, counts=True)
    for size in (1, 2, 3):
        run = tokens[behind : behind + size]
        if len(run) == size and not run[0].breath and key_of(run) in lists.phrases_of("counted"):
            yield Amount((*places, *range(behind, behind + size)), number, counts=True)
    if tokens[places[-1]].key in lists.phrases_of("dozen"):
        yield Amount(places, number, counts=True)
