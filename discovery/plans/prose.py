"""Free text to a plan: what the readings of its words come to, one after another.

Enters: text, and which names the viewer may mean. Leaves: the fields that the text tells. What is in no field is told as
`Unclear`, and nothing is made up for it. Pure: the same words and names, the same plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from discovery.plans import lists
from discovery.plans.arcs import FALLING, RISING
from discovery.plans.figures import number_in
from discovery.plans.plan import (
    MOST_NAMED,
    Era,
    Language,
    Mood,
    Named,
    PlaylistPlan,
    Refresh,
    Unclear,
    Why,
)
from discovery.plans.readings import Known, Reading, readings
from discovery.plans.refusals import PASSED, refusals
from discovery.plans.spelling import mended
from discovery.plans.tokens import Token, forms, text_of, tokens_of
from discovery.plans.years import era_joined, era_not
from discovery.platform.names import name_key

VARIED, ALIKE = 0.6, 0.05
VERY, SOMEWHAT = 1.5, 0.5
OPPOSITE = -0.5  # what "not sad" says of the mood
BESIDE = 0.2  # how much an occasion counts beside a feeling that is named
_MARKERS = frozenset({"by", "with", "without", "not"})


class _Felt(NamedTuple):
    mood: Mood
    amount: float
    occasion: bool


def prose_read(text: str, known: Known) -> PlaylistPlan:
    """The plan that ``text`` tells."""
    tokens = tokens_of(text, lambda key: _whole(key, known))
    said = readings(tokens, known)
    unknown = [reading.places[0] for reading in said if reading.kind == "unknown"]
    spoken = [place for place in unknown if not known.says(tokens[place].key)]
    if (meant := mended(tokens, spoken)) is not None:
        tokens, said = meant, readings(meant, known)
    reader = _Reader(tokens, known)
    not_wanted = refusals(said, tokens)
    for number, reading in enumerate(said):
        reader.read(reading, refused=number in not_wanted.refused, muted=number in not_wanted.muted)
    return reader.plan(lists.language_of(token.key for token in tokens))


def _whole(key: str, known: Known) -> bool:
    """Whether a word with a hyphen is one word that something is known by."""
    there = (known.artists, known.tags, known.friends)
    return (
        lists.mood_of(key) is not None
        or key in lists.phrases()
        or number_in(key) is not None
        or any(form in names for form in forms(key) for names in there)
    )


@dataclass
class _Reader:
    tokens: Sequence[Token]
    known: Known
    told: PlaylistPlan = field(default_factory=PlaylistPlan)
    moods: list[_Felt] = field(default_factory=list)
    eras: list[tuple[Era, str]] = field(default_factory=list)
    unclear: list[tuple[int, Unclear]] = field(default_factory=list)
    amount: float = 1.0
    before: str = ""  # which marker stands before, and nothing between that has a meaning
    corrected: str = ""  # "correct" or "better": what follows stands for what was said before

    def read(self, reading: Reading, *, refused: bool, muted: bool) -> None:
        """Take one reading further."""
        kind = reading.kind
        marker = kind in _MARKERS
        if kind in {"correct", "better"}:
            self.corrected = self.corrected or kind
        elif kind == "not":
            spoken = " ".join(self.tokens[place].key for place in reading.places)
            self.corrected = self.corrected or ("better" if spoken in lists.phrases_of("better") else "")
        elif kind in PASSED:
            self.amount = {"very": VERY, "somewhat": SOMEWHAT}.get(
                kind, self.amount if kind == "too" else 1.0
            )
        elif kind != "join" and not muted:
            self._refuse(reading) if refused else self._take(reading)
            self.amount, self.corrected = 1.0, ""
        if marker or kind not in {*PASSED, "unknown"}:
            self.before = kind if marker else ""

    def plan(self, language: Language) -> PlaylistPlan:
        """What all of it comes to."""
        era, gap = era_joined([era for era, _said in self.eras])
        if gap:
            self.unclear += [(len(self.tokens), Unclear(said, Why.AMBIGUOUS)) for _era, said in self.eras[1:]]
            era = self.eras[0][0]
        return replace(
            self.told, mood=self._mood(), era=era, language=language, unclear=self._all_unclear()
        )  # fmt: skip

    def _said(self, reading: Reading) -> str:
        return text_of([self.tokens[place] for place in reading.places])

    def _name(self, reading: Reading) -> str:
        """What something is called by: as it was typed, without an ending that only the sentence gave it."""
        said = self._said(reading)
        key, name = name_key(said), str(reading.value)
        if key == name:
            return said
        return said[: len(name) - len(key)] if key.startswith(name) else name

    def _corrects(self) -> bool:
        """Whether what follows stands for what was said before."""
        return self.corrected == "correct"

    def _take(self, reading: Reading) -> None:  # noqa: C901, PLR0912 one case a kind
        said, told = self._said(reading), self.told
        match reading.kind:
            case "length" | "count" as name:
                if getattr(told, name) is None or self.corrected:
                    # What is no whole second or track is refused where figures are checked.
                    self.told = replace(told, **{name: reading.value})
                elif getattr(told, name) != reading.value:
                    self._tell(reading, Why.AMBIGUOUS)
            case "era":
                self.eras = [*([] if self._corrects() else self.eras), (reading.value, said)]
            case "unheard":
                self.told = replace(told, unheard=True)
            case "arc":
                self.told = replace(told, energy=reading.value)
            case "rising" | "falling" as way:
                self.told = replace(told, energy=RISING if way == "rising" else FALLING)
                meant = lists.mood_of("-".join(self.tokens[place].key for place in reading.places))
                if meant is not None:  # "wind down" is calm as a whole, too
                    self.moods.append(_Felt(meant.mood, self.amount, occasion=True))
            case "varied" | "alike" as manner:
                self.told = replace(told, variety=VARIED if manner == "varied" else ALIKE)
            case "daily" | "weekly" as pace:
                self.told = replace(told, refresh=Refresh(pace.upper()))
            case "familiar":
                self._tell(reading, Why.NOT_POSSIBLE)
            case "mood":
                if self._corrects() and told.words:
                    self.moods, told = self.moods[:-1], replace(told, words=told.words[:-1])
                self.moods.append(_Felt(reading.value.mood, self.amount, reading.value.occasion))
                word = Named(said, self.amount, reading.value.means)
                self.told = replace(told, words=(*told.words, word))
            case "artist" | "tag":
                field_name = f"{reading.kind}s"
                before = getattr(told, field_name)[: -1 if self._corrects() else None]
                changed: dict[str, Any] = {field_name: (*before, Named(self._name(reading)))}
                self.told = replace(told, **changed)
            case "friend":
                friends = told.friends[: -1 if self._corrects() else None]
                self.told = replace(told, friends=(*friends, self._name(reading)))
            case "unknown" if self._spoken(reading):
                self.told = replace(told, words=(*told.words, Named(said.lower(), self.amount)))
            case "unknown":
                self._tell(reading, Why.UNKNOWN)

    def _spoken(self, reading: Reading) -> bool:
        """Whether a word in no list is one of the recommender's; what stands where a name is expected is none."""
        (place,) = reading.places
        return (
            self.before not in _MARKERS
            and len(self.told.words) < MOST_NAMED
            and self.known.says(self.tokens[place].key)
        )

    def _refuse(self, reading: Reading) -> None:
        said, told = self._said(reading), self.told
        match reading.kind:
            case "artist" | "tag":
                self.told = replace(told, without=(*told.without, self._name(reading)))
            case "mood" if said.casefold() in self.known.tags:
                self.told = replace(told, without=(*told.without, said))
            case "mood":
                valence, energy = reading.value.mood
                self.moods.append(_Felt(Mood(OPPOSITE * valence, OPPOSITE * energy), 1.0, occasion=False))
            case "familiar":
                self.told = replace(told, unheard=True)
            case "varied" | "alike" as manner:  # the other of the two
                self.told = replace(told, variety=ALIKE if manner == "varied" else VARIED)
            case "era" if (others := era_not(reading.value)) is not None:
                self.eras.append((others, said))
            case "unknown":
                self._tell(reading, Why.UNKNOWN)
            case _:
                self._tell(reading, Why.NOT_POSSIBLE)

    def _tell(self, reading: Reading, why: Why) -> None:
        self.unclear.append((reading.places[0], Unclear(self._said(reading), why)))

    def _mood(self) -> Mood | None:
        """The mean of all moods; beside a feeling that is named, an occasion hardly counts."""
        named = any(not felt.occasion for felt in self.moods)
        parts = [
            (felt.mood, felt.amount * (BESIDE if named and felt.occasion else 1.0)) for felt in self.moods
        ]
        whole = sum(amount for _mood, amount in parts)
        if not whole:
            return None
        return Mood(*(sum(mood[axis] * amount for mood, amount in parts) / whole for axis in range(2)))

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
