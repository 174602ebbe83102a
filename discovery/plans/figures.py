"""Numbers in words as figures: "forty-five", "fünfundvierzig", "two and a half", "ein halbes Dutzend".

Enters: tokens. Leaves: their keys with every number as digits, and which tokens each of them comes from; by that the
patterns for lengths and counts know one way to write a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from discovery.plans import lists
from discovery.plans.tokens import Token

_DIGITS = re.compile(r"\d+(?:[.,]\d+)?")
_FRACTION = re.compile(r"([1-9])/([2-9])")
_UNITED = re.compile(r"(?P<number>.+?)-?(?P<unit>(?:stund|minut)ig\w{0,2})")
_AND = {"and", "und"}
_HALVES = {"half": 0.5, "halb": 0.5, "halbe": 0.5, "quarter": 0.25, "viertel": 0.25, "dreiviertel": 0.75}
_ARTICLES = {"a", "one", "ein", "eine", "einer"}
_DOZEN = {"dozen", "dutzend"}
HUNDRED = 100


class Figured(NamedTuple):
    """``keys``, ``text`` with blanks between them; of each key its tokens (``places``), and where in the text it ``starts``."""

    keys: tuple[str, ...]
    text: str
    places: tuple[tuple[int, ...], ...]
    starts: tuple[int, ...]

    def covered(self, start: int, stop: int) -> tuple[int, ...]:
        """The tokens between two places of the text."""
        return tuple(
            place
            for number, begin in enumerate(self.starts)
            if begin < stop and self._ends(number) > start
            for place in self.places[number]
        )

    def _ends(self, number: int) -> int:
        return self.starts[number + 1] - 1 if number + 1 < len(self.starts) else len(self.text)


def figured(tokens: Sequence[Token]) -> Figured:
    """The keys of ``tokens`` with numbers as digits."""
    keys: list[str] = []
    places: list[tuple[int, ...]] = []
    at = 0
    while at < len(tokens):
        value, stop = _number_at(tokens, at)
        keys.append(_united(tokens[at].key) if value is None else f"{value:g}")
        places.append(tuple(range(at, stop)))
        at = stop
    starts, begin = [], 0
    for key in keys:
        starts.append(begin)
        begin += len(key) + 1
    return Figured(tuple(keys), " ".join(keys), tuple(places), tuple(starts))


def _number_at(tokens: Sequence[Token], at: int) -> tuple[float | None, int]:
    """The number that begins at a token, and where it ends; None where none does."""

    def key(place: int) -> str:
        return tokens[place].key if place < len(tokens) and not (place > at and tokens[place].breath) else ""

    half = _half_a_dozen(key, at)
    if half:
        return 6.0, half
    stop = at + 1
    value = number_in(key(at))
    if value is None and key(at) in _ARTICLES and (key(stop) in _DOZEN or number_in(key(stop)) == HUNDRED):
        value = 1.0
    if value is None:
        return None, stop
    if key(stop) in _DOZEN:
        return value * 12, stop + 1
    spoken = not key(at)[0].isdigit()
    if spoken and value < 10 and number_in(key(stop)) == HUNDRED and key(stop).isalpha():
        value, stop = value * HUNDRED, stop + 1
    if spoken and value % HUNDRED == 0 and value:
        rest = stop + (key(stop) in _AND)
        more = number_in(key(rest))
        if more is not None and more < HUNDRED and key(rest).replace("-", "").isalpha():
            value, stop = value + more, rest + 1
    more = number_in(key(stop))
    if spoken and value % HUNDRED >= 20 and value % 10 == 0 and more and more < 10 and key(stop).isalpha():
        value, stop = value + more, stop + 1
    return _and_a_part(key, value, stop)


def _half_a_dozen(key: Callable[[int], str], at: int) -> int:
    words = [key(at + ahead) for ahead in range(4)]
    for skipped in (0, 1):
        if words[skipped] in {"half", "halbes", "halben"}:
            rest = words[skipped + 1 :]
            rest = rest[1:] if rest[:1] in (["a"], ["of"]) else rest
            if rest[:1] and rest[0] in _DOZEN:
                return at + len(words) - len(rest) + 1
        if words[0] not in _ARTICLES:
            break
    return 0


def _and_a_part(key: Callable[[int], str], value: float, stop: int) -> tuple[float, int]:
    """The same with "and a half" behind it."""
    fraction = _FRACTION.fullmatch(key(stop))
    if fraction is not None:
        return value + int(fraction[1]) / int(fraction[2]), stop + 1
    if key(stop) in _AND and key(stop + 1) in _ARTICLES and key(stop + 2) in _HALVES:
        unit = key(stop + 3)
        if unit.startswith(("hour", "stunde", "std", "h", "dozen", "dutzend")):
            return value + _HALVES[key(stop + 2)], stop + 3
    return value, stop


@lru_cache(4096)
def number_in(word: str) -> float | None:
    """What number a word is, in digits, in English or in German."""
    if _DIGITS.fullmatch(word):
        return float(word.replace(",", "."))
    fraction = _FRACTION.fullmatch(word)
    if fraction is not None:
        return int(fraction[1]) / int(fraction[2])
    if word in lists.numbers():
        return lists.numbers()[word]
    tens, _hyphen, ones = word.partition("-")
    if lists.numbers().get(tens, 0) >= 20 and lists.numbers().get(ones, 10) < 10:
        return lists.numbers()[tens] + lists.numbers()[ones]
    return _german(word)


@cache
def _german_pattern() -> re.Pattern[str]:
    words = lists.numbers()
    unit = "|".join([*(word for word, value in words.items() if value in range(1, 10)), "ein"])
    ten = "|".join(word for word, value in words.items() if value in range(20, HUNDRED, 10))
    low = "|".join(word for word, value in words.items() if value in range(1, HUNDRED))
    return re.compile(
        rf"(?:(?P<hundreds>{unit})?(?P<hundred>hundert)(?:und)?)?"
        rf"(?:(?P<ones>{unit})und(?P<tens>{ten})|(?P<low>{low}|ein))??(?:(?:und)?(?P<part>einhalb|einviertel|dreiviertel))?"
    )


def _german(word: str) -> float | None:
    found = _german_pattern().fullmatch(word)
    if found is None or word in {"", "ein"}:
        return None
    words = {**lists.numbers(), "ein": 1.0, "einhalb": 0.5, "einviertel": 0.25, "dreiviertel": 0.75}
    hundreds = HUNDRED * words[found["hundreds"] or "ein"] if found["hundred"] else 0.0
    return hundreds + sum(words[found[name]] for name in ("ones", "tens", "low", "part") if found[name])


def _united(key: str) -> str:
    """A word such as "zweistündig" as a number and a unit."""
    found = _UNITED.fullmatch(key)
    if found is None:
        return key
    number = {"halb": 0.5, "viertel": 0.25, "ein": 1.0}.get(found["number"]) or number_in(found["number"])
    return key if number is None else f"{number:g} {found['unit']}"
