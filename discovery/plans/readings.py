"""What each run of words may mean: lengths, counts, years, phrases, moods and names, and which of these readings stand.

Enters: tokens, and which names the viewer may mean. Leaves: readings that do not overlap: the longest first, of equally
long ones the plainest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, Protocol

from discovery.plans import lists
from discovery.plans.plan import Arc, Era, Language, Mood
from discovery.plans.tokens import LONGEST_NAME, Token, forms, key_of
from discovery.plans.years import decade_of, eras_in

LONGEST_PHRASE = 9  # tokens
HOUR, MINUTE = 3600, 60
_BETWEEN = 3  # words between a number and what it counts
_YEARS = range(1900, 2040)


class Known(Protocol):
    """Which keys are names that the viewer may mean, and what words the recommender makes anything of."""

    @property
    def artists(self) -> Collection[str]: ...
    @property
    def tags(self) -> Collection[str]: ...
    @property
    def friends(self) -> Collection[str]: ...
    @property
    def says(self) -> Callable[[str], bool]: ...


class Reading(NamedTuple):
    """What some ``places`` of the text mean. ``kind``: "length", "count", "era", "mood", "artist", "tag", "friend", or a phrase's."""

    places: tuple[int, ...]
    kind: str
    value: Any = None
    rank: int = 0
    language: Language | None = None


# Of readings of one length: figures and whole phrases first, fillers last.
_RANKS: Mapping[str, int] = {
    **dict.fromkeys(("rising", "falling", "unheard", "daily", "weekly", "varied", "alike", "length", "arc"), 0),
    **dict.fromkeys(("count", "era"), 1),
    **dict.fromkeys(("without", "with", "by", "very", "somewhat", "too", "join", "noun"), 6),
    "mood": 2, "tag": 3, "artist": 4, "friend": 5, "filler": 8,
}  # fmt: skip
_MEANT = -1  # what stands where just such a name is expected


def readings(tokens: Sequence[Token], known: Known) -> list[Reading]:
    """The readings that stand, in the order of the text."""
    candidates = [
        *_lengths(tokens),
        *_counts(tokens),
        *(Reading(places, "era", era, _RANKS["era"]) for places, era in eras_in(tokens)),
        *_phrases(tokens),
        *_moods(tokens),
        *_arcs(tokens),
        *_names(tokens, known),
    ]
    candidates.sort(key=lambda reading: (-len(reading.places), reading.rank, reading.places))
    taken: set[int] = set()
    standing = []
    for reading in candidates:
        if taken.isdisjoint(reading.places):
            taken.update(reading.places)
            standing.append(reading)
    standing += [Reading((place,), "unknown") for place in range(len(tokens)) if place not in taken]
    return sorted(standing, key=lambda reading: reading.places)


# --- figures --------------------------------------------------------------------------------


