"""How a list begins and ends: "opens with lively tracks and ends with quiet ones", "von leise nach laut", "immer wilder".

Enters: tokens. Leaves: arcs, each with the words that tell it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from discovery.plans import lists
from discovery.plans.plan import Arc, Mood
from discovery.plans.tokens import Token

_REACH = 5  # words between "begins" and how it does
_PLAINLY = 0.5  # how lively or calm an occasion is that tells of an arc
RISING, FALLING = Arc(0.2, 0.8), Arc(0.8, 0.2)


class Told(NamedTuple):
    places: tuple[int, ...]
    arc: Arc


class _Cue(NamedTuple):
    first: int
    last: int
    toward: bool = False  # a preposition: what it belongs to stands behind it


def arcs(tokens: Sequence[Token]) -> Iterator[Told]:
    """Every arc that some words may tell."""
    keys = [token.key for token in tokens]
    cues: dict[str, list[_Cue]] = {"begin": [], "end": [], "change": []}
    for places, phrase in lists.known_phrases(keys):
        if phrase.kind in cues:
            toward = len(places) == 1 and keys[places[0]] in lists.phrases_of("toward")
            cues[phrase.kind].append(_Cue(places[0], places[-1], toward))
    moods = {place: told.mood for place, key in enumerate(keys) if (told := _mood(key)) is not None}
    if not moods:
        return
    yield from _from_to(tokens, cues, moods)
    yield from _changes(tokens, cues["change"], moods)


def _mood(key: str) -> lists.MoodWord | None:
    """A feeling, or an occasion that is plainly lively or calm."""
    told = lists.mood_of(key)
    return None if told is None or (told.occasion and abs(told.mood.energy) < _PLAINLY) else told


def _from_to(tokens: Sequence[Token], cues: dict[str, list[_Cue]], moods: dict[int, Mood]) -> Iterator[Told]:
    """What is said of the beginning and of the end, in whichever order."""
    for begin in cues["begin"]:
        for end in cues["end"]:
            if end.first <= begin.last and begin.first <= end.last:
                continue
            pair = _pair(_beside(tokens, begin, moods, end), _beside(tokens, end, moods, begin))
            if pair is None:
                continue
            first, last = pair
            start, stop = _lively(moods[first]), _lively(moods[last])
            if abs(start - stop) < 0.1:
                continue
            places = {*range(begin.first, begin.last + 1), *range(end.first, end.last + 1)}
            places |= _row(tokens, moods, first) | _row(tokens, moods, last)
            yield Told(tuple(sorted(places)), Arc(start, stop))


class _Sides(NamedTuple):
    """The moods behind and in front of a cue, each with how far away it is."""

    behind: tuple[int, int] | None
    before: tuple[int, int] | None


def _pair(begin: _Sides, end: _Sides) -> tuple[int, int] | None:
    """Which two moods belong to two cues: both on the same side where that can be, the nearest else."""
    ways = [
        (one[1] + other[1] + (side != far), one[0], other[0])
        for side, one in enumerate(begin)
        for far, other in enumerate(end)
        if one is not None and other is not None and one[0] != other[0]
    ]
    return min(ways)[1:] if ways else None


def _beside(tokens: Sequence[Token], cue: _Cue, moods: dict[int, Mood], other: _Cue) -> _Sides:
    """The nearest moods around a cue, in the same breath."""
    behind = before = None
    for place in range(cue.last + 1, min(cue.last + 1 + _REACH, len(tokens))):
        if place == other.first or (tokens[place].breath and place > cue.last + 1):
            break
        if place in moods and not (cue.toward and lists.is_occasion(tokens[place].key)):
            behind = place, place - cue.last
            break
    for place in range(cue.first - 1, max(cue.first - 1 - _REACH, -1), -1):
        if cue.toward or tokens[place + 1].breath or place == other.last:
            break
        if place in moods:
            before = place, cue.first - place
            break
    return _Sides(behind, before)


def _row(tokens: Sequence[Token], moods: dict[int, Mood], place: int) -> set[int]:
    """A mood and those joined to it: "langsam und ruhig"."""
    row, join = {place}, lists.phrases_of("join")
    for step in (1, -1):
        at = place + step
        while at in moods or (0 <= at < len(tokens) and tokens[at].key in join and at + step in moods):
            row.add(at)
            at += step
    return row


def _changes(tokens: Sequence[Token], cues: list[_Cue], moods: dict[int, Mood]) -> Iterator[Told]:
    """A change that is told: "immer lebhafter", "gets calmer", "gradually slower"."""
    for cue in cues:
        for place in range(cue.last + 1, min(cue.last + 4, len(tokens))):
            if tokens[place].breath:
                break
            energy = moods[place].energy if place in moods else 0.0
            if energy and _compared(tokens[place].key):
                places = tuple(sorted({*range(cue.first, cue.last + 1), *range(cue.last + 1, place + 1)}))
                yield Told(places, RISING if energy > 0 else FALLING)
                break


def _compared(key: str) -> bool:
    """Whether it is more of it than before: "lebhafter", not "heiter"."""
    stem = key.removesuffix("er").removesuffix("i")
    return key.endswith("er") and any(
        lists.mood_of(each) is not None for each in (stem, f"{stem}y", f"{stem}e")
    )


def _lively(mood: Mood) -> float:
    return round((mood.energy + 1) / 2, 2)
