"""Free text to a plan: what the readings of its words come to, one after another.

Enters: text, and which names the viewer may mean. Leaves: the fields that the text tells. What is in no field is told as
`Unclear`, and nothing is made up for it. Pure: the same words and names, the same plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from discovery.plans import lists
from discovery.plans.plan import (
    MOST_NAMED,
    Arc,
    Era,
    Language,
    Mood,
    Named,
    PlaylistPlan,
    Refresh,
    Unclear,
    Why,
)
from discovery.plans.readings import Known, Reading, era_joined, readings
from discovery.plans.tokens import Token, forms, text_of, tokens_of

RISING, FALLING = Arc(0.2, 0.8), Arc(0.8, 0.2)
VARIED, ALIKE = 0.6, 0.05
VERY, SOMEWHAT = 1.5, 0.5
OPPOSITE = -0.5  # what "not sad" says of the mood
# What a word said before does to those behind it, and goes on doing.
_PASSED = frozenset({"filler", "noun", "by", "very", "somewhat", "too"})


def prose_read(text: str, known: Known) -> PlaylistPlan:
    """The plan that ``text`` tells."""
    tokens = tokens_of(text, lambda key: _whole(key, known))
    reader = _Reader(tokens, known)
    for reading in readings(tokens, known):
        reader.read(reading)
    return reader.plan(_language(tokens))


def _whole(key: str, known: Known) -> bool:
    """Whether a word with a hyphen is one word that something is known by."""
    there = (known.artists, known.tags, known.friends, lists.phrases(), lists.numbers())
    return lists.mood_of(key) is not None or any(form in names for form in forms(key) for names in there)


@dataclass
class _Reader:
    tokens: Sequence[Token]
    known: Known
    told: PlaylistPlan = field(default_factory=PlaylistPlan)
    moods: list[tuple[Mood, float]] = field(default_factory=list)
    eras: list[tuple[Era, str]] = field(default_factory=list)
    unclear: list[tuple[int, Unclear]] = field(default_factory=list)
    negative: bool = False  # what follows is not wanted
    refused: str = ""  # of which kind what was refused last is; nothing since the word that refuses
    joined: bool = False  # "and" or "or" stood before this
    passed: bool = False  # something stood since the word that refuses
    amount: float = 1.0
    before: str = ""  # which marker stands before, and nothing between that has a meaning

    def read(self, reading: Reading) -> None:
        """Take one reading further."""
        self._read(reading)
        marker = reading.kind in {"by", "with", "without"}
        if marker or reading.kind not in {*_PASSED, "unknown"}:
            self.before = reading.kind if marker else ""

    def _read(self, reading: Reading) -> None:
        kind = reading.kind
        if self.negative and not self._still_negative(reading):
            self.negative = False
        if kind == "without":
            self.negative, self.refused, self.passed = True, "", False
        elif kind == "join":
            self.joined = True
            return
        elif kind in _PASSED:
            self.amount = {"very": VERY, "somewhat": SOMEWHAT}.get(
                kind, self.amount if kind == "too" else 1.0
            )
            self.passed = True
            return
        elif self.negative and kind in {"artist", "tag", "mood", "era", "friend", "unknown"}:
            self._refuse(reading)
            self.refused, self.passed = kind, True
        else:
            self.negative = False
            self._take(reading)
        self.joined, self.amount = False, 1.0

    def plan(self, language: Language) -> PlaylistPlan:
        """What all of it comes to."""
        era, gap = era_joined([era for era, _said in self.eras])
        if gap:
            self.unclear += [(len(self.tokens), Unclear(said, Why.AMBIGUOUS)) for _era, said in self.eras[1:]]
            era = self.eras[0][0]
        return replace(
            self.told, mood=self._mood(), era=era, language=language, unclear=self._all_unclear()
        )  # fmt: skip

    def _still_negative(self, reading: Reading) -> bool:
        """Whether a refusal goes on: for the first thing behind it, and for more of its kind in the same list."""
        breath = self.tokens[reading.places[0]].breath
        if not self.refused:
            return not (breath and self.passed)
        if reading.kind == "join" or reading.kind in _PASSED:
            return not (breath and reading.kind != "join")
        if reading.kind != self.refused:
            return False
        return self.joined or (breath and (reading.kind == "artist" or self._listed(reading)))

    def _listed(self, reading: Reading) -> bool:
        """Whether an "and" or "or" follows, as in a list that goes on."""
        behind = reading.places[-1] + 1
        return behind < len(self.tokens) and self.tokens[behind].key in lists.phrases_of("join")

    def _said(self, reading: Reading) -> str:
        return text_of([self.tokens[place] for place in reading.places])

    def _take(self, reading: Reading) -> None:  # noqa: C901, PLR0912 one case a kind
        said, told = self._said(reading), self.told
        match reading.kind:
            case "length" | "count" as name:
                if getattr(told, name) is None:
                    # What is no whole second or track is refused where figures are checked.
                    self.told = replace(told, **{name: reading.value})
                elif getattr(told, name) != reading.value:
                    self._tell(reading, Why.AMBIGUOUS)
            case "era":
                self.eras.append((reading.value, said))
            case "unheard":
                self.told = replace(told, unheard=True)
            case "arc":
                self.told = replace(told, energy=reading.value)
            case "rising" | "falling" as way:
                self.told = replace(told, energy=RISING if way == "rising" else FALLING)
            case "varied" | "alike" as manner:
                self.told = replace(told, variety=VARIED if manner == "varied" else ALIKE)
            case "daily" | "weekly" as pace:
                self.told = replace(told, refresh=Refresh(pace.upper()))
            case "mood":
                self.moods.append((reading.value.mood, self.amount))
                word = Named(said, self.amount, reading.value.means)
                self.told = replace(told, words=(*told.words, word))
            case "artist":
                self.told = replace(told, artists=(*told.artists, Named(said)))
            case "tag":
                self.told = replace(told, tags=(*told.tags, Named(said)))
            case "friend":
                self.told = replace(told, friends=(*told.friends, said))
            case "unknown" if self._spoken(reading):
                self.told = replace(told, words=(*told.words, Named(said.lower(), self.amount)))
            case "unknown":
                self._tell(reading, Why.UNKNOWN)

    def _spoken(self, reading: Reading) -> bool:
        """Whether a word in no list is one of the recommender's; what stands where a name is expected is none."""
        (place,) = reading.places
        return (
            self.before not in {"by", "with", "without"}
            and len(self.told.words) < MOST_NAMED
            and self.known.says(self.tokens[place].key)
        )

    def _refuse(self, reading: Reading) -> None:
        said, told = self._said(reading), self.told
        match reading.kind:
            case "artist" | "tag":
                self.told = replace(told, without=(*told.without, said))
            case "mood" if said.casefold() in self.known.tags:
                self.told = replace(told, without=(*told.without, said))
            case "mood":
                valence, energy = reading.value.mood
                self.moods.append((Mood(OPPOSITE * valence, OPPOSITE * energy), 1.0))
            case "unknown":
                self._tell(reading, Why.UNKNOWN)
            case _:
                self._tell(reading, Why.NOT_POSSIBLE)

    def _tell(self, reading: Reading, why: Why) -> None:
        self.unclear.append((reading.places[0], Unclear(self._said(reading), why)))

    def _mood(self) -> Mood | None:
        whole = sum(amount for _mood, amount in self.moods)
        if not whole:
            return None
        return Mood(*(
            sum(mood[axis] * amount for mood, amount in self.moods) / whole for axis in range(2)
        ))  # fmt: skip

    def _all_unclear(self) -> tuple[Unclear, ...]:
        """Words beside one another that nobody knows are told as one."""
        told: list[tuple[int, Unclear]] = []
        for place, part in self.unclear:
            if told and part.why is Why.UNKNOWN and told[-1][1].why is Why.UNKNOWN:
                start, before = told[-1]
                if start + len(before.text.split()) == place and not self.tokens[place].breath:
                    told[-1] = start, Unclear(f"{before.text} {part.text}")
                    continue
            told.append((place, part))
        return tuple(part for _place, part in told)


def _language(tokens: Sequence[Token]) -> Language:
    """In which language more of the words are, of those that are of one alone."""
    said = dict.fromkeys(Language, 0)
    for token in tokens:
        languages = {phrase.language for phrase in lists.phrases().get(token.key, ())}
        if not languages and (mood := lists.mood_in(token.key)) is not None:
            languages = {mood[1]}
        if len(languages) == 1:
            said[languages.pop()] += 1
    return Language.DE if said[Language.DE] > said[Language.EN] else Language.EN
