"""What each run of words may mean: lengths, counts, years, phrases, moods and names, and which of these readings stand.

Enters: tokens, and which names the viewer may mean. Leaves: readings that do not overlap: the longest first, of equally
long ones the plainest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from discovery.plans import lists
from discovery.plans.arcs import arcs
from discovery.plans.figures import number_in
from discovery.plans.knowing import knowings, of_old
from discovery.plans.lengths import amounts
from discovery.plans.plan import Language
from discovery.plans.tokens import LONGEST_NAME, Token, forms, key_of
from discovery.plans.years import decade_of, eras_in


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
    **dict.fromkeys(("rising", "falling", "unheard", "familiar", "daily", "weekly", "varied", "alike", "length", "arc"), 0),
    **dict.fromkeys(("plain", "correct"), 0),
    **dict.fromkeys(("count", "era"), 1),
    **dict.fromkeys(("without", "not", "away", "but", "with", "by", "very", "somewhat", "too", "join", "noun"), 6),
    **dict.fromkeys(("hold", "particle", "better"), 7),
    **dict.fromkeys(("filler", "adverb", "size", "begin", "end", "change"), 8),
    "mood": 2, "tag": 3, "artist": 4, "friend": 5, "compound": 7,
}  # fmt: skip
_INFLECTED = frozenset(
    {"rising", "falling", "unheard", "familiar", "daily", "weekly", "varied", "alike", "without", "noun"}
)
_MEANT = -1  # what stands where just such a name is expected
_SHORT = 7  # letters from which on a German word may be two


def readings(tokens: Sequence[Token], known: Known) -> list[Reading]:
    """The readings that stand, in the order of the text."""
    candidates = [
        *_figures(tokens),
        *(Reading(places, "era", era, _RANKS["era"]) for places, era in eras_in(tokens)),
        *(Reading(told.places, "arc", told.arc, _RANKS["arc"]) for told in arcs(tokens)),
        *(
            Reading(told.places, "familiar" if told.known else "unheard", None, -1)
            for told in knowings(tokens)
        ),
        *_phrases(tokens, lists.language_of(token.key for token in tokens)),
        *_moods(tokens, known),
        *_names(tokens, known),
    ]
    candidates.sort(key=lambda reading: (-len(reading.places), reading.rank, reading.places))
    candidates = [
        reading for reading in candidates if reading.kind != "unheard" or not of_old(tokens, reading.places)
    ]
    taken: set[int] = set()
    standing = []
    for reading in candidates:
        if taken.isdisjoint(reading.places):
            taken.update(reading.places)
            standing.append(reading)
    standing += [Reading((place,), "unknown") for place in range(len(tokens)) if place not in taken]
    return sorted(standing, key=lambda reading: reading.places)


def _figures(tokens: Sequence[Token]) -> Iterator[Reading]:
    for told in amounts(tokens):
        kind = "count" if told.counts else "length"
        yield Reading(told.places, kind, told.value, _RANKS[kind])


# --- words ----------------------------------------------------------------------------------


def _phrases(tokens: Sequence[Token], language: Language) -> Iterator[Reading]:
    keys = [token.key for token in tokens]
    for places, phrase in lists.known_phrases(keys):
        # What only looks like a mood does so in one language: "fast" is quick, and in German nearly.
        if phrase.kind in _RANKS and not (phrase.kind == "plain" and phrase.language is not language):
            yield Reading(places, phrase.kind, None, _RANKS[phrase.kind], phrase.language)
    for place, token in enumerate(tokens):  # one word in another form
        for stem in lists.stems(token.key, Language.DE):
            for phrase in lists.phrases().get(stem, ()):
                if phrase.kind in _INFLECTED and phrase.language is Language.DE:
                    yield Reading((place,), phrase.kind, None, _RANKS[phrase.kind], phrase.language)


def _moods(tokens: Sequence[Token], known: Known) -> Iterator[Reading]:
    genres = lists.phrases_of("genre") & set(known.tags)
    for start in range(len(tokens)):
        for size in (1, 2, 3):
            run = tokens[start : start + size]
            if len(run) < size or any(token.breath for token in run[1:]):
                break
            if (told := lists.mood_in("-".join(token.key for token in run))) is not None:
                rank = _RANKS["mood"] if run[0].key not in genres else _RANKS["friend"]
                yield Reading(tuple(range(start, start + size)), "mood", told[0], rank, told[1])
    for place, token in enumerate(tokens):
        if len(token.key) <= _SHORT or lists.mood_in(token.key) is not None:
            continue
        if (mood := _compound(token.key)) is not None:
            yield Reading((place,), "mood", mood, _RANKS["compound"], Language.DE)


def _compound(key: str) -> lists.MoodWord | None:
    """What a German compound says: "Sonntagmorgen" is a morning, "Trauermusik" what its first part is."""
    for cut in range(3, len(key) - 2):
        first, last = key[:cut], key[cut:]
        told = lists.mood_in(last)
        if told is not None and len(last) > 3:
            both = lists.mood_in(first.removesuffix("s")) is not None
            if both or (told[0].occasion and len(last) > 4):
                return told[0]
        if last in lists.phrases_of("tail"):
            for stem in (first, first.removesuffix("s"), first.removesuffix("en"), f"{first}en", f"{first}n"):
                if (told := lists.mood_in(stem)) is not None:
                    return told[0]
    return None


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
    """How far a name comes first; None where the word is a common one, not alone, and nothing speaks for a name."""
    before = tokens[start - 1].key if start else ""
    if kind == "friend" and _in_company(tokens, start, stop, known):
        return _MEANT
    common = (
        stop == start + 1
        and len(tokens) > 1
        and (
            any(phrase.kind != "genre" for phrase in lists.phrases().get(tokens[start].key, ()))
            or number_in(tokens[start].key) is not None
        )
    )
    if kind == "artist":
        expected = any(before in lists.phrases_of(marker) for marker in ("by", "without", "not"))
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