def _alternatives(words: Collection[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


@cache
def _length_patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    number = rf"\d+(?:[.,]\d+)?|{_alternatives(lists.numbers())}"
    hour, minute, second = (_alternatives(lists.phrases_of(kind)) for kind in ("hour", "minute", "second"))
    more = rf"(?:(?: and| und)? (?P<more>{number})[ -]?(?:{minute})|(?P<attached>[0-5]\d)(?:m|min)?)?"
    return (
        re.compile(rf"(?<!\S)(?P<clock>\d{{1,2}}):(?P<past>[0-5]\d) ?(?:{hour})(?!\S)"),
        re.compile(rf"(?<!\S)(?P<whole>{number}|an?|eine[rn]?)[ -]?(?:{hour}){more}(?!\S)"),
        re.compile(
            rf"(?<!\S)(?:(?P<minutes>{number})[ -]?(?:{minute})|(?P<seconds>{number})[ -]?(?:{second}))(?!\S)"
        ),
    )


def _lengths(tokens: Sequence[Token]) -> Iterator[Reading]:
    text = key_of(tokens)
    for pattern in _length_patterns():
        for found in pattern.finditer(text):
            yield Reading(_places(tokens, *found.span()), "length", _seconds(found.groupdict()))
    for places, phrase in _known_phrases(tokens):
        if phrase.kind == "fixed":
            yield Reading(places, "length", phrase.value, language=phrase.language)


def _seconds(said: Mapping[str, str | None]) -> float:
    units = {
        "clock": HOUR,
        "past": MINUTE,
        "whole": HOUR,
        "more": MINUTE,
        "attached": MINUTE,
        "minutes": MINUTE,
        "seconds": 1,
    }
    return sum(unit * number_of(said[name] or "0") for name, unit in units.items() if said.get(name))


def number_of(word: str) -> float:
    """A number in figures or words; one for an article."""
    if word[0].isdigit():
        return float(word.replace(",", "."))
    return lists.numbers().get(word, 1.0)


def _counts(tokens: Sequence[Token]) -> Iterator[Reading]:
    units = lists.phrases_of("hour") | lists.phrases_of("minute") | lists.phrases_of("second")
    nouns = lists.phrases_of("noun")
    for start in range(len(tokens)):
        for size in (3, 2, 1):
            key = key_of(tokens[start : start + size])
            number = float(key) if size == 1 and key.isdecimal() else lists.numbers().get(key)
            if number is not None and start + size <= len(tokens):
                break
        else:
            continue
        stop = start + size
        if start and tokens[start - 1].key == "top":
            yield Reading((start - 1, *range(start, stop)), "count", number, _RANKS["count"])
        if int(number) in _YEARS or number != int(number):
            continue
        for place in range(stop, min(stop + _BETWEEN + 1, len(tokens))):
            if tokens[place].key in units or tokens[place].key.isdecimal():
                break
            if tokens[place].key in nouns:
                yield Reading((*range(start, stop), place), "count", number, _RANKS["count"])
                break


def _places(tokens: Sequence[Token], start: int, stop: int) -> tuple[int, ...]:
    """The tokens between two places of their joined keys."""
    places, begin = [], 0
    for place, token in enumerate(tokens):
        if begin < stop and begin + len(token.key) > start:
            places.append(place)
        begin += len(token.key) + 1
    return tuple(places)


# --- words ----------------------------------------------------------------------------------


def _known_phrases(tokens: Sequence[Token]) -> Iterator[tuple[tuple[int, ...], lists.Phrase]]:
    known = lists.phrases()
    for start in range(len(tokens)):
        for stop in range(start + 1, min(start + LONGEST_PHRASE, len(tokens)) + 1):
            for phrase in known.get(key_of(tokens[start:stop]), ()):
                yield tuple(range(start, stop)), phrase


def _phrases(tokens: Sequence[Token]) -> Iterator[Reading]:
    for places, phrase in _known_phrases(tokens):
        if phrase.kind in _RANKS:
            yield Reading(places, phrase.kind, None, _RANKS[phrase.kind], phrase.language)
    for place, token in enumerate(tokens):  # one word in another form
        for stem in lists.stems(token.key, Language.DE):
            for phrase in lists.phrases().get(stem, ()):
                if phrase.kind in _RANKS and phrase.language is Language.DE and phrase.kind != "filler":
                    yield Reading((place,), phrase.kind, None, _RANKS[phrase.kind], phrase.language)


def _moods(tokens: Sequence[Token]) -> Iterator[Reading]:
    for start in range(len(tokens)):
        for size in (1, 2):
            if start + size > len(tokens) or (size == 2 and tokens[start + 1].breath):
                continue
            joined = "-".join(token.key for token in tokens[start : start + size])
            if (told := lists.mood_in(joined)) is not None:
                mood, language = told
                yield Reading(tuple(range(start, start + size)), "mood", mood, _RANKS["mood"], language)
    for place, token in enumerate(tokens):  # "Sonntagmorgen" is a Sunday and a morning: the end says the most
        if lists.mood_in(token.key) is None and len(token.key) > 7:
            for cut in range(3, len(token.key) - 3):
                told = lists.mood_in(token.key[cut:])
                if (
                    told is not None
                    and told[1] is Language.DE
                    and lists.mood_in(token.key[:cut].removesuffix("s"))
                ):
                    yield Reading((place,), "mood", told[0], _RANKS["mood"], Language.DE)
                    break


def _arcs(tokens: Sequence[Token]) -> Iterator[Reading]:
    """How lively it begins and ends, whatever the words for it, as in "start calm, end energetic"."""
    begins, ends = lists.phrases_of("begin"), lists.phrases_of("end")
    starts = _beside(tokens, begins)
    for stop, last in _beside(tokens, ends):
        for start, first in starts:
            between = stop[0] - start[-1] - 1
            if 0 <= between <= 1 and all(
                tokens[place].key in lists.phrases_of("join")
                or tokens[place].key in lists.phrases_of("filler")
                for place in range(start[-1] + 1, stop[0])
            ):
                places = tuple(range(start[0], stop[-1] + 1))
                yield Reading(places, "arc", Arc(_lively(first), _lively(last)), _RANKS["arc"])


def _beside(tokens: Sequence[Token], verbs: Collection[str]) -> list[tuple[tuple[int, ...], Mood]]:
    """Where one of these words stands next to one for a mood."""
    found = []
    for place, token in enumerate(tokens):
        if token.key not in verbs:
            continue
        for other in (place + 1, place - 1):
            if not 0 <= other < len(tokens) or tokens[max(place, other)].breath:
                continue
            told = lists.mood_of(tokens[other].key)
            if told is not None:
                found.append((tuple(sorted((place, other))), told.mood))
    return found


def _lively(mood: Mood) -> float:
    return round((mood.energy + 1) / 2, 2)


def _names(tokens: Sequence[Token], known: Known) -> Iterator[Reading]:
    for start in range(len(tokens)):
        for stop in range(start + 1, min(start + LONGEST_NAME, len(tokens)) + 1):
            if stop > start + 1 and tokens[stop - 1].breath:
                break
            places = tuple(range(start, stop))
            for kind, names in (("artist", known.artists), ("tag", known.tags), ("friend", known.friends)):
                key = next((form for form in forms(key_of(tokens[start:stop])) if form in names), None)
                if key is not None and (rank := _rank(kind, tokens, start, stop, known)) is not None:
                    yield Reading(places, kind, key, rank)


def _rank(kind: str, tokens: Sequence[Token], start: int, stop: int, known: Known) -> int | None:
    """How far a name comes first; None where the word is a common one and nothing speaks for a name."""
    before = tokens[start - 1].key if start else ""
    if kind == "friend" and _in_company(tokens, start, stop, known):
        return _MEANT
    common = stop == start + 1 and (
        tokens[start].key in lists.phrases() or tokens[start].key in lists.numbers()
    )
    if kind == "artist":
        expected = before in lists.phrases_of("by") or before in lists.phrases_of("without")
        if expected and tokens[start].text[:1].isupper() and not decade_of(tokens[start].key):
            return _MEANT
    return None if common else _RANKS[kind]


def _in_company(tokens: Sequence[Token], start: int, stop: int, known: Known) -> bool:
    """Whether a name stands behind "with", or beside "me"."""
    me, join = {"me", "mich", "ich", "us", "uns"}, lists.phrases_of("join")
    if stop + 1 < len(tokens) and tokens[stop].key in join and tokens[stop + 1].key in me:
        return True
    place = start - 1
    while place >= 0 and (
        tokens[place].key in join or tokens[place].key in me or tokens[place].key in known.friends
    ):
        place -= 1
    return place >= 0 and tokens[place].key in lists.phrases_of("with")


def era_joined(eras: Sequence[Era]) -> tuple[Era | None, bool]:
    """The years of all of these together, and whether there are others between them."""
    if not eras:
        return None, False
    ordered = sorted(eras, key=lambda era: era.first if era.first is not None else -1)
    first, last = ordered[0]
    gap = False
    for era in ordered[1:]:
        gap |= last is not None and era.first is not None and era.first > last + 1
        last = None if last is None or era.last is None else max(last, era.last)
    return Era(first, last), gap
